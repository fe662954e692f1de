"""Temperatures, GPU load, power and disk from sysfs, as a Jetson has them; None for what this box does not have.

Files (JetPack 6, kernel 5.15): ``/sys/class/thermal/thermal_zone*/{type,temp}`` in millidegrees;
``/sys/devices/platform/gpu.0/load`` in tenths of a percent; ``/sys/bus/i2c/drivers/ina3221/*/hwmon/hwmon*/`` with
``in<n>_label``, ``in<n>_input`` in mV, ``curr<n>_input`` in mA; ``/sys/class/thermal/cooling_device*/`` with ``type``
and ``cur_state``.
"""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from visaged.clock import NS_PER_S, now_ns

# Thermal sensors of a Jetson are read through its power processor, about a millisecond each: not at every health.
_KEEP_NS: Final = 2 * NS_PER_S
_GPU_LOADS: Final = (
    "sys/devices/gpu.0/load",
    "sys/devices/platform/gpu.0/load",
    "sys/devices/platform/bus@0/17000000.gpu/load",
)
# The rail of the whole module, where the board has a sensor on it; else its rails are added up.
_TOTAL_RAIL: Final = "VDD_IN"
# Labels of ina3221 channels that are not rails.
_NOT_RAILS: Final = ("NC", "sum of shunt voltages")
_MIB: Final = 1 << 20


@dataclass(frozen=True)
class SystemFigures:
    """What the box's sensors say; None where there is none, or it cannot be read now."""

    cpu_temp_c: float | None = None
    gpu_temp_c: float | None = None
    gpu_load_percent: float | None = None
    gpu_memory_used_mib: float | None = None
    """Never known from sysfs: on a Jetson the GPU shares the memory of the box."""
    disk_free_mib: float | None = None
    power_w: float | None = None
    throttled: bool | None = None


class Sensors:
    """Finds the sensors once, reads them at most every 2 s. One thread at a time."""

    def __init__(self, disk: Path, root: Path = Path("/")) -> None:
        """``disk``: where to measure free space (its nearest existing parent); ``root``: where /sys is, for tests."""
        self._disk = disk
        thermal = root / "sys/class/thermal"
        zones = [(_text(zone / "type") or "", zone / "temp") for zone in sorted(thermal.glob("thermal_zone*"))]
        self._cpu_temp = _first(zones, ("cpu", "x86_pkg"))
        self._gpu_temp = _first(zones, ("gpu",))
        self._gpu_load = next((root / path for path in _GPU_LOADS if (root / path).is_file()), None)
        self._rails = _rails(root / "sys/bus/i2c/drivers/ina3221")
        self._throttles = [
            device / "cur_state"
            for device in sorted(thermal.glob("cooling_device*"))
            if "throttle" in (_text(device / "type") or "")
        ]
        self._figures = SystemFigures()
        self._read_ns: int | None = None

    def read(self) -> SystemFigures:
        """The figures, not older than 2 s."""
        now = now_ns()
        if self._read_ns is None or now - self._read_ns >= _KEEP_NS:
            self._read_ns = now
            self._figures = self._measure()
        return self._figures

    def fields(self) -> dict[str, Any]:
        """The figures as the fields of health's ``system`` section."""
        return asdict(self.read())

    def _measure(self) -> SystemFigures:
        load = _number(self._gpu_load)
        throttles = [_number(path) for path in self._throttles]
        return SystemFigures(
            cpu_temp_c=_scaled(_number(self._cpu_temp), 1000),
            gpu_temp_c=_scaled(_number(self._gpu_temp), 1000),
            gpu_load_percent=_scaled(load, 10),
            disk_free_mib=_disk_free_mib(self._disk),
            power_w=self._power_w(),
            throttled=any(throttles) if throttles and None not in throttles else None,
        )

    def _power_w(self) -> float | None:
        total = 0.0
        for voltage, current in self._rails:
            millivolts, milliamperes = _number(voltage), _number(current)
            if millivolts is None or milliamperes is None:
                return None
            total += millivolts * milliamperes / 1e6
        return round(total, 2) if self._rails else None


def _rails(driver: Path) -> list[tuple[Path, Path]]:
    """(voltage, current) files of the rails to add up."""
    found: dict[str, tuple[Path, Path]] = {}
    for label in sorted(driver.glob("*/hwmon/hwmon*/in*_label")):
        name = _text(label)
        number = label.name.removeprefix("in").removesuffix("_label")
        current = label.with_name(f"curr{number}_input")
        if name and name not in _NOT_RAILS and current.is_file():
            found[name] = (label.with_name(f"in{number}_input"), current)
    return [found[_TOTAL_RAIL]] if _TOTAL_RAIL in found else list(found.values())


def _first(zones: list[tuple[str, Path]], beginnings: tuple[str, ...]) -> Path | None:
    return next((path for name, path in zones if name.lower().startswith(beginnings)), None)


def _text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        # A sensor may be listed and yet not answer: a GPU that sleeps says EAGAIN.
        return None


def _number(path: Path | None) -> int | None:
    text = None if path is None else _text(path)
    try:
        return None if text is None else int(text)
    except ValueError:
        return None


def _scaled(value: int | None, per_unit: int) -> float | None:
    return None if value is None else round(value / per_unit, 1)


def _disk_free_mib(path: Path) -> float | None:
    for folder in (path, *path.parents):
        try:
            figures = os.statvfs(folder)
        except OSError:
            continue
        return float(figures.f_bavail * figures.f_frsize // _MIB)
    return None
