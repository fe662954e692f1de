"""The acoustic features that NeuroSync was trained on: of a clip, and of a live voice."""
