"""The build side of the ``lipsync`` solver: corpus, targets, training and export (needs the ``build`` extra)."""

# Before anything here imports ONNX Runtime: it keeps ONNX Runtime from reporting home.
import visaged as visaged
