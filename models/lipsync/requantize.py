"""Makes the 8-bit graph of a package anew from its float32 graph: another form of the weights needs no training."""

from __future__ import annotations

import argparse
import datetime
import sys
import tempfile
from pathlib import Path

import numpy as np
import soundfile

from models.lipsync.parity import Sound, run_onnx
from models.lipsync.quantize import quantize, shrink, unfold
from visaged.inference.errors import PackageError, SessionError
from visaged.inference.find import WHEEL_ROOT
from visaged.inference.manifest import MANIFEST_NAME
from visaged.inference.package import Package, load_package, write_package
from visaged.samples import speech_path


def requantize(folder: Path, version: str, check_sound: Sound) -> Package:
    """Replace the int8 graph of the package in ``folder``; its parity is measured against fp32 on ``check_sound``.

    Raises PackageError, SessionError, OSError; the package is as it was then, unless the disk fails at the very end.
    """
    package = load_package(folder)
    fp32, int8 = package.model_path("fp32"), package.model_path("int8")
    with tempfile.TemporaryDirectory() as name:
        flat, small = Path(name) / fp32.name, Path(name) / int8.name
        unfold(fp32, flat)
        quantize(flat, small)
        shrink(small)
        error = float(np.abs(run_onnx(small, check_sound) - run_onnx(fp32, check_sound)).max())
        int8.write_bytes(small.read_bytes())
    fields = package.manifest.model_dump(exclude={"sha256"}, exclude_none=True)
    return write_package(
        folder,
        **fields
        | {
            "version": version,
            "int8_exact": True,
            "parity": package.manifest.parity | {"int8": error},
            "created": datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0),
        },
    )


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("--version", required=True, help="major.minor.patch of the new package")
    parser.add_argument(
        "--folder", type=Path, default=WHEEL_ROOT / "lipsync", metavar="DIR", help="default: the package that ships"
    )


def main(arguments: argparse.Namespace) -> int:
    """Do it and say how exact it is; returns an exit status."""
    sound = soundfile.read(speech_path(), dtype="float32")[0]
    try:
        package = requantize(arguments.folder, arguments.version, sound)
    except (PackageError, SessionError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    manifest = package.manifest
    print(f"{package.folder / MANIFEST_NAME}: {manifest.version}, parity {manifest.parity}")
    return 0
