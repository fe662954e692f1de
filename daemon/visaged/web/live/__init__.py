"""The live face for those who watch it."""
