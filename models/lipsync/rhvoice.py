"""Three English voices of RHVoice (HMM synthesis): ``DIR/rhvoice`` as of recorded people.

bdl and clb are made from CMU ARCTIC's recordings (free for every use), alan is a Scot, as ARCTIC's awb is. None of
them is among the voices that RHVoice's licence page restricts. The engine (LGPL-2.1 without MAGE) is a program beside
us, as espeak-ng is; nothing of it is in what we ship. Its voice slt is the voice of the acceptance set's speaker and is
never used. README.md says how the program is built.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import tempfile
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
import soundfile
from numpy.typing import NDArray

from models.lipsync import cache as cache_folder
from models.lipsync import spoken
from models.lipsync.spoken import Line, lines, read_by_kathleen, speak

VOICES: Final = ("bdl", "clb", "alan")
_READ_SHARE: Final = 0.5
# Percent of the voice's own rate and pitch.
_RATES: Final = (75, 130)
_PITCHES: Final = (75, 130)


def say(program: str, line: Line, chance: np.random.Generator) -> tuple[NDArray[np.float32], int]:
    """``line`` by one of ``VOICES`` at a rate and pitch of chance; float32 and its rate in Hz.

    Raises RuntimeError with the program's own words where it says nothing.
    """
    voice = str(chance.choice(VOICES))
    rate, pitch = int(chance.integers(*_RATES)), int(chance.integers(*_PITCHES))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "said.wav"
        command = [program, "-p", voice, "-r", str(rate), "-t", str(pitch), "-o", str(path)]
        done = subprocess.run(command, input=line.sentence, text=True, check=False, capture_output=True)
        if done.returncode or not path.exists():
            words = (done.stderr + done.stdout).strip() or f"exit status {done.returncode}"
            raise RuntimeError(
                f"{program} did not speak as '{voice}': {words}; are its voices where it looks for them?"
            )
        sound, rate_hz = soundfile.read(path, dtype="float32")
    return sound, rate_hz


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    spoken.add_arguments(parser, 1500)
    parser.add_argument("--program", default="RHVoice-test", help="RHVoice's test program (default %(default)s)")


def main(arguments: argparse.Namespace) -> int:
    """Speak what is missing; returns an exit status. May be stopped and begun again."""
    cache_folder.log_to_terminal()
    if shutil.which(arguments.program) is None:
        print(f"{arguments.program} is no program; models/lipsync/README.md says how RHVoice is built")
        return 1
    said = lines(arguments.count, arguments.seed, {"en": 1.0}, read_by_kathleen(arguments.target), _READ_SHARE)
    try:
        speak(arguments.target / "rhvoice", said, partial(say, arguments.program), arguments.seed, arguments.workers)
    except RuntimeError as error:
        print(error)
        return 1
    return 0
