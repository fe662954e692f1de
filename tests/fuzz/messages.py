"""What comes over a network or a socket: requests, ID packets, settings over the air, Live Link, codec, fleet."""

from __future__ import annotations

import json
from typing import Final

import numpy as np

from tests.fuzz.driver import Format
from visaged.cli.fleet.messages import BadMessage, read_event, read_health, read_reply, read_status
from visaged.codec import frames
from visaged.control.protocol.commands import COMMANDS
from visaged.control.protocol.parse import find_transaction, parse_request
from visaged.control.protocol.refusal import Refusal
from visaged.curves import COUNT
from visaged.outputs.ifacialmocap import frame as ifacialmocap
from visaged.outputs.ifacialmocap.leases import SECRET, Leases
from visaged.outputs.livelink import packet
from visaged.outputs.translate import Translator
from visaged.outputs.vmc.frame import FrameWriter
from visaged.printable import printable, printable_lines


def _request(data: bytes) -> None:
    """The first byte chooses the command, the rest is the payload."""
    commands = list(COMMANDS.values())
    command, payload = commands[data[0] % len(commands) if data else 0], data[1:]
    find_transaction(payload)
    try:
        request = parse_request(command, payload)
    except Refusal as refusal:
        _shown(refusal.message)
        return
    json.loads(request.model_dump_json())


def _livelink(data: bytes) -> None:
    try:
        face = packet.decode(data)
    except packet.PacketError as error:
        _shown(str(error))
        return
    assert len(face.curves) == COUNT
    assert np.isfinite(face.curves).all()
    assert packet.decode(packet.encode(face)) == face


def _translated(data: bytes) -> None:
    try:
        faces = Translator().packets(data, "10.0.0.1")
    except packet.PacketError as error:
        _shown(str(error))
        return
    for face in faces:
        assert len(face.curves) == COUNT
        assert np.isfinite(face.curves).all()


def _asked(data: bytes) -> None:
    _translated(data)
    Leases(1).ask(data, "10.0.0.1", 0)


def _codec(data: bytes) -> None:
    try:
        message = frames.decode(data)
    except frames.FrameError as error:
        _shown(str(error))
        return
    assert (np.asarray(message.codes) < 2048).all()
    again = frames.decode(frames.encode(message))
    assert np.array_equal(again.codes, message.codes)


def _fleet(data: bytes) -> None:
    for read in (read_status, read_health, read_event, read_reply):
        try:
            read(data)
        except BadMessage as error:
            _shown(str(error))


def _printable(data: bytes) -> None:
    text = data.decode("utf-8", "surrogateescape")
    for shown in (printable(text), *printable_lines(text).split("\n")):
        assert all(character.isprintable() for character in shown), ascii(shown)


def _shown(text: str) -> None:
    """An error text is short enough for a line of the log."""
    assert len(text) < 4000, len(text)


_SCHEMA_SEEDS: Final = tuple(
    bytes([number]) + command.example.encode() for number, command in enumerate(COMMANDS.values())
)
_FACE: Final = packet.encode(
    packet.LiveLinkPacket(
        "7FE01914-7E09-52EA-9540-CB9C1CBFFA70", "visaged", 5, 0.5, packet.Fraction(60), (0.25,) * COUNT
    )
)
_WRITER: Final = FrameWriter("vrm0", bones=True)
_VMC: Final = tuple(map(bytes, _WRITER.datagrams))
_ASK: Final = f"iFacialMocap_{SECRET}|sendDataVersion=v2".encode()
_CODES: Final = frames.encode(frames.CodecMessage(7, 3, np.full((2, 8), 5, np.uint16)))
_HEALTH: Final = b'{"state": "online", "time": "2026-01-01T00:00:00Z", "uptime_s": 1.0, "version": "1"}'
_REPLY: Final = b'{"transaction": "t", "data": {"a": 1}, "error": null}'

FORMATS: Final = (
    Format("request", _SCHEMA_SEEDS, _request),
    Format("livelink", (_FACE,), _livelink),
    Format("vmc", _VMC, _translated),
    Format("ifacialmocap", (ifacialmocap.encode((0.25,) * COUNT, 1), _ASK), _asked),
    Format("codec", (_CODES,), _codec),
    Format("fleet", (_HEALTH, _REPLY), _fleet),
    Format("printable", (b"box \x1b[31m", "\u202ename\n".encode()), _printable),
)
