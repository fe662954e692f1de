"""What ``visaged run`` shows on a terminal: the face, its figures and its problems, below the log."""

from __future__ import annotations

from types import TracebackType
from typing import Final

import rich.live
from rich.console import Console, Group, RenderableType
from rich.text import Text

from visaged.app.daemon import Daemon
from visaged.cli.figures import FigureReader, Figures
from visaged.cli.minute_log import MinuteLog
from visaged.cli.view import face_view
from visaged.clock import NS_PER_S, now_ns

# Figures over less than this jump about too much to be read.
_FIGURES_EVERY_NS: Final = 2 * NS_PER_S


class Live(MinuteLog):
    """A context in which ``update`` is called some ten times a second."""

    def __init__(self, daemon: Daemon, console: Console) -> None:
        super().__init__(daemon)
        self._daemon = daemon
        self._shown = FigureReader(daemon.stages.metrics)
        self._shown_ns = now_ns()
        self._figures: Figures | None = None
        self._live = rich.live.Live(console=console, auto_refresh=False)

    def __enter__(self) -> Live:
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._live.stop()
        super().__exit__(kind, error, traceback)

    def update(self) -> None:
        """Draw."""
        super().update()
        time_ns = now_ns()
        if time_ns - self._shown_ns >= _FIGURES_EVERY_NS:
            self._shown_ns = time_ns
            self._figures = self._shown.read()
        self._live.update(self._view(), refresh=True)

    def _view(self) -> RenderableType:
        settings = self._daemon.stages.settings
        title = f"{settings.livelink.subject} on {settings.device.id} -> {', '.join(settings.livelink.targets)}"
        problems = [f"{problem.message}. {problem.remedy}" for problem in self._daemon.stages.problems.current()]
        face = face_view(self._daemon.stages.animation.pose.tolist(), title, _named(self._figures), problems)
        address = self._daemon.stages.web.address if "web" in vars(self._daemon.stages) else None
        page = f"Page: {address}. " if address else ""
        return Group(face, Text(f"{page}Ctrl-C stops. In another terminal: visaged monitor", style="dim"))


def _named(figures: Figures | None) -> dict[str, str]:
    if figures is None:
        return {}
    named = {"fps": f"{figures.fps:.1f}"}
    if figures.gap_p99_ms is not None:
        named["gap p99"] = f"{figures.gap_p99_ms:.2f} ms"
    if figures.voice_to_packet_ms is not None:
        named["voice to packet"] = f"{figures.voice_to_packet_ms[1]:.0f} ms"
    if figures.solver is not None:
        named["solver"] = figures.solver
    if figures.audio_input is not None:
        named["input"] = f"{figures.audio_input} {figures.level_dbfs or 0:.0f} dBFS"
    return named
