"""Sound outputs: one file per kind, all behind ``Sink``."""
