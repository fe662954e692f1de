"""The figures that a person asks for, from the metrics: of the last window, not since the beginning of time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from visaged.clock import NS_PER_S, now_ns
from visaged.metrics import Metrics
from visaged.windowed_metrics import WindowedMetrics

_COUNTS: Final = ("livelink.ticks", "livelink.late", "livelink.skipped", "audio.xruns")
_HISTOGRAMS: Final = ("livelink.gap_error", "latency.voice_to_packet", "solver.step")


@dataclass(frozen=True)
class Figures:
    """What the face did between two readings. None: not known, or nothing happened."""

    fps: float
    gap_p99_ms: float | None
    """Error of the spacing between packets."""
    voice_to_packet_ms: tuple[float, float, float] | None
    """p50, p95, p99 from the capture of a sound to the packet that shows it."""
    step_p99_ms: float | None
    packets: int
    """Ticks sent, whatever the count of targets."""
    late: int
    """Of ``packets``: sent without a pose of their own, which came too late."""
    skipped: int
    """Ticks that went by unsent."""
    xruns: int
    """How often sound of the input was lost because it was not fetched in time."""
    level_dbfs: float | None
    audio_input: str | None
    solver: str | None

    def line(self) -> str:
        """One line for the log."""
        parts = [f"{self.fps:.1f} fps"]
        if self.gap_p99_ms is not None:
            parts.append(f"gap error p99 {self.gap_p99_ms:.2f} ms")
        if self.voice_to_packet_ms is not None:
            parts.append("voice to packet p50/p95/p99 {:.1f}/{:.1f}/{:.1f} ms".format(*self.voice_to_packet_ms))
        if self.step_p99_ms is not None:
            parts.append(f"solver {self.solver} p99 {self.step_p99_ms:.2f} ms")
        parts.append(f"input {self.audio_input or 'none'}")
        if self.audio_input and self.level_dbfs is not None:
            parts.append(f"{self.level_dbfs:.0f} dBFS")
        parts.append(f"{self.late} of {self.packets} poses late")
        parts += [f"{self.skipped} packets skipped", f"{self.xruns} input overruns"]
        return ", ".join(parts)


class FigureReader:
    """Each ``read`` gives the figures since the one before. One thread."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._windowed = WindowedMetrics(metrics, now_ns(), counts=_COUNTS, histograms=_HISTOGRAMS, window_ns=0)

    def read(self) -> Figures:
        """The figures since the last reading."""
        window, value = self._windowed.read(now_ns()), self._metrics.value
        gap, latency, step = (window.histograms[name] for name in _HISTOGRAMS)
        packets, late, skipped, xruns = (window.grown[name] for name in _COUNTS)
        level, audio_input, solver = (value(name) for name in ("audio.level_dbfs", "audio.input", "solver.name"))
        p50, p95, p99 = (latency.percentile_ms(percent) for percent in (50, 95, 99))
        return Figures(
            fps=packets * NS_PER_S / max(window.duration_ns, 1),
            gap_p99_ms=gap.percentile_ms(99),
            voice_to_packet_ms=None if p50 is None or p95 is None or p99 is None else (p50, p95, p99),
            step_p99_ms=step.percentile_ms(99),
            packets=packets,
            late=late,
            skipped=skipped,
            xruns=xruns,
            level_dbfs=float(level) if isinstance(level, (int, float)) else None,
            audio_input=str(audio_input) if audio_input else None,
            solver=str(solver) if solver else None,
        )
