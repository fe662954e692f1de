"""One contestant in a process of its own on one core: ``python -m tests.bench.parts.codec_worker NAME CACHE CORE``.

Answers each line on standard input, a number of frames, by coding so many, one every 80 ms, and a line of JSON: the
milliseconds of each direction. The first line, unasked, tells how long opening took; the last word, ``end``, is
answered with the memory held.
"""

from __future__ import annotations

import json
import os
import sys
import time
from contextlib import suppress
from pathlib import Path

import numpy as np

from tests.bench.parts.codec_contestants import OPEN, Contestant
from visaged.codec.frame_codec import FRAME

_FRAME_S = 0.08
# The window of ten seconds full, and everything warm.
_WARM_UP = 130


def main() -> None:
    """Open, warm up, answer."""
    name, cache = sys.argv[1], Path(sys.argv[2])
    os.sched_setaffinity(0, {int(sys.argv[3])})
    # Before threads are made: they inherit it.
    with suppress(PermissionError):
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    begun = time.perf_counter()
    codec = OPEN[name](cache)
    sound = (0.1 * np.random.default_rng(1).standard_normal((64, FRAME))).astype(np.float32)
    _say({"load_s": time.perf_counter() - begun})
    for index in range(_WARM_UP):
        codec.decode(codec.encode(sound[index % 64]))
    _say({"ready": True})
    for line in sys.stdin:
        if line.strip() == "end":
            break
        _say(_block(codec, sound, int(line)))
    status = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    rss_kib = next(int(row.split()[1]) for row in status if row.startswith("VmRSS"))
    _say({"rss_mib": rss_kib / 1024})


def _block(codec: Contestant, sound: np.ndarray, frames: int) -> dict[str, list[float]]:
    encode, decode = [], []
    due_s = time.perf_counter()
    for index in range(frames):
        time.sleep(max(due_s - time.perf_counter(), 0.0))
        # Who cannot keep the pace is not made to catch up.
        due_s = max(due_s, time.perf_counter()) + _FRAME_S
        begun = time.perf_counter()
        codes = codec.encode(sound[index % 64])
        heard = time.perf_counter()
        codec.decode(codes)
        said = time.perf_counter()
        encode.append(1000 * (heard - begun))
        decode.append(1000 * (said - heard))
    # The first of a block comes from a cold start that a stream has only once.
    return {"encode": encode[1:], "decode": decode[1:]}


def _say(answer: dict[str, object]) -> None:
    print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
