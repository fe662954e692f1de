from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visaged.control.protocol.commands import COMMANDS
from visaged.control.protocol.parse import find_transaction, parse_request
from visaged.control.protocol.refusal import Refusal

_DEEP = b'{"settings":' + b'{"a":' * 5000 + b"1" + b"}" * 5001


def _refused(command: str, payload: bytes) -> Refusal:
    with pytest.raises(Refusal) as caught:
        parse_request(COMMANDS[command], payload)
    return caught.value


@pytest.mark.parametrize(
    "payload",
    [b"", b"{", b"null", b"[]", b'"x"', b"\xff\xfe{}", b'{"transaction": "\xc3("}', b"NaN", b'{"a": 1}{"b": 2}'],
)
def test_what_is_no_json_object_is_malformed(payload: bytes) -> None:
    assert _refused("ping", payload).code == "malformed"


def test_a_megabyte_is_too_large_without_being_parsed() -> None:
    refusal = _refused("packet", b" " * (1 << 20))
    assert refusal.code == "too_large"
    assert "1280" in refusal.message


def test_deep_nesting_is_refused_where_it_becomes_too_deep() -> None:
    refusal = _refused("config.set", _DEEP)
    assert (refusal.code, refusal.field) == ("invalid", "settings.a.a.a.a.a.a.a")


@pytest.mark.parametrize(
    ("payload", "field"),
    [
        (b'{"settings": {"livelink": {"fps": 1e400}}}', "settings.livelink.fps"),
        (b'{"settings": {"livelink": {"fps": -1e99999999999999999999}}}', "settings.livelink.fps"),
        (b'{"settings": {"capsules": {"seed": 99999999999999999999}}}', "settings.capsules.seed"),
        ('{"settings": {"face": {"intensit\u00e4t": 1}}}'.encode(), "settings.face.intensit\u00e4t"),
        (b'{"settings": {"face": {"a\\u0000b": 1}}}', "settings.face.a\\x00b"),
        (b'{"settings": {"face": {"intensity": 1, "intensity": 2}}}', "settings.face.intensity"),
        (b'{"settings": {"audio": {"input": {"device": "a\\u0000b"}}}}', "settings.audio.input.device"),
        (b'{"settings": {"mqtt": {"password_file": "/run/a\\u0000b"}}}', "settings.mqtt.password_file"),
        (b'{"settings": {"device": {"groups": ["a", "b\\n"]}}}', "settings.device.groups.1"),
    ],
)
def test_what_is_out_of_bounds_in_settings_is_named_by_its_field(payload: bytes, field: str) -> None:
    refusal = _refused("config.set", payload)
    assert (refusal.code, refusal.field) == ("invalid", field)
    assert refusal.message.startswith(field)


@pytest.mark.parametrize(
    ("command", "request_fields", "code", "field"),
    [
        ("capsule.play", {"cid": "VF_083", "wieght": 1}, "invalid", "wieght"),
        ("capsule.play", {}, "invalid", "cid"),
        ("capsule.play", {"cid": "../../etc"}, "invalid", "cid"),
        ("capsule.play", {"cid": "VF_083\n"}, "invalid", "cid"),
        ("capsule.play", {"cid": "VF_083", "weight": 1e9}, "invalid", "weight"),
        ("capsule.play", {"cid": "VF_083", "weight": -1}, "invalid", "weight"),
        ("capsule.play", {"cid": "VF_083", "weight": "1"}, "invalid", "weight"),
        ("capsule.play", {"cid": "VF_083", "delay_ms": 1.5}, "invalid", "delay_ms"),
        ("packet", {"video_blend": [{"cid": "VF_083", "w": 0.5}, {"cid": 7}]}, "invalid", "video_blend.1.cid"),
        ("packet", {"emotion": {"valence": 2}}, "invalid", "emotion.valence"),
        ("face.set", {"curves": {"JawOpne": 0.5}}, "invalid", "curves"),
        ("face.set", {"curves": {"JawOpen": 1.5}}, "invalid", "curves"),
        ("face.set", {"curves": {"JawOpen": -0.1}}, "invalid", "curves"),
        ("face.set", {"curves": {}}, "invalid", "curves"),
        ("face.release", {"curves": ["Nose"]}, "invalid", "curves"),
        ("gain.set", {}, "invalid", None),
        ("emotion.set", {}, "invalid", None),
        ("pack.install", {"url": "http://x/y", "sha256": "0" * 64}, "invalid", "url"),
        ("pack.install", {"url": "https://me:secret@x/y", "sha256": "0" * 64}, "invalid", "url"),
        ("pack.install", {"url": "file://host/y", "sha256": "0" * 64}, "invalid", "url"),
        ("pack.install", {"url": "https://x/y", "sha256": "0" * 63}, "invalid", "sha256"),
        ("ping", {"transaction": "x" * 65}, "invalid", "transaction"),
        ("ping", {"transaction": 5}, "invalid", "transaction"),
        ("ping", {"expires_at": "tomorrow"}, "invalid", "expires_at"),
        ("ping", {"command": "restart"}, "invalid", "command"),
        ("snapshot", {"seconds": 3600}, "invalid", "seconds"),
        ("config.set", {"settings": {}}, "invalid", "settings"),
    ],
)
def test_a_wrong_field_is_named(command: str, request_fields: object, code: str, field: str | None) -> None:
    refusal = _refused(command, json.dumps(request_fields).encode())
    assert (refusal.code, refusal.field) == (code, field)
    assert len(refusal.message) < 500


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_numbers_are_finite(number: str) -> None:
    assert _refused("gain.set", b'{"intensity": ' + number.encode() + b"}").code in ("malformed", "invalid")


def test_w_is_accepted_for_weight() -> None:
    request = parse_request(COMMANDS["packet"], b'{"video_blend": [{"cid": "VF_083", "w": 0.5}]}')
    assert request.video_blend[0].weight == 0.5  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("payload", "transaction"),
    [
        (b'{"transaction": "t", "x": 1}', "t"),
        (b'{"transaction": 1}', None),
        (b'{"transaction": "a\\nb"}', None),
        (b'{"transaction": "\\ud800"}', None),
        (b"[1]", None),
        (b"\xff", None),
        (_DEEP, None),
    ],
)
def test_the_transaction_is_found_where_there_is_one(payload: bytes, transaction: str | None) -> None:
    assert find_transaction(payload) == transaction


@given(st.sampled_from(sorted(COMMANDS)), st.binary(max_size=300))
def test_any_bytes_are_a_request_or_a_refusal(command: str, payload: bytes) -> None:
    find_transaction(payload)
    try:
        parse_request(COMMANDS[command], payload)
    except Refusal as refusal:
        refusal.message.encode()


_JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=20), inner, max_size=3),
    max_leaves=8,
)


@given(st.sampled_from(sorted(COMMANDS)), st.data())
def test_an_example_with_one_field_changed_is_a_request_or_a_refusal(name: str, data: st.DataObject) -> None:
    fields = json.loads(COMMANDS[name].example)
    fields[data.draw(st.sampled_from(sorted(fields)) | st.text(max_size=20))] = data.draw(_JSON)
    try:
        parse_request(COMMANDS[name], json.dumps(fields).encode())
    except Refusal as refusal:
        refusal.message.encode()


def test_transactions_are_not_kept_after_their_request() -> None:
    # pydantic keeps 16,384 strings it has read: a cache gives back the same object, and grows by every transaction.
    payload = b'{"transaction": "6b3f0d3c-7a0e"}'
    assert find_transaction(payload) is not find_transaction(payload)
    requests = [parse_request(COMMANDS["ping"], payload) for _ in range(2)]
    assert requests[0].transaction is not requests[1].transaction
