"""Bounds of what comes from outside, checked before it is worked on."""
