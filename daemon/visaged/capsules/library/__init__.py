"""The library on disk: what is installed, and how it changes."""
