from __future__ import annotations

import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visaged.control.toml_edit import edit

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

TEXT = """\
# The lobby's box.
[device]
groups = ["lobby"]   # by the door

[face]
# not too much
intensity = 1.0

[face.scale]
brows = 0.6

[livelink]
targets = [
    "10.0.0.1:11111",
]
"""


def test_a_value_is_replaced_and_every_comment_stays() -> None:
    edited = edit(TEXT, {"face": {"intensity": 0.8}, "device": {"groups": ["bar"]}})
    assert edited == TEXT.replace("1.0", "0.8").replace('"lobby"', '"bar"')


def test_a_new_key_goes_to_its_section_and_a_new_section_to_the_end() -> None:
    edited = edit(TEXT, {"face": {"smoothing_ms": 20}, "mqtt": {"enabled": True}})
    assert "intensity = 1.0\nsmoothing_ms = 20\n" in edited
    assert edited.endswith("\n[mqtt]\nenabled = true\n")
    assert "# not too much" in edited


def test_null_takes_a_key_out() -> None:
    edited = edit(TEXT, {"face": {"scale": {"brows": None}, "intensity": None}, "audio": {"input": {"path": None}}})
    assert tomllib.loads(edited)["face"] == {"scale": {}}
    assert "# by the door" in edited


def test_null_takes_a_whole_table_out() -> None:
    assert "scale" not in tomllib.loads(edit(TEXT, {"face": {"scale": None}}))["face"]


@pytest.mark.parametrize(
    "text",
    ['face.intensity = 1.0\n[device]\nid = "a"\n', "face = { intensity = 1.0 }\n", '[face]\n"intensity" = 1.0\n'],
)
def test_what_cannot_be_edited_by_lines_is_written_anew(text: str) -> None:
    assert tomllib.loads(edit(text, {"face": {"intensity": 0.5}}))["face"]["intensity"] == 0.5


def test_a_value_over_several_lines_is_replaced() -> None:
    edited = edit(TEXT, {"livelink": {"targets": ["10.0.0.2:11111"]}})
    assert tomllib.loads(edited)["livelink"]["targets"] == ["10.0.0.2:11111"]
    assert tomllib.loads(edited)["face"]["scale"] == {"brows": 0.6}


def test_the_first_key_of_an_empty_file() -> None:
    assert edit("", {"face": {"intensity": 0.5}}) == "[face]\nintensity = 0.5\n"


_KEYS = st.text("abc_", min_size=1, max_size=3)
_VALUES = st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=6) | st.lists(st.integers(), max_size=2)


@given(st.dictionaries(_KEYS, st.dictionaries(_KEYS, _VALUES, max_size=3), max_size=3))
def test_the_result_reads_as_the_file_with_the_changes(changes: dict[str, dict[str, Any]]) -> None:
    text = "[a]\nb = 1 # one\nc = 'x#y'\n[a.b_]\nc = 3\n[ab]\n"
    wanted: dict[str, Any] = tomllib.loads(text)
    for section, keys in changes.items():
        for key, value in keys.items():
            wanted.setdefault(section, {})
            wanted[section].pop(key, None)
            if value is not None:
                wanted[section][key] = value
    result = tomllib.loads(edit(text, changes))
    assert {k: v for k, v in result.items() if v} == {k: v for k, v in wanted.items() if v}
