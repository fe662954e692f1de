"""The starter pack: face capsules, base loops and cues authored as readable key poses, built into one pack."""
