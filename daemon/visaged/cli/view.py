"""The terminal view of one face: drawn, as bars, with its figures. For ``visaged monitor`` and ``visaged run``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.measure import Measurement
from rich.panel import Panel
from rich.segment import Segment
from rich.style import Style
from rich.table import Table
from rich.text import Text

from visaged.cli.face_drawing import WIDTH, draw_face
from visaged.curves import INDEX, SHAPE_COUNT
from visaged.printable import printable

# Label and its curves: one, or left and right of a pair, which share the line.
_MOUTH: Final = (
    ("jaw open", "JawOpen"),
    ("lips close", "MouthClose"),
    ("funnel", "MouthFunnel"),
    ("pucker", "MouthPucker"),
    ("smile", "MouthSmileLeft", "MouthSmileRight"),
    ("frown", "MouthFrownLeft", "MouthFrownRight"),
    ("stretch", "MouthStretchLeft", "MouthStretchRight"),
    ("press", "MouthPressLeft", "MouthPressRight"),
    ("upper up", "MouthUpperUpLeft", "MouthUpperUpRight"),
    ("lower down", "MouthLowerDownLeft", "MouthLowerDownRight"),
    ("roll", "MouthRollUpper", "MouthRollLower"),
    ("shrug", "MouthShrugUpper", "MouthShrugLower"),
    ("tongue", "TongueOut"),
)
_UPPER: Final = (
    ("blink", "EyeBlinkLeft", "EyeBlinkRight"),
    ("wide", "EyeWideLeft", "EyeWideRight"),
    ("squint", "EyeSquintLeft", "EyeSquintRight"),
    ("look up", "EyeLookUpLeft", "EyeLookUpRight"),
    ("look down", "EyeLookDownLeft", "EyeLookDownRight"),
    ("look out", "EyeLookOutLeft", "EyeLookOutRight"),
    ("brow down", "BrowDownLeft", "BrowDownRight"),
    ("brow inner", "BrowInnerUp"),
    ("brow outer", "BrowOuterUpLeft", "BrowOuterUpRight"),
    ("cheeks", "CheekSquintLeft", "CheekSquintRight"),
    ("head yaw", "HeadYaw"),
    ("head pitch", "HeadPitch"),
    ("head roll", "HeadRoll"),
)

# Two bars of a pair with a space between are as wide as a single one.
_PAIR_BAR: Final = 6
_BAR: Final = 2 * _PAIR_BAR + 1
_LABEL: Final = 10
_EIGHTHS: Final = " ▏▎▍▌▋▊▉"
_TRACK: Final = Style(color="grey50")


def face_view(
    curves: Sequence[float], title: str, figures: Mapping[str, str], notes: Sequence[str] = ()
) -> RenderableType:
    """One face: ``curves`` [61], a title, figures by name (already with units), and lines that need attention.

    About 80 columns and 17 lines; the drawing goes first where the terminal is narrower.
    """
    named = (Text.assemble((f"{name} ", "dim"), (printable(value), "bold")) for name, value in figures.items())
    warnings = [Text(printable(note), style="yellow") for note in notes]
    shown = Group(Text("   ").join(named), *warnings, _Face(curves))
    return Panel(shown, title=Text(printable(title)), title_align="left", expand=False)


class Bar:
    """A bar: 0..1 from the left, or, ``signed``, -1..1 from the middle; ``width`` characters wide."""

    def __init__(self, value: float, width: int, color: str, signed: bool = False) -> None:
        self._value = value
        self._width = width
        self._style = Style(color=color)
        self._signed = signed

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        """How wide it is (rich)."""
        return Measurement(self._width, self._width)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw it (rich)."""
        full, rest = ("#", "-") if options.ascii_only else ("█", "─")
        if self._signed:
            half = self._width // 2
            length = min(round(abs(self._value) * half), half)
            before, after = (length, 0) if self._value < 0 else (0, length)
            yield Segment(rest * (half - before), _TRACK)
            yield Segment(full * (before + after), self._style)
            yield Segment(rest * (self._width - half - after), _TRACK)
            return
        eighths = round(min(max(self._value, 0.0), 1.0) * self._width * 8)
        whole, part = divmod(eighths, 8)
        partial = _EIGHTHS[part] if part and not options.ascii_only else ""
        yield Segment(full * whole + partial, self._style)
        yield Segment(rest * (self._width - whole - len(partial)), _TRACK)


class _Face:
    def __init__(self, curves: Sequence[float]) -> None:
        self._curves = curves

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        grid = Table.grid(padding=(0, 2))
        columns: list[RenderableType] = [self._bars(_MOUTH, "green"), self._bars(_UPPER, "cyan")]
        # The drawing is Braille; where the terminal cannot show it, or has no room, the bars say all there is.
        if not options.ascii_only and options.max_width >= WIDTH + 2 * (2 + _LABEL + 1 + _BAR):
            columns.insert(0, Text("\n".join(draw_face(self._curves)), style="bold"))
        grid.add_row(*columns)
        yield grid

    def _bars(self, rows: Sequence[tuple[str, ...]], color: str) -> Table:
        table = Table.grid(padding=(0, 1))
        for label, *names in rows:
            bars = Table.grid(padding=(0, 1))
            width = _BAR if len(names) == 1 else _PAIR_BAR
            signed = INDEX[names[0]] >= SHAPE_COUNT
            # Facing the viewer, the face's left is on the right.
            bars.add_row(*(Bar(self._curves[INDEX[name]], width, color, signed) for name in reversed(names)))
            table.add_row(Text(label, style="dim"), bars)
        return table
