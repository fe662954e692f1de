"""Fuzzers, one per format that comes from outside: ``python -m tests.fuzz [FORMAT …] --minutes M``."""
