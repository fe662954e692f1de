"""Runs one fuzzer: corpus first, then mutations of it. A finding is an exception, or an input that takes too long."""

from __future__ import annotations

import hashlib
import random
import signal
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Final

from tests.fuzz.mutate import mutated

CORPUS: Final = Path(__file__).with_name("corpus")
# An input of 128 KiB is worked on in milliseconds; a loop that does not end, or a number that is written out, is not.
_MOST_S: Final = 20.0


@dataclass(frozen=True)
class Format:
    """One format: ``check`` raises nothing, whatever the bytes; it asserts what must hold of those it accepts."""

    name: str
    seeds: tuple[bytes, ...]
    check: Callable[[bytes], None]

    def __str__(self) -> str:
        return self.name

    def corpus(self) -> list[bytes]:
        """The seeds, and what was found before."""
        return [*self.seeds, *(path.read_bytes() for path in sorted((CORPUS / self.name).glob("*")))]


@dataclass(frozen=True)
class Finding:
    """An input that is not dealt with, and what it leads to."""

    data: bytes
    trace: str

    def keep(self, name: str) -> Path:
        """Write it into the corpus of the format ``name``."""
        path = CORPUS / name / f"{hashlib.sha256(self.data).hexdigest()[:12]}.bin"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(self.data)
        return path


class TooSlow(Exception):
    """An input took longer than any input may."""


def fuzz(target: Format, goes_on: Callable[[int], bool], seed: int) -> Finding | None:
    """Feed ``target`` while ``goes_on(inputs so far)``; the first finding ends it. In the main thread."""
    random_, corpus, count = random.Random(f"{seed} {target.name}"), target.corpus(), 0
    for data in corpus:
        if (finding := _try(target, data)) is not None:
            return finding
    while goes_on(count):
        count += 1
        if (finding := _try(target, mutated(random_.choice(corpus), corpus, random_))) is not None:
            return finding
    return None


def _try(target: Format, data: bytes) -> Finding | None:
    def too_slow(number: int, frame: FrameType | None) -> None:
        raise TooSlow(f"more than {_MOST_S:.0f} s")

    before = signal.signal(signal.SIGALRM, too_slow)
    signal.setitimer(signal.ITIMER_REAL, _MOST_S)
    try:
        target.check(data)
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        return Finding(data, "".join(traceback.format_exception(error)[-6:]))
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    return None


def for_seconds(seconds: float, tell: Callable[[int], None]) -> Callable[[int], bool]:
    """A ``goes_on`` that ends after ``seconds`` and tells how many inputs there were, now and then."""
    end = time.monotonic() + seconds

    def goes_on(count: int) -> bool:
        if count % 256 == 0:
            tell(count)
        return time.monotonic() < end

    return goes_on
