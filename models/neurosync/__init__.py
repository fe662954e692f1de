"""Build time: NeuroSync weights to verified model packages."""

# Before anything here imports ONNX Runtime: it keeps ONNX Runtime from reporting home.
import visaged as visaged
