from __future__ import annotations

import math

import pytest
from pythonosc.osc_bundle import OscBundle
from pythonosc.osc_message import OscMessage

from visaged.curves import COUNT, CURVES, INDEX
from visaged.outputs.vmc import osc
from visaged.outputs.vmc.assembly import Assembly, angles
from visaged.outputs.vmc.frame import FrameWriter, eye_turn, head_turn
from visaged.outputs.vmc.names import names_of

POSE = tuple(index / 128 for index in range(COUNT))


def messages_of(writer: FrameWriter) -> list[osc.Message]:
    return [message for datagram in writer.datagrams for message in osc.decode(bytes(datagram))]


@pytest.mark.parametrize(("names", "datagrams"), [("pascal", 2), ("camel", 2), ("vrm0", 1), ("vrm1", 1)])
def test_every_name_is_in_every_frame_and_apply_is_last(names: str, datagrams: int) -> None:
    writer = FrameWriter(names, bones=True)
    writer.write(POSE, (0.5, -0.5), 1.5)
    assert len(writer.datagrams) == datagrams
    assert all(len(datagram) <= 1500 for datagram in writer.datagrams)
    messages = messages_of(writer)
    assert messages[0] == ("/VMC/Ext/OK", (1,))
    assert messages[1] == ("/VMC/Ext/T", (1.5,))
    assert messages[-1] == ("/VMC/Ext/Blend/Apply", ())
    values = [message.arguments[0] for message in messages if message.address == "/VMC/Ext/Blend/Val"]
    assert tuple(values) == names_of(names)
    bones = [message.arguments[0] for message in messages if message.address == "/VMC/Ext/Bone/Pos"]
    assert bones == ["Neck", "Head", "LeftEye", "RightEye"]


def test_without_bones_there_are_none() -> None:
    writer = FrameWriter("pascal", bones=False)
    writer.write(POSE, (0, 0), 0)
    assert not any("Bone" in message.address for message in messages_of(writer))


def test_the_types_are_those_of_the_specification_to_python_osc() -> None:
    writer = FrameWriter("pascal", bones=True)
    writer.write(POSE, (0, 0), 2.0)
    kinds = {
        "/VMC/Ext/OK": [int],
        "/VMC/Ext/T": [float],
        "/VMC/Ext/Bone/Pos": [str, *[float] * 7],
        "/VMC/Ext/Blend/Val": [str, float],
        "/VMC/Ext/Blend/Apply": [],
    }
    seen = set()
    for datagram in writer.datagrams:
        for message in OscBundle(bytes(datagram)):
            assert isinstance(message, OscMessage)
            assert [type(value) for value in message.params] == kinds[message.address]
            seen.add(message.address)
    assert seen == set(kinds)


def test_a_frame_comes_out_as_it_went_in() -> None:
    pose = [0.0] * COUNT
    pose[: INDEX["HeadYaw"]] = [0.25] * INDEX["HeadYaw"]
    pose[INDEX["HeadYaw"] :] = [0.1, -0.2, 0.05, 0.1, 0.2, 0.0, -0.1, 0.2, 0.0]
    writer, assembly = FrameWriter("pascal", bones=True), Assembly()
    writer.write(pose, (0, 0), 0)
    assert [assembly.add(message) for message in messages_of(writer)][-1]
    shown = assembly.pose()
    for name, sent, got in zip(CURVES, pose, shown, strict=True):
        # Two turns one after the other are not quite the sum of their angles.
        assert got == pytest.approx(sent, abs=0.01 if "Head" in name else 1e-6), name


def test_what_was_written_before_is_overwritten() -> None:
    writer = FrameWriter("vrm1", bones=True)
    writer.write(POSE, (1, 1), 0)
    writer.write((0.0,) * COUNT, (0, 0), 1)
    values = [message.arguments[1] for message in messages_of(writer) if message.address.endswith("Val")]
    assert not any(values)


@pytest.mark.parametrize(
    ("curve", "forward"),
    [
        # Unity: X is the subject's right for one who looks along Z, Y is up.
        ("HeadYaw", (math.sin(0.3), 0.0, math.cos(0.3))),
        ("HeadPitch", (0.0, -math.sin(0.3), math.cos(0.3))),
    ],
)
def test_the_head_turns_to_the_right_and_down(curve: str, forward: tuple[float, float, float]) -> None:
    pose = [0.0] * COUNT
    pose[INDEX[curve]] = 0.3
    x, y, z, w = head_turn(pose, 1.0)
    turned = (2 * (x * z + w * y), 2 * (y * z - w * x), 1 - 2 * (x * x + y * y))
    assert turned == pytest.approx(forward)


def test_turns_are_turns_and_come_back_as_angles() -> None:
    pose = [0.0] * COUNT
    pose[INDEX["LeftEyeYaw"] :] = [0.3, -0.2, 0.1, 0, 0, 0]
    turn = eye_turn(pose, INDEX["LeftEyeYaw"])
    assert sum(part * part for part in turn) == pytest.approx(1)
    assert angles(turn) == pytest.approx((0.3, -0.2, -0.1))
