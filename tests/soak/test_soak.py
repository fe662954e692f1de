"""The soak's own instruments: what they count must be so."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.soak.arrivals import Arrivals, Gap
from tests.soak.report import Soaked
from tests.soak.usage import Sample, Usage, children, slope
from tests.soak.wall_clock import build_clock, set_clock


def _soaked(gaps: list[Gap], struck: list[tuple[int, str]], log: str = "", mib_per_h: float = 0.0) -> Soaked:
    samples = [Sample(float(second), 120 + mib_per_h * second / 3600, 20, 13) for second in range(0, 1800, 2)]
    return Soaked(
        minutes=30,
        packets=108_000,
        gaps=gaps,
        struck=struck,
        samples=samples,
        warm_up_s=600,
        log=log,
        answered=Counter(ping=5),
        refused=Counter(),
        unanswered=Counter(),
        exit_code=0,
        talk_before={"sent": 10, "heard": 5},
        talk={"sent": 20, "heard": 15},
    )


def _met(soaked: Soaked) -> list[bool | None]:
    return [row.met for row in soaked.bench().rows]


def test_a_gap_after_a_kill_is_excused_and_another_is_not() -> None:
    struck = [(10_000_000_000, "sender-killed"), (90_000_000_000, "cpu-hogs")]
    assert _met(_soaked([Gap(10_000_100_000, 100.0)], struck)) == [True] * 5
    bad = _soaked([Gap(10_000_100_000, 100.0), Gap(92_000_000_000, 51.0)], struck)
    assert _met(bad) == [False, True, True, True, True]
    assert "51 ms (cpu-hogs)" in bad.bench().note


def test_memory_that_grows_is_seen() -> None:
    assert _met(_soaked([], [], mib_per_h=0.9))[1] is True
    assert _met(_soaked([], [], mib_per_h=1.1))[1] is False


def test_a_conversation_that_fell_silent_is_seen() -> None:
    soaked = _soaked([], [])
    soaked.talk["heard"] = 5
    assert _met(soaked) == [True, True, True, False, True]
    soaked.talk = {"sent": None, "heard": None}  # as health says when there is no conversation
    assert _met(soaked) == [True, True, True, False, True]


def test_a_short_run_is_no_verdict_about_memory() -> None:
    soaked = _soaked([], [], mib_per_h=400.0)
    soaked.samples = soaked.samples[:100]
    soaked.warm_up_s = 50
    assert _met(soaked)[1] is None
    assert "too short" in soaked.bench().rows[1].target


def test_problems_are_counted_from_the_log() -> None:
    log = (
        "2026-11-26 11:18:04,796 WARNING audio_input_lost: sound device 'mic' is gone\n"
        "2026-11-26 11:18:06,000 INFO    audio_input_lost: over after 2.3 s\n"
        "2026-11-26 11:18:09,000 WARNING mqtt_unreachable: nothing listens\n"
    )
    opened, cleared = _soaked([], [], log).problems()
    assert opened == Counter(audio_input_lost=1, mqtt_unreachable=1)
    assert cleared == Counter(audio_input_lost=1)


def test_the_slope_and_how_well_it_is_known() -> None:
    line = slope([Sample(float(second), 100 + 5 * second / 3600, 1, 1) for second in range(100)])
    assert line is not None
    assert line.mib_per_h == pytest.approx(5)
    assert slope([]) is None


def test_usage_of_a_process_and_its_children() -> None:
    usage = Usage()
    usage.look(os.getpid())
    (sample,) = usage.samples
    assert sample.rss_mib > 10
    assert sample.descriptors > 2
    usage.look(4_000_000)
    assert len(usage.samples) == 1, "what has ended gives no sample"


def test_children_of_any_thread_are_found() -> None:
    started: list[subprocess.Popen[bytes]] = []
    thread = threading.Thread(target=lambda: (started.append(subprocess.Popen(("sleep", "60"))), release.wait()))
    release = threading.Event()
    thread.start()
    while not started:
        time.sleep(0.01)
    assert started[0].pid in children(os.getpid())
    started[0].kill()
    started[0].wait()
    release.set()
    thread.join()
    with pytest.raises(OSError, match="No such file"):
        children(4_000_000)


def test_arrivals_find_the_silence() -> None:
    arrivals = Arrivals()
    arrivals.start()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for pause_s in (0.01, 0.01, 0.2, 0.01):
            sender.sendto(b"face", ("127.0.0.1", arrivals.port))
            time.sleep(pause_s)
        sender.sendto(b"", ("127.0.0.1", arrivals.port))
        sender.sendto(b"face", ("127.0.0.1", arrivals.port))
    deadline = time.monotonic() + 10
    while len(arrivals.times) < 5:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    arrivals.close()
    (gap,) = arrivals.gaps(150.0)
    assert gap.length_ms >= 200
    assert len(arrivals.times) == 5, "an empty datagram is somebody's question"


def test_a_stepped_clock_moves_the_wall_clock_alone(tmp_path: Path) -> None:
    library, offset = build_clock(tmp_path), tmp_path / "clock"
    ask = "import time; print(time.time_ns(), time.monotonic_ns(), time.time())"
    for seconds in (7200.0, -7200.0, 0.0):
        set_clock(offset, seconds)
        environment = os.environ | {"LD_PRELOAD": str(library), "STEPPED_CLOCK": str(offset)}
        shown = subprocess.run((sys.executable, "-c", ask), env=environment, capture_output=True, text=True, check=True)
        wall_ns, monotonic_ns, wall_s = shown.stdout.split()
        assert abs(int(wall_ns) / 1e9 - time.time() - seconds) < 60
        assert abs(float(wall_s) - time.time() - seconds) < 60
        assert abs(int(monotonic_ns) - time.monotonic_ns()) < 60e9
