"""The build side of the ``lipsync`` solver: corpus, targets, training and export (needs the ``build`` extra)."""
