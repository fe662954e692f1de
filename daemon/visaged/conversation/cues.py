"""What a brain may do with the face: tools with closed lists of values, and the same by tags in what it says."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from visaged.animation.curve_override import CurveOverride
from visaged.capsules.errors import CapsuleError
from visaged.conversation.brains.protocol import Tool, ToolCall
from visaged.printable import NAME, printable

if TYPE_CHECKING:
    from visaged.capsules.service import Capsules

MOODS: Final[Mapping[str, tuple[float, float, float]]] = {
    "neutral": (0.0, 0.0, 0.0),
    "happy": (0.7, 0.4, 0.2),
    "excited": (0.7, 0.8, 0.3),
    "calm": (0.3, -0.5, 0.1),
    "sad": (-0.6, -0.4, -0.4),
    "concerned": (-0.3, 0.2, -0.1),
    "serious": (0.0, 0.1, 0.4),
}
"""Valence, arousal, dominance of each mood that may be set."""

_EYES: Final = ("EyeLookUpLeft", "EyeLookUpRight", "EyeLookDownLeft", "EyeLookDownRight")
_SIDES: Final = ("EyeLookOutLeft", "EyeLookInRight", "EyeLookInLeft", "EyeLookOutRight")
LOOKS: Final[Mapping[str, Mapping[str, float]]] = {
    "guest": dict.fromkeys((*_EYES, *_SIDES), 0.0),
    "up": dict.fromkeys(_EYES[:2], 0.5),
    "down": dict.fromkeys(_EYES[2:], 0.5),
    "left": dict.fromkeys(_SIDES[:2], 0.5),
    "right": dict.fromkeys(_SIDES[2:], 0.5),
}
"""Eye curves of each direction, as the subject sees it."""
# People look away for one to two seconds while they speak.
_LOOK_MS: Final = 1500.0

# Only what a persona names, or a mood, is a tag: brackets that a brain says otherwise stay.
_TAG: Final = re.compile(r"\s?\[([a-z_]{1,32})\]")


class Cues:
    """One conversation. Any thread."""

    def __init__(
        self, cues: Mapping[str, str], capsules: Capsules, override: CurveOverride, end: Callable[[], None]
    ) -> None:
        """``cues``: tag -> capsule; ``end()``: the conversation is over, a new one begins."""
        self._cues = dict(cues)
        self._capsules = capsules
        self._override = override
        self._end = end

    def tools(self) -> tuple[Tool, ...]:
        """For brains that call tools."""
        expressions = (
            (_tool("play_capsule", "Show an expression or gesture now.", "expression", sorted(self._cues)),)
            if self._cues
            else ()
        )
        return (
            *expressions,
            _tool("set_mood", "Set the mood that your face shows from now on.", "mood", list(MOODS)),
            _tool("look_at", "Look somewhere for a moment.", "where", list(LOOKS)),
            Tool(
                "end_conversation",
                "The guest has said goodbye or left: forget this conversation.",
                {"type": "object", "properties": {}, "additionalProperties": False},
            ),
        )

    @property
    def tags(self) -> tuple[str, ...]:
        """For brains that call no tools."""
        return (*sorted(self._cues), *MOODS)

    def call(self, call: ToolCall) -> str:
        """Do it; what came of it, for the brain."""
        arguments = call.arguments
        if call.name == "play_capsule":
            return self._do(arguments.get("expression"), self._cues, self._play)
        if call.name == "set_mood":
            return self._do(arguments.get("mood"), MOODS, self._set_mood)
        if call.name == "look_at":
            return self._do(arguments.get("where"), LOOKS, self._look)
        if call.name == "end_conversation":
            self._end()
            return "done"
        return f"there is no tool {printable(call.name, NAME)}"

    def take_out(self, text: str) -> str:
        """``text`` without its tags, each of which is done."""

        def found(match: re.Match[str]) -> str:
            tag = match[1]
            if tag in self._cues:
                self._play(tag)
            elif tag in MOODS:
                self._set_mood(tag)
            else:
                return match[0]
            return ""

        return _TAG.sub(found, text)

    def _do(self, value: object, accepted: Mapping[str, Any], act: Callable[[str], str]) -> str:
        if isinstance(value, str) and value in accepted:
            return act(value)
        return f"{printable(repr(value), NAME)} is not one of {', '.join(accepted)}"

    def _play(self, tag: str) -> str:
        try:
            self._capsules.play(self._cues[tag])
        except CapsuleError as error:
            return printable(str(error))
        return "done"

    def _set_mood(self, mood: str) -> str:
        self._capsules.set_emotion(MOODS[mood])
        return "done"

    def _look(self, where: str) -> str:
        self._override.hold(LOOKS[where], _LOOK_MS)
        return "done"


def _tool(name: str, description: str, argument: str, values: list[str]) -> Tool:
    properties = {argument: {"type": "string", "enum": values}}
    return Tool(
        name,
        description,
        {"type": "object", "properties": properties, "required": [argument], "additionalProperties": False},
    )
