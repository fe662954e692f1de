"""The Mimi codec, build time: a checkpoint of the operator's own -> verified model packages."""

# Before anything here imports ONNX Runtime: it keeps ONNX Runtime from reporting home.
import visaged as visaged
