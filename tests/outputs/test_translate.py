from __future__ import annotations

from fractions import Fraction

import pytest

from visaged.curves import COUNT, INDEX
from visaged.outputs import translate
from visaged.outputs.ifacialmocap.frame import encode
from visaged.outputs.livelink.packet import LiveLinkPacket, PacketError
from visaged.outputs.livelink.packet import encode as encode_livelink
from visaged.outputs.translate import NO_RATE, Translator, protocol_of
from visaged.outputs.vmc.frame import FrameWriter

POSE = tuple(0.25 if index < 52 else 0.1 for index in range(COUNT))


def vmc_frame(value: float = 0.25) -> list[bytes]:
    writer = FrameWriter("pascal", bones=True)
    writer.write((value,) * 52 + POSE[52:], (0, 0), 1.0)
    return [bytes(datagram) for datagram in writer.datagrams]


def test_each_datagram_is_known_by_its_looks() -> None:
    livelink = encode_livelink(LiveLinkPacket("D", "s", 1, 0.0, Fraction(60), POSE))
    assert protocol_of(livelink) == "livelink"
    assert protocol_of(vmc_frame()[0]) == "vmc"
    assert protocol_of(encode(POSE, 1)) == protocol_of(encode(POSE, 2)) == "ifacialmocap"
    assert protocol_of(b"") == protocol_of(b"hello") == "livelink"


def test_ifacialmocap_becomes_a_packet() -> None:
    (packet,) = Translator().packets(encode(POSE, 2), "10.0.0.1")
    assert packet.curves == pytest.approx(POSE, abs=1e-4)
    assert (packet.device_id, packet.rate_hz) == ("iFacialMocap from 10.0.0.1", NO_RATE)


def test_vmc_becomes_a_packet_when_it_is_applied() -> None:
    translator = Translator()
    first, last = vmc_frame()
    assert translator.packets(first, "10.0.0.1") == []
    (packet,) = translator.packets(last, "10.0.0.1")
    assert packet.curves[: INDEX["HeadYaw"]] == pytest.approx(POSE[:52])


def test_senders_do_not_speak_into_each_others_face() -> None:
    translator = Translator()
    first, _ = vmc_frame(0.75)
    _, last = vmc_frame(0.25)
    translator.packets(first, "10.0.0.1")
    (packet,) = translator.packets(last, "10.0.0.2")
    assert 0.75 not in packet.curves


def test_senders_that_are_kept_are_bounded() -> None:
    translator = Translator()
    for number in range(1000):
        translator.packets(vmc_frame()[0], f"10.0.{number // 250}.{number % 250}")
    assert len(translator._assemblies) == translate._MAX_SENDERS


@pytest.mark.parametrize("protocol", ["livelink", "vmc", "ifacialmocap"])
def test_only_one_protocol_where_that_is_wanted(protocol: translate.Protocol) -> None:
    datagrams = {
        "livelink": encode_livelink(LiveLinkPacket("D", "s", 1, 0.0, Fraction(60), POSE)),
        "vmc": vmc_frame()[0],
        "ifacialmocap": encode(POSE, 1),
    }
    translator = Translator(protocol)
    translator.packets(datagrams.pop(protocol), "10.0.0.1")
    for other in datagrams.values():
        with pytest.raises(PacketError):
            translator.packets(other, "10.0.0.1")
