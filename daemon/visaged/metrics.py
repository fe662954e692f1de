"""Figures that stages keep about themselves: counters, gauges and histograms, written without locks.

Each figure has one writer thread, so a plain ``+=`` is enough; readers (health, the log, the terminal) may see a
figure one step old. Histograms live in any buffer of 64-bit cells, so that the sender's can lie in shared memory.
In a list every count above 256 would be an object of its own, and memory would grow for hours.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, MutableSequence
from dataclasses import dataclass
from typing import Final

# 32 cells per octave: a percentile is right to within 1/64, 1.6 %.
_CELL_BITS: Final = 5
_CELLS_PER_OCTAVE: Final = 1 << _CELL_BITS
# Values are counted in microseconds; 2**26 us is 67 s, longer than anything that is still worth measuring.
_OCTAVES: Final = 26 - _CELL_BITS
HISTOGRAM_CELLS: Final = _CELLS_PER_OCTAVE * (_OCTAVES + 1) + 1
"""64-bit cells that one histogram needs: the counts, then the largest value in us."""


class Counter:
    """Something that happened, how often. ``value`` only grows."""

    __slots__ = ("value",)

    def __init__(self) -> None:
        self.value = 0

    def add(self, count: int = 1) -> None:
        """Count ``count`` more (one writer thread)."""
        self.value += count


class Gauge:
    """How something is now; None while it is not known."""

    __slots__ = ("value",)

    def __init__(self) -> None:
        self.value: float | str | None = None


@dataclass(frozen=True)
class Distribution:
    """What a histogram held at one moment (or between two): counts per cell. Differences give a window."""

    cells: array[int]
    largest_us: int

    @property
    def count(self) -> int:
        """How many values."""
        return sum(self.cells)

    def since(self, earlier: Distribution) -> Distribution:
        """What was added after ``earlier``; the largest value is that of the highest cell then filled.

        A histogram that was begun anew in between (another sender's) was all added after.
        """
        cells = _counts(now - then for now, then in zip(self.cells, earlier.cells, strict=True))
        if min(cells) < 0:
            return self
        filled = [index for index, count in enumerate(cells) if count]
        return Distribution(cells, min(self.largest_us, _cell_high_us(filled[-1])) if filled else 0)

    def percentile_ms(self, percent: float) -> float | None:
        """The value below which ``percent`` of 100 lie, in ms; None when there is no value."""
        total = self.count
        if total == 0:
            return None
        wanted, seen = total * percent / 100, 0
        for index, count in enumerate(self.cells):
            seen += count
            if count and seen >= wanted:
                return min(_cell_middle_us(index), self.largest_us) / 1000
        return self.largest_us / 1000


class Histogram:
    """How long something took, log-spaced from 1 us to 67 s; recording costs less than a microsecond."""

    __slots__ = ("_cells",)

    def __init__(self, cells: MutableSequence[int] | None = None) -> None:
        """``cells``: HISTOGRAM_CELLS zeros to count in (a memoryview of int64 on shared memory)."""
        self._cells: MutableSequence[int] = _counts([0] * HISTOGRAM_CELLS) if cells is None else cells

    def record_ns(self, duration_ns: float) -> None:
        """Count one duration in ns (negative counts as 0)."""
        value = max(int(duration_ns) // 1000, 0)
        octave = max(value.bit_length() - _CELL_BITS - 1, 0)
        index = (octave << _CELL_BITS) + (value >> octave)
        cells = self._cells
        cells[min(index, HISTOGRAM_CELLS - 2)] += 1
        cells[HISTOGRAM_CELLS - 1] = max(cells[HISTOGRAM_CELLS - 1], value)

    def read(self) -> Distribution:
        """What it holds now."""
        cells = _counts(self._cells)
        return Distribution(cells[:-1], cells[-1])


class Metrics:
    """All figures by name (``audio.xruns``, ``latency.voice_to_packet``); a stage asks for its own once, at start."""

    def __init__(self) -> None:
        self.counters: dict[str, Counter] = {}
        self.gauges: dict[str, Gauge] = {}
        self.histograms: dict[str, Histogram] = {}
        self.sources: dict[str, Callable[[], float | str | None]] = {}

    def counter(self, name: str) -> Counter:
        """The counter of that name, made at the first call."""
        return self.counters.setdefault(name, Counter())

    def gauge(self, name: str) -> Gauge:
        """The gauge of that name, made at the first call."""
        return self.gauges.setdefault(name, Gauge())

    def histogram(self, name: str, cells: MutableSequence[int] | None = None) -> Histogram:
        """The histogram of that name, made at the first call (in ``cells``, when given)."""
        if name not in self.histograms or cells is not None:
            self.histograms[name] = Histogram(cells)
        return self.histograms[name]

    def provide(self, name: str, source: Callable[[], float | str | None]) -> None:
        """Register a figure that is read from elsewhere when asked (shared memory, /proc)."""
        self.sources[name] = source

    def withdraw(self, *names: str) -> None:
        """These are no longer provided; what they read from is let go of."""
        for name in names:
            self.sources.pop(name, None)

    def value(self, name: str) -> float | str | None:
        """One counter, gauge or provided figure, now; None where there is none of that name, or it is not known."""
        source = self.sources.get(name)
        if source is not None:
            return source()
        figure = self.gauges.get(name) or self.counters.get(name)
        return None if figure is None else figure.value

    def values(self) -> dict[str, float | str | None]:
        """Every counter, gauge and provided figure, now."""
        values: dict[str, float | str | None] = {name: counter.value for name, counter in self.counters.items()}
        values.update({name: gauge.value for name, gauge in self.gauges.items()})
        # A copy: conversations come and go on other threads, and their figures with them.
        values.update({name: source() for name, source in list(self.sources.items())})
        return values


def _counts(values: Iterable[int]) -> array[int]:
    return array("q", values)


def _cell_low_us(index: int) -> int:
    octave = max((index >> _CELL_BITS) - 1, 0)
    return (index - (octave << _CELL_BITS)) << octave


def _cell_high_us(index: int) -> int:
    octave = max((index >> _CELL_BITS) - 1, 0)
    return _cell_low_us(index) + (1 << octave) - 1


def _cell_middle_us(index: int) -> float:
    return (_cell_low_us(index) + _cell_high_us(index)) / 2
