"""visaged: turns a voice into a living face."""

import os

# ONNX Runtime >= 1.29 reports home by default; this must be set before its first import, whoever imports it.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

__version__ = "0.1.0"
