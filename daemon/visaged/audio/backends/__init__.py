"""Sound sources: one file per kind, all behind ``Source``."""
