"""Weights -> a model package: one streaming ONNX graph in fp32 and int8, checked against PyTorch on real frames.

The weights that ship are in ``models/lipsync/shipped.pt``.
"""

from __future__ import annotations

import argparse
import datetime
import logging
import sys
from pathlib import Path
from typing import Final

import numpy as np
import soundfile
import torch
from numpy.typing import NDArray

from models.lipsync import cache as cache_folder
from models.lipsync.compact.graph import OPSET
from models.lipsync.compact.step import state_shapes, write
from models.lipsync.frontend import FRAME
from models.lipsync.parity import frames, run_onnx
from models.lipsync.quantize import quantize, shrink
from models.lipsync.stream_step import INPUT, OUTPUTS, StreamStep
from models.lipsync.targets import FRAME_RATE_HZ, LOOKAHEADS_MS
from models.lipsync.utterance import RATE_HZ
from models.lipsync.weights import load
from visaged.curves import COUNT
from visaged.inference.package import Package, write_package
from visaged.samples import speech_path

logger = logging.getLogger(__name__)

SHIPPED: Final = Path(__file__).parents[2] / "daemon" / "visaged" / "packages" / "lipsync"

SHIPPED_WEIGHTS: Final = Path(__file__).with_name("shipped.pt")

_SOURCE: Final = (
    "models/lipsync of this repository: trained on synthetic and recorded speech listed in models/lipsync/README.md"
)
_LICENCE: Final = "Apache-2.0; holds tables of CMU Sphinx's en-us acoustic model, BSD-2-Clause, Alpha Cephei Inc."
_NOTICE: Final = """This package contains values derived from the CMU Sphinx en-us acoustic model:

Copyright (c) 2015 Alpha Cephei Inc. All rights reserved.

Redistribution and use in source and binary forms, with or without modification, are permitted provided that the
following conditions are met:

1. Redistributions of source code must retain the above copyright notice, this list of conditions and the following
   disclaimer.
2. Redistributions in binary form must reproduce the above copyright notice, this list of conditions and the following
   disclaimer in the documentation and/or other materials provided with the distribution.

THIS SOFTWARE IS PROVIDED BY ALPHA CEPHEI INC. "AS IS" AND ANY EXPRESSED OR IMPLIED WARRANTIES, INCLUDING, BUT NOT
LIMITED TO, THE IMPLIED WARRANTIES OF MERCHANTABILITY AND FITNESS FOR A PARTICULAR PURPOSE ARE DISCLAIMED. IN NO EVENT
SHALL ALPHA CEPHEI INC. NOR ITS EMPLOYEES BE LIABLE FOR ANY DIRECT, INDIRECT, INCIDENTAL, SPECIAL, EXEMPLARY, OR
CONSEQUENTIAL DAMAGES (INCLUDING, BUT NOT LIMITED TO, PROCUREMENT OF SUBSTITUTE GOODS OR SERVICES; LOSS OF USE, DATA,
OR PROFITS; OR BUSINESS INTERRUPTION) HOWEVER CAUSED AND ON ANY THEORY OF LIABILITY, WHETHER IN CONTRACT, STRICT
LIABILITY, OR TORT (INCLUDING NEGLIGENCE OR OTHERWISE) ARISING IN ANY WAY OUT OF THE USE OF THIS SOFTWARE, EVEN IF
ADVISED OF THE POSSIBILITY OF SUCH DAMAGE.

Among the speech that the networks were trained on: LibriSpeech (V. Panayotov et al., CC BY 4.0), the Speech Commands
data set 0.02 (P. Warden, Google, CC BY 4.0), Mozilla Common Voice (CC0), the recordings of Picovoice's speech-to-intent
and wake word benchmarks (Apache-2.0), and what Kokoro-82M (hexgrad, Apache-2.0), SVOX Pico (SVOX AG, Apache-2.0) and
RHVoice's voices bdl, clb and alan (O. Yakovleva, from recordings of CMU ARCTIC) said. The package holds none of it.
"""


def export(weights: Path, folder: Path, version: str, check_sound: NDArray[np.float32]) -> Package:
    """Write a package into ``folder``; parity is measured on ``check_sound`` (float32 at 24 kHz)."""
    net, thresholds = load(weights)
    step = StreamStep(net, thresholds).eval()
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    fp32, int8 = folder / "lipsync.fp32.onnx", folder / "lipsync.int8.onnx"
    write(step, fp32)
    quantize(fp32, int8)
    for path in (fp32, int8):
        shrink(path)
    (folder / "NOTICE.txt").write_text(_NOTICE, encoding="utf-8")
    reference = run_torch(step, check_sound)
    parity = {
        name: float(np.abs(run_onnx(path, check_sound) - reference).max())
        for name, path in (("fp32", fp32), ("int8", int8))
    }
    logger.info("parity %s", parity)
    return write_package(
        folder,
        name="lipsync",
        kind="lipsync",
        version=version,
        # A step is mostly reading weights from a cold cache: with 8 bits it reads half (README.md).
        precision="int8",
        files={"fp32": fp32.name, "int8": int8.name},
        opset=OPSET,
        sample_rate_hz=RATE_HZ,
        frame_rate_hz=float(FRAME_RATE_HZ),
        lookahead_ms=LOOKAHEADS_MS,
        inputs=[{"name": INPUT, "shape": [1, FRAME]}],
        outputs=[{"name": name, "shape": [1, COUNT if name != "activity" else 1]} for name in OUTPUTS],
        state=[{"name": n, "output": f"next_{n}", "shape": s} for n, s in state_shapes(step).items()],
        source=_SOURCE,
        licence=_LICENCE,
        parity=parity,
        int8_exact=True,
        created=datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0),
    )


def run_torch(step: StreamStep, sound: NDArray[np.float32]) -> NDArray[np.float32]:
    """All outputs [frames, look-aheads x 61 + 1] of PyTorch for ``sound``."""
    state, rows = step.initial(), []
    with torch.no_grad():
        for frame in frames(sound, FRAME):
            answer = step(torch.from_numpy(frame), *state)
            rows.append(np.concatenate([a.numpy()[0] for a in answer[: len(OUTPUTS)]]))
            state = list(answer[len(OUTPUTS) :])
    return np.stack(rows)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    cache_folder.add_arguments(parser)
    parser.add_argument("--weights", type=Path, metavar="FILE", help="default: CACHE/model.pt, else those that ship")
    parser.add_argument("--folder", type=Path, default=SHIPPED, metavar="DIR", help="default: the package that ships")
    parser.add_argument("--version", default="1.5.0", help="major.minor.patch of the package (default %(default)s)")


def main(arguments: argparse.Namespace) -> int:
    """Export and say how exact it is; returns an exit status."""
    cache_folder.log_to_terminal()
    trained = arguments.cache / "model.pt"
    weights = arguments.weights or (trained if trained.exists() else SHIPPED_WEIGHTS)
    sound = soundfile.read(speech_path(), dtype="float32")[0]
    try:
        package = export(weights, arguments.folder, arguments.version, sound)
    except (OSError, ValueError) as error:
        print(f"--weights: {error}", file=sys.stderr)
        return 1
    size = sum(path.stat().st_size for path in package.folder.iterdir())
    print(f"{package.folder}: {package.manifest.version}, {size / 1e6:.1f} MB, parity {package.manifest.parity}")
    return 0
