"""What is wrong with a file of trained weights, seen without torch: before anybody installs 1 GB to be told so."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Final, Literal

from visaged.bounded.zip_file import ZipError, open_zip
from visaged.file_kind import HEAD_BYTES, kind_of
from visaged.printable import printable

Form = Literal["safetensors", "torch"]
SAFETENSORS: Final = "safetensors"
TORCH: Final = "a torch checkpoint (torch.save)"

# safetensors: the length of a JSON header, and where the bytes of each tensor lie behind it.
_LENGTH: Final = struct.Struct("<Q")
_LONGEST_HEADER: Final = 100_000_000  # the format's own limit
# A file each in torch's ZIP; the largest models of our kind have a thousand.
_MOST_TENSORS: Final = 50_000
_ZIP: Final = b"PK\x03\x04"
# Protocol 2 or later of pickle: how torch saved before 1.6, and still does on request.
_PICKLES: Final = tuple(bytes([0x80, protocol]) for protocol in range(2, 6))


def fault_of(path: Path, forms: tuple[Form, ...]) -> str | None:
    """Why the file cannot be weights in one of ``forms``, to follow its name; None: nothing is seen. Raises OSError."""
    accepted = " or ".join(SAFETENSORS if form == "safetensors" else TORCH for form in forms)
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    if _is_safetensors(head):
        return _safetensors_fault(path) if "safetensors" in forms else f"is safetensors; accepted: {accepted}"
    if "torch" in forms and head.startswith(_ZIP):
        return _torch_fault(path, accepted)
    if "torch" in forms and head.startswith(_PICKLES):
        return None
    kind = kind_of(head)
    if kind is not None:
        return f"is {kind.name}; accepted: {accepted}. {kind.advice}".rstrip(" .")
    begins = printable(head[:24].decode("latin-1"), 40)
    return f"begins with '{begins}': no weights; accepted: {accepted}"


def is_safetensors(path: Path) -> bool:
    """Whether it begins as safetensors do, whatever it is called. Raises OSError."""
    with path.open("rb") as file:
        return _is_safetensors(file.read(HEAD_BYTES))


def _is_safetensors(head: bytes) -> bool:
    if len(head) <= _LENGTH.size or head[_LENGTH.size : _LENGTH.size + 1] != b"{":
        return False
    (length,) = _LENGTH.unpack_from(head)
    return bool(0 < length <= _LONGEST_HEADER)


def _safetensors_fault(path: Path) -> str | None:
    there = path.stat().st_size
    with path.open("rb") as file:
        (length,) = _LENGTH.unpack(file.read(_LENGTH.size))
        header = file.read(length)
    promised = _LENGTH.size + length
    if len(header) == length:
        try:
            tensors = json.loads(header)
            ends = [int(one["data_offsets"][1]) for name, one in tensors.items() if name != "__metadata__"]
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
            return "has a damaged header of safetensors; fetch it again"
        promised += max(ends, default=0)
    if there >= promised:
        return None
    return f"is cut off: {there} of {promised} bytes of safetensors are there; fetch it again"


def _torch_fault(path: Path, accepted: str) -> str | None:
    """A torch checkpoint is a ZIP, whose directory lies at its end."""
    try:
        with path.open("rb") as file:
            if any(name.endswith("data.pkl") for name in open_zip(file, _MOST_TENSORS).namelist()):
                return None
    except ZipError:
        return f"is cut off or damaged: a ZIP (as torch.save writes) of {path.stat().st_size} bytes without its end"
    return f"is a ZIP archive without a torch checkpoint in it; accepted: {accepted}. Unpack it first"
