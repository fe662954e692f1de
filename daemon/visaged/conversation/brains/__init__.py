"""The brains: one file or small folder per protocol, each reads as its specification."""
