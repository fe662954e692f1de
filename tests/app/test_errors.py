"""Errors of the rooms as refusals: which code a sender sees, and that the field is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from visaged.app.commands.errors import capsule_refusals, package_refusals
from visaged.capsules.errors import BusyError, CapsuleError, UnknownError
from visaged.control.protocol.refusal import Refusal
from visaged.inference.errors import PackageConflict, PackageError, UntrustedPackage

FOLDER = Path("/models/tiny-1.0.0")


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (PackageError(FOLDER, "tiny.onnx", "is damaged"), "failed", "tiny.onnx: is damaged"),
        (UntrustedPackage(FOLDER, "model.sig", "is missing"), "refused", "model.sig is missing"),
        (PackageConflict(FOLDER, "version", "is installed"), "refused", "tiny-1.0.0 is installed"),
        (OSError(28, "No space left on device"), "failed", "the disk refuses it: No space left on device"),
    ],
)
def test_a_package_that_is_not_installed(error: Exception, code: str, said: str) -> None:
    with pytest.raises(Refusal) as caught, package_refusals("url"):
        raise error
    assert (caught.value.code, caught.value.message, caught.value.field) == (code, said, "url")


@pytest.mark.parametrize(
    ("kind", "code"), [(BusyError, "busy"), (UnknownError, "not_found"), (CapsuleError, "invalid")]
)
def test_a_capsule_that_is_not_played(kind: type[CapsuleError], code: str) -> None:
    with pytest.raises(Refusal) as caught, capsule_refusals():
        raise kind("VF_A", "weight", "is 7; accepted: 0 to 2")
    assert (caught.value.code, caught.value.field) == (code, "weight")
