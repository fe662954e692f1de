from __future__ import annotations

import pytest

from visaged.curves import INDEX
from visaged.outputs.vmc.assembly import Assembly
from visaged.outputs.vmc.osc import Message, OscError

VALUE, BONE, APPLY = "/VMC/Ext/Blend/Val", "/VMC/Ext/Bone/Pos", "/VMC/Ext/Blend/Apply"


def test_values_are_collected_until_apply() -> None:
    assembly = Assembly()
    assert not assembly.add(Message(VALUE, ("JawOpen", 0.5)))
    assert not assembly.add(Message(VALUE, ("eyeBlinkLeft", 0.25)))
    assert assembly.add(Message(APPLY, ()))
    assert assembly.pose()[INDEX["JawOpen"]] == 0.5
    assert assembly.pose()[INDEX["EyeBlinkLeft"]] == 0.25


@pytest.mark.parametrize("name", ["A", "aa", "O", "oh"])
def test_vowels_of_a_model_open_the_mouth(name: str) -> None:
    assembly = Assembly()
    assembly.add(Message(VALUE, (name, 1.0)))
    assert assembly.pose()[INDEX["JawOpen"]] > 0.2


def test_names_of_one_sender_are_bounded() -> None:
    assembly = Assembly()
    for number in range(2000):
        assembly.add(Message(VALUE, (f"N{number}", 0.5)))
    assert len(assembly.values) == 512


@pytest.mark.parametrize(
    "message",
    [
        Message(VALUE, ("JawOpen",)),
        Message(VALUE, ("JawOpen", 1)),
        Message(VALUE, (0.5, "JawOpen")),
        Message(BONE, ("Head", 0.0, 0.0, 0.0)),
        Message(BONE, ("Head", *[1] * 7)),
    ],
)
def test_wrong_arguments_are_refused(message: Message) -> None:
    with pytest.raises(OscError, match="expected a name and"):
        Assembly().add(message)


def test_what_is_of_no_interest_is_left_out() -> None:
    assembly = Assembly()
    assert not assembly.add(Message("/VMC/Ext/Hmd/Pos", ("a", 1.0)))
    assert assembly.pose() == (0.0,) * 61
