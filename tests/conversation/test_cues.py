"""What a brain may do with the face: closed lists, and tags that are taken out of what is said."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from visaged.animation.curve_override import CurveOverride
from visaged.capsules.errors import UnknownError
from visaged.conversation.brains.protocol import ToolCall
from visaged.conversation.cues import LOOKS, MOODS, Cues
from visaged.curves import neutral


class FakeCapsules:
    """Writes down what is played."""

    def __init__(self) -> None:
        self.played: list[str] = []
        self.emotion: tuple[float, ...] = ()

    def play(self, cid: str) -> None:
        if cid == "VF_GONE":
            raise UnknownError(cid, "cid", "is not installed")
        self.played.append(cid)

    def set_emotion(self, vector: tuple[float, float, float]) -> None:
        self.emotion = vector


class Stage:
    def __init__(self) -> None:
        self.capsules, self.override, self.ended = FakeCapsules(), CurveOverride(), 0
        cues = {"smile": "VF_SMILE_WARM", "gone": "VF_GONE"}
        self.cues = Cues(cues, self.capsules, self.override, self._end)  # type: ignore[arg-type]

    def _end(self) -> None:
        self.ended += 1

    def call(self, name: str, **arguments: Any) -> str:
        return self.cues.call(ToolCall("c", name, arguments))


def test_each_tool_does_what_it_says() -> None:
    stage = Stage()
    assert stage.call("play_capsule", expression="smile") == "done"
    assert stage.capsules.played == ["VF_SMILE_WARM"]
    assert stage.call("set_mood", mood="happy") == "done"
    assert stage.capsules.emotion == MOODS["happy"]
    assert stage.call("look_at", where="up") == "done"
    pose = neutral()
    for tick in range(60):
        stage.override.apply(pose, tick * 16_666_667)
    assert pose.max() == pytest.approx(0.5, abs=0.01)
    assert stage.call("end_conversation") == "done"
    assert stage.ended == 1


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("play_capsule", {"expression": "VF_SMILE_WARM"}),
        ("play_capsule", {"expression": ["smile"]}),
        ("play_capsule", {}),
        ("play_capsule", {"expression": "gone"}),
        ("set_mood", {"mood": {"valence": 5}}),
        ("look_at", {"where": "x" * 10_000}),
        ("rm -rf\x1b[2J", {}),
    ],
)
def test_what_is_not_on_the_list_is_answered_and_not_done(name: str, arguments: Mapping[str, Any]) -> None:
    stage = Stage()
    answer = stage.call(name, **arguments)
    assert answer != "done"
    assert len(answer) < 300
    assert answer.isprintable()
    assert stage.capsules.played == []


def test_the_tools_carry_their_lists_as_enums() -> None:
    tools = {tool.name: tool.parameters for tool in Stage().cues.tools()}
    assert tools["play_capsule"]["properties"]["expression"]["enum"] == ["gone", "smile"]
    assert tools["look_at"]["properties"]["where"]["enum"] == list(LOOKS)


def test_tags_are_done_and_taken_out_and_other_brackets_stay() -> None:
    stage = Stage()
    assert stage.cues.take_out("Welcome [smile] to us [sic], [happy]friend.") == "Welcome to us [sic],friend."
    assert stage.capsules.played == ["VF_SMILE_WARM"]
    assert stage.capsules.emotion == MOODS["happy"]
