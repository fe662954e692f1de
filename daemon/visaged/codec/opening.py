"""From settings to an open codec: the packages of a name, where they run best."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final, TypeVar

import onnxruntime as ort

from visaged.codec.mimi import MimiDecoder, MimiEncoder
from visaged.inference.errors import NoPackageError
from visaged.inference.find import Refusal, open_first
from visaged.inference.manifest import Kind
from visaged.inference.providers import AUTO, CPU, ProviderError, resolve
