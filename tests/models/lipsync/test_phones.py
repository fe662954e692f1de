"""Every source's phone names end in the common set."""

import pytest

from models.lipsync.phones import COMMON, SILENCE, Phone, from_arpabet, from_ipa, merge


@pytest.mark.parametrize(
    ("name", "symbol"), [("pau", SILENCE), ("ax", "AX"), ("AH0", "AH"), ("+SPN+", SILENCE), ("nx", "N")]
)
def test_radio_and_sphinx_names_are_known(name: str, symbol: str) -> None:
    assert from_arpabet(name) == symbol


def test_an_unknown_name_is_refused_with_its_name() -> None:
    with pytest.raises(ValueError, match="'qq7'"):
        from_arpabet("qq7")


@pytest.mark.parametrize(
    ("ipa", "symbols"),
    [
        ("tʃ", ("CH",)),
        ("aɪə", ("AY", "AX")),
        ("pf", ("P", "F")),
        ("t[", ("T",)),
        ("ɑ̃", ("AA",)),
        ("@5", ()),
        (";", ()),
        ("bʲ", ("B",)),
        ("β", ("BV",)),
    ],
)
def test_ipa_events_of_espeak_map_or_vanish(ipa: str, symbols: tuple[str, ...]) -> None:
    assert from_ipa(ipa) == symbols
    assert all(s in COMMON for s in symbols)


def test_merge_joins_silence_and_drops_empty_phones_but_keeps_geminates() -> None:
    phones = [
        Phone(SILENCE, 0, 0.1),
        Phone(SILENCE, 0.1, 0.2),
        Phone("P", 0.2, 0.3),
        Phone("P", 0.3, 0.4),
        Phone("A", 0.4, 0.4),
    ]
    assert merge(phones) == [Phone(SILENCE, 0, 0.2), Phone("P", 0.2, 0.3), Phone("P", 0.3, 0.4)]
