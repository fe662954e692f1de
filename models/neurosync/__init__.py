"""Build time: NeuroSync weights to verified model packages."""
