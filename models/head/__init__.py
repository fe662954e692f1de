"""Makes the head that the page draws: one file of a mesh with the 52 ARKit shapes (README.md)."""
