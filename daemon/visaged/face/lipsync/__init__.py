"""The trained streaming solver."""
