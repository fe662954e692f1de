"""The tensors of a graph in a file beside it (ONNX external data): written one by one, mapped by the session."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Final

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper

# The page size, so that a session can map a tensor from the file instead of copying it.
_ALIGNMENT: Final = 4096


class WeightsFile:
    """Several graphs may refer to one file: a tensor of a name is written once."""

    def __init__(self, path: Path, progress: Callable[[int], None] = lambda written: None) -> None:
        """``progress`` is told how many bytes each tensor added. Raises OSError."""
        self.path = path
        self._file = path.open("wb")
        self._progress = progress
        self._written: dict[str, TensorProto] = {}

    def __enter__(self) -> WeightsFile:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._file.close()

    def put(self, name: str, make: Callable[[], NDArray[Any]]) -> TensorProto:
        """A reference to the tensor ``name``; ``make()`` is called when it is not in the file yet. Raises OSError."""
        if name not in self._written:
            array = np.ascontiguousarray(make())
            self._file.write(bytes(-self._file.tell() % _ALIGNMENT))
            offset = self._file.tell()
            self._file.write(array.data.cast("B"))
            self._written[name] = self._reference(name, array, offset)
            self._progress(array.nbytes)
        return self._written[name]

    def _reference(self, name: str, array: NDArray[Any], offset: int) -> TensorProto:
        tensor = TensorProto(name=name, dims=array.shape, data_location=TensorProto.EXTERNAL)
        tensor.data_type = helper.np_dtype_to_tensor_dtype(array.dtype)
        for key, value in (("location", self.path.name), ("offset", offset), ("length", array.nbytes)):
            tensor.external_data.append(onnx.StringStringEntryProto(key=key, value=str(value)))
        return tensor
