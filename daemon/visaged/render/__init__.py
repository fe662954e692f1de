"""Offline runs: a sound file to curves, faster than real time, through the stages of the daemon."""
