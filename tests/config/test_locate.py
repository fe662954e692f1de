from __future__ import annotations

from visaged.config.locate import line_of

TEXT = """\
top = 1
[audio.input]
device = "x"   # comment
rate_hz = 1
[ livelink ]   # another
"targets" = [
  "a:1",
]
audio.output.delay_ms = 3
"""


def test_lines_of_keys_tables_and_dotted_keys() -> None:
    assert line_of(TEXT, ["top"]) == 1
    assert line_of(TEXT, ["audio", "input"]) == 2
    assert line_of(TEXT, ["audio", "input", "rate_hz"]) == 4
    assert line_of(TEXT, ["livelink", "targets", 0]) == 6
    assert line_of(TEXT, ["livelink", "audio", "output", "delay_ms"]) == 9


def test_the_nearest_part_above_is_shown_and_nothing_for_what_is_not_there() -> None:
    assert line_of(TEXT, ["audio", "input", "gone"]) == 2
    assert line_of(TEXT, ["attic", "x"]) is None
