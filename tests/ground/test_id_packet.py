"""The ID packet: what the contract shows is read, everything else is refused."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from visaged.id_packet import IdPacket

GOOD: dict[str, Any] = {
    "timestamp_ms": 123456,
    "video_blend": [{"cid": "VF_083", "weight": 0.68, "layer": "face"}, {"cid": "VF_084", "w": 0.2}],
    "voice_blend": [{"cid": "VC_022", "weight": 0.8}],
    "tts_text": "",
    "lead_lag_ms": {"hand": 0, "face": 50, "voice": 130},
    "context": "listening",
    "profile": "quiet_reflective",
    "emotion": {"valence": 0.72, "arousal": 0.33, "dominance": 0.0},
    "fallback_cid": "VF_NEUTRAL",
}


def _read(data: bytes) -> IdPacket:
    return IdPacket.model_validate_json(data, strict=True)


def test_the_contracts_packet_is_read() -> None:
    message = _read(json.dumps(GOOD).encode())
    assert [blend.weight for blend in message.video_blend] == [0.68, 0.2]
    assert len(json.dumps(GOOD)) < 1024


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"\xff\xfe",
        b"{" * 900,
        b'{"video_blend": [{"cid": "VF_A", "weight": NaN}]}',
        b'{"video_blend": [{"cid": "VF_A", "weight": -0.1}]}',
        b'{"video_blend": [{"cid": "VF_A", "weight": 1e9}]}',
        b'{"video_blend": [{"cid": "VF_A", "weight": "1"}]}',
        b'{"video_blend": [{"cid": "vf_a"}]}',
        b'{"emotion": {"valence": 1.1}}',
        b'{"surprise": 1}',
        b'{"tts_text": "\\ud800"}',
        b'{"video_blend": ' + json.dumps([{"cid": "VF_A"}] * 9).encode() + b"}",
    ],
)
def test_a_bad_packet_is_refused(data: bytes) -> None:
    with pytest.raises(ValidationError):
        _read(data)


@given(st.binary(max_size=200))
def test_rubbish_is_read_or_refused(data: bytes) -> None:
    with contextlib.suppress(ValidationError):
        _read(data)


@given(st.data())
def test_a_mutated_packet_is_read_or_refused(data: st.DataObject) -> None:
    mutated = bytearray(json.dumps(GOOD).encode())
    for _ in range(data.draw(st.integers(1, 8))):
        mutated[data.draw(st.integers(0, len(mutated) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(ValidationError):
        _read(bytes(mutated))
