from __future__ import annotations

from pathlib import Path

import pytest

from visaged.system.pressure import Heat, MemoryShortage
from visaged.system.sensors import SystemFigures


def test_heat_begins_high_and_ends_low() -> None:
    heat = Heat()
    said = [heat.reason(SystemFigures(cpu_temp_c=degrees)) is not None for degrees in (60, 94, 96, 90, 86, 84, 90)]
    assert said == [False, False, True, True, True, False, False]


def test_the_hotter_of_the_two_counts_and_is_named() -> None:
    assert Heat().reason(SystemFigures(cpu_temp_c=50.0, gpu_temp_c=97.4)) == "the box is at 97 C"


def test_a_box_that_slows_itself_down_is_too_hot_whatever_it_reads() -> None:
    assert Heat().reason(SystemFigures(cpu_temp_c=70.0, throttled=True)) == "the box is at 70 C and slows itself down"
    assert Heat().reason(SystemFigures(throttled=True)) == "the box is too hot and slows itself down"
    assert Heat().reason(SystemFigures()) is None


def _psi(root: Path, avg10: str) -> None:
    path = root / "proc/pressure/memory"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"some avg10={avg10} avg60=1.00 avg300=0.50 total=11220\nfull avg10=0.00 avg60=0.00 total=9\n")


def test_shortage_of_memory_begins_high_and_ends_low(tmp_path: Path) -> None:
    shortage = MemoryShortage(tmp_path)
    said = []
    for percent in ("0.00", "9.00", "31.40", "5.00", "1.50", "5.00"):
        _psi(tmp_path, percent)
        said.append(shortage.reason())
    assert [bool(words) for words in said] == [False, False, True, True, False, False]
    assert said[2] == "processes wait 31 % of the time for memory"


@pytest.mark.parametrize("text", ["", "some", "some avg10=lots", "some total=3", "\n"])
def test_a_file_that_says_nothing(tmp_path: Path, text: str) -> None:
    _psi(tmp_path, "0")
    (tmp_path / "proc/pressure/memory").write_text(text)
    assert MemoryShortage(tmp_path).reason() is None


def test_a_kernel_without_psi_and_this_one(tmp_path: Path) -> None:
    assert MemoryShortage(tmp_path).reason() is None
    MemoryShortage().reason()
