"""Signs that the box should do less: it is too hot, or processes wait for memory. Each with hysteresis."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from visaged.system.sensors import SystemFigures

# A Jetson Orin slows itself down from 99 degrees on and turns itself off at 104.5; PCs begin at about 100.
_HOT_C: Final = 95.0
_COOL_C: Final = 85.0

# Percent of the last 10 s in which some process waited for memory (PSI, Documentation/accounting/psi.rst).
_SHORT_PERCENT: Final = 10.0
_AMPLE_PERCENT: Final = 2.0
_PSI: Final = "proc/pressure/memory"


class Heat:
    """Of the CPU and the GPU; a box that slows itself down is too hot whatever its thermometers say."""

    def __init__(self) -> None:
        self._hot = False

    def reason(self, figures: SystemFigures) -> str | None:
        """Why less should be done, None when all is well or nothing is known."""
        hottest = max(figures.cpu_temp_c or 0.0, figures.gpu_temp_c or 0.0)
        self._hot = bool(figures.throttled) or hottest > (_COOL_C if self._hot else _HOT_C)
        if not self._hot:
            return None
        throttled = " and slows itself down" if figures.throttled else ""
        return f"the box is at {hottest:.0f} C{throttled}" if hottest else "the box is too hot and slows itself down"


class MemoryShortage:
    """Memory pressure of the whole box."""

    def __init__(self, root: Path = Path("/")) -> None:
        """``root``: where /proc is, for tests."""
        self._path = root / _PSI
        self._short = False

    def reason(self) -> str | None:
        """Why less should be done, None when all is well or nothing is known (a kernel without PSI)."""
        percent = self._waiting_percent()
        self._short = percent > (_AMPLE_PERCENT if self._short else _SHORT_PERCENT)
        return f"processes wait {percent:.0f} % of the time for memory" if self._short else None

    def _waiting_percent(self) -> float:
        """``some avg10`` of ``some avg10=0.12 avg60=0.05 avg300=0.00 total=11220`` (the file's first line)."""
        try:
            text = self._path.read_text(encoding="ascii", errors="replace")
            fields = dict(field.split("=", 1) for field in text.split("\n", 1)[0].split()[1:])
            return float(fields["avg10"])
        except (OSError, ValueError, KeyError):
            return 0.0
