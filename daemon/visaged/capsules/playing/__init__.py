"""Capsules on the face: requests, the timeline, the player, mood."""
