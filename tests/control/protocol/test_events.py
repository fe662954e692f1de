"""What is told of problems."""

from __future__ import annotations

from visaged.control.protocol.events import Event, Events
from visaged.problems import Problems


def test_a_lost_device_is_told_as_such_and_as_a_problem() -> None:
    told: list[Event] = []
    events, problems = Events(), Problems()
    events.listen(told.append)
    problems.listen(events.tell_problem)
    problems.open("audio_input_lost", "it is gone", "Plug it in.")
    problems.open("codec_link", "nobody there", "Start it.")
    problems.clear("audio_input_lost")
    assert [(event.event, event.data.get("device")) for event in told] == [
        ("device_lost", "input"),
        ("problem", None),
        ("problem", None),
        ("device_back", "input"),
        ("problem_over", None),
    ]
