from __future__ import annotations

import sys
from typing import Any

import pytest
import tomlkit
from hypothesis import given
from hypothesis import strategies as st

from visaged.config.default import default_toml
from visaged.control.toml_edit import MAX_CHARS, EditError, edit

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


def test_a_new_key_stays_above_the_comment_of_the_next_table() -> None:
    text = "[face]\n# Size.\n# scale = 1\n\n# The process.\n[runtime]\nlog = 1\n\n# Last.\n[runtime.low]\n"
    edited = edit(text, {"face": {"x": 2}, "runtime": {"y": 3}})
    assert edited == text.replace("# scale = 1\n", "# scale = 1\nx = 2\n").replace("log = 1\n", "log = 1\ny = 3\n")


def test_the_commented_default_file_keeps_every_line() -> None:
    changes = {"face": {"intensity": 0.5}, "livelink": {"targets": ["10.0.0.2:11111"]}, "audio": {"input": {"rate": 1}}}
    edited = edit(default_toml(), changes)
    added = {"intensity = 0.5", 'targets = ["10.0.0.2:11111"]', "rate = 1"}
    assert [line for line in edited.split("\n") if line not in added] == default_toml().split("\n")
    assert tomllib.loads(edited) == tomllib.loads(default_toml()) | {
        "face": {"intensity": 0.5},
        "livelink": {"targets": ["10.0.0.2:11111"]},
        "audio": {"input": {"rate": 1}, "output": {}},
    }


def test_keys_that_must_be_quoted_are() -> None:
    changes = {"é": {"a b": True}, "animation": {"a b": {"z": 1}, "\u0661": "\x7f\u2028"}}
    for text in (TEXT, TEXT + "[animation]\nseed = 1\n", "face.intensity = 1.0\n", default_toml()):
        read = tomllib.loads(edit(text, changes))
        assert read["é"] == {"a b": True}
        assert {"a b": {"z": 1}, "\u0661": "\x7f\u2028"}.items() <= read["animation"].items()


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"livelink": {"targets": [None]}}, "livelink.targets.0"),
        ({"a": {"b": {"c": [1, [2, None]]}}}, "a.b.c.1.1"),
        ({"a": {"b": [{"c": [None]}]}}, "a.b.0.c.0"),
    ],
)
def test_null_in_a_list_is_refused_by_its_place(changes: dict[str, Any], path: str) -> None:
    with pytest.raises(EditError) as caught:
        edit(TEXT, changes)
    assert caught.value.path == path


def test_a_text_that_is_too_long_is_refused() -> None:
    with pytest.raises(EditError, match="too long"):
        edit("# long\n" * MAX_CHARS, {"a": {"b": 1}})


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
def test_every_way_to_write_a_table_is_edited(text: str) -> None:
    assert tomllib.loads(edit(text, {"face": {"intensity": 0.5}}))["face"]["intensity"] == 0.5


def test_a_value_over_several_lines_is_replaced() -> None:
    edited = edit(TEXT, {"livelink": {"targets": ["10.0.0.2:11111"]}})
    assert tomllib.loads(edited)["livelink"]["targets"] == ["10.0.0.2:11111"]
    assert tomllib.loads(edited)["face"]["scale"] == {"brows": 0.6}


def test_the_first_key_of_an_empty_file() -> None:
    assert edit("", {"face": {"intensity": 0.5}}) == "[face]\nintensity = 0.5\n"


_KEYS = st.text('ab é."', min_size=1, max_size=2)
_PLAIN = (
    st.booleans() | st.integers(-9, 9) | st.floats(-2, 2) | st.text(max_size=6) | st.lists(st.integers(), max_size=2)
)
_TABLE = st.recursive(
    st.dictionaries(_KEYS, _PLAIN, max_size=3),
    lambda inner: st.dictionaries(_KEYS, _PLAIN | inner | st.lists(inner, min_size=1, max_size=2), max_size=3),
    max_leaves=4,
)
_CHANGES = st.recursive(
    st.dictionaries(_KEYS, st.none() | _PLAIN, max_size=3),
    lambda inner: st.dictionaries(_KEYS, st.none() | _PLAIN | inner, max_size=3),
    max_leaves=4,
)
# One table in each of the ways to write it, with tables in and out of order.
_TEXTS = st.sampled_from(
    [
        "",
        "# only this",
        "[a]\nb = 1 # one\n'a' = 'x#y'\n[a.é]\nb = 3\n[b]\n",
        "a.b.a = 1 # one\na.b.b = 2\n",
        "a = { b = 1, a = { b = 2 } } # one\n",
        "[a.b]\na = 1\n[b]\na = 1\n[a]\na = 1 # one\n[b.a]\nb = 1\n",
        "[[a]]\nb = 1\n\n# two\n[[a]]\nb = 2\n[b]\na = [\n  1, # one\n]\n",
        'a = """\n[b]\n"""\n[ b . \'a\' ] # one\n a = 1\n',
    ]
)


@given(_TEXTS | _TABLE.map(tomlkit.dumps), _CHANGES)
def test_the_result_reads_as_the_text_with_the_changes(text: str, changes: dict[str, Any]) -> None:
    try:
        before = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    assert _without_empty(tomllib.loads(edit(text, changes))) == _without_empty(_changed(before, changes))


def _changed(before: Any, changes: dict[str, Any]) -> dict[str, Any]:
    result = dict(before) if isinstance(before, dict) else {}
    for key, value in changes.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = _changed(result.get(key), value) if isinstance(value, dict) else value
    return result


def _without_empty(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    inner = {key: _without_empty(one) for key, one in value.items()}
    return {key: one for key, one in inner.items() if one != {}}
