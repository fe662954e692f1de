"""Tables of events, profiles and contexts, and the ID packet: read, or refused with the key."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visaged.capsules import packet
from visaged.capsules.errors import CapsuleError
from visaged.capsules.library import tables
from visaged.id_packet import IdPacket

TOML = b"""
[events.E_0001]
face = "VF_A"
lead_lag_ms = { hand = -20, face = 50, voice = 130 }
[profiles.quiet]
capsules = [{ cid = "VF_A", w = 0.5 }]
global_modifiers = { tempo_factor = 0.9, noise_jitter = 0.12 }
[contexts.listening]
base = "CID_A"
gestures = [{ cid = "VF_NOD", every_s = 6, probability = 0.6 }]
"""


def test_toml_and_json_say_the_same() -> None:
    found = tables.decode(TOML, "t.toml")
    assert found.events["E_0001"].lead_lag_ms.hand == -20
    assert found.profiles["quiet"].capsules[0].weight == 0.5
    assert found.contexts["listening"].gestures[0].every_s == 6
    again = tables.decode(found.model_dump_json().encode(), "t.json")
    assert again == found


@pytest.mark.parametrize(
    ("text", "field"),
    [
        (b"[events.X_1]\nface = 'VF_A'", "events.X_1.[key]"),
        (b"[events.E_1]\nface = 'nope'", "events.E_1.face"),
        (b"[profiles.p]\ncapsules = [{ cid = 'VF_A', weight = 3 }]", "profiles.p.capsules.0.weight"),
        (b"[profiles.p]\ncapsules = [{ cid = 'VF_A', weight = nan }]", "profiles.p.capsules.0.weight"),
        (b"[profiles.p.global_modifiers]\nnoise_jitter = 0.5", "profiles.p.global_modifiers.noise_jitter"),
        (b"[profiles.'Quiet!']", "profiles.Quiet!.[key]"),
        (b"[contexts.c]\ngestures = [{ cid = 'VF_A', every_s = 0 }]", "contexts.c.gestures.0.every_s"),
        (b"[contexts.c]\ngestures = [{ cid = 'VF_A' }]", "contexts.c.gestures.0.every_s"),
        (b"[moods]", "moods"),
        (b"not toml", "table"),
        (b"\xff", "table"),
    ],
)
def test_a_bad_table_names_its_key(text: bytes, field: str) -> None:
    with pytest.raises(CapsuleError) as caught:
        tables.decode(text, "t.toml")
    assert caught.value.field == field
    assert "t.toml" in str(caught.value)


def test_the_later_table_wins() -> None:
    one = tables.decode(b"[events.E_1]\nface = 'VF_A'\n[events.E_2]\nface = 'VF_A'", "a.toml")
    two = tables.decode(b"[events.E_1]\nface = 'VF_B'", "b.toml")
    merged = tables.merge([one, two])
    assert (merged.events["E_1"].face, merged.events["E_2"].face) == ("VF_B", "VF_A")


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


@pytest.mark.parametrize("form", [GOOD, json.dumps(GOOD), json.dumps(GOOD).encode()])
def test_the_contracts_packet_is_read(form: Any) -> None:
    message = packet.decode(form)
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
        b" " * 1_000_000,
        "\ud800",
        {"video_blend": float("nan")},
        {"tts_text": {1, 2}},
    ],
)
def test_a_bad_packet_is_one_error(data: Any) -> None:
    with pytest.raises(CapsuleError) as caught:
        packet.decode(data)
    assert caught.value.field
    assert len(str(caught.value)) < 500


@given(st.binary(max_size=200) | st.text(max_size=200))
def test_rubbish_is_one_error(data: Any) -> None:
    try:
        assert isinstance(packet.decode(data), IdPacket)
    except CapsuleError as error:
        assert error.field


@given(st.data())
def test_a_mutated_packet_is_read_or_one_error(data: st.DataObject) -> None:
    mutated = bytearray(json.dumps(GOOD).encode())
    for _ in range(data.draw(st.integers(1, 8))):
        mutated[data.draw(st.integers(0, len(mutated) - 1))] = data.draw(st.integers(0, 255))
    test_rubbish_is_one_error.hypothesis.inner_test(bytes(mutated))  # type: ignore[attr-defined]
