"""Judging lip-sync: clips with phone times, solvers and others side by side, figures and pictures."""
