"""Tests and benchmarks. The daemon comes first: it sets how numpy and ONNX Runtime behave before they are imported."""

import visaged  # noqa: F401
