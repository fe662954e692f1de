"""Capsules and packs as files: formats, read strictly."""
