"""visaged: turns a voice into a living face."""

import os

# ONNX Runtime >= 1.29 reports home by default; this must be set before its first import, whoever imports it.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
# numpy's own threads would spin on the cores that the face needs; must be set before numpy's first import.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

__version__ = "0.1.0"
