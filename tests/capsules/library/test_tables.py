"""Tables of events, profiles and contexts: read, or refused with the key."""

from __future__ import annotations

import pytest

from visaged.capsules.errors import CapsuleError
from visaged.capsules.library import tables

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
