"""Every setting has a bounded form: what check accepts, run can start with."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from visaged.config import Settings
from visaged.config.hosts import addresses, check_broker, check_host, check_target
from visaged.config.load import ConfigError, load
from visaged.config.rates import parse_fps
from visaged.config.toml_text import parse


def leaves(model: type[BaseModel] = Settings, above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from leaves(kind, (*above, name))
        else:
            yield (*above, name)


def settings_with(path: tuple[str, ...], value: Any) -> Settings:
    for part in reversed(path):
        value = {part: value}
    return Settings.model_validate(value)


def default_of(path: tuple[str, ...]) -> Any:
    value: Any = Settings.model_validate({})
    for part in path:
        value = getattr(value, part)
    return value


LEAVES = tuple(leaves())
BAD_TEXTS = [
    "a\x00b",
    "a\x1b[2Jb",
    "a\x7fb",
    "a\x9bb",
    "a\nb",
    "a\u2028b",
    "\ud800",
    "x" * 5000,
    "x" * 100_000,
    "9" * 5000,
]


@pytest.mark.parametrize("path", LEAVES, ids=".".join)
def test_no_setting_takes_control_characters_or_text_without_end(path: tuple[str, ...]) -> None:
    for text in BAD_TEXTS:
        for value in (text, [text], {text: 1.0}, {"brows": text}):
            with pytest.raises(ValidationError):
                settings_with(path, value)


@pytest.mark.parametrize("path", LEAVES, ids=".".join)
def test_no_setting_takes_a_list_or_a_number_without_end(path: tuple[str, ...]) -> None:
    default = default_of(path)
    for value in (
        ["a"] * 5000,
        (list(default) or [1]) * 5000 if isinstance(default, list) else [1] * 5000,
        2**80,
        -(2**80),
        1e300,
    ):
        with pytest.raises(ValidationError):
            settings_with(path, value)


CASES = {
    "target-typo": ('[livelink]\ntargets = ["192.168.1..20:11111"]', "livelink.targets.0", "between its dots"),
    "cue-typo": ('[capsules]\ncue_target = "10.0..5:9000"', "capsules.cue_target", "between its dots"),
    "long label": (f'[livelink]\ntargets = ["{"a" * 64}.de:1"]', "livelink.targets.0", "1 to 63 characters"),
    "nul-device": ('[audio.input]\ndevice = "a\\u0000b"', "audio.input.device", "U+0000 at position 1"),
    "nul-password-file": ('[mqtt]\npassword_file = "/run/a\\u0000b"', "mqtt.password_file", "U+0000"),
    "nul-folder": ('[capsules]\nlibrary = "/a\\u0000b"', "capsules.library", "U+0000"),
    "no folder": ('[inference]\nengine_cache = ""', "inference.engine_cache", "1 to 4096 bytes"),
    "fps-bomb": ('[livelink]\nfps = "1e300000000"', "livelink.fps", "24 to 120"),
    "scheme": ('[mqtt]\nhost = "mqtt://broker"', "mqtt.host", "without 'mqtt://'; its port goes into mqtt.port"),
    "scheme of TLS": ('[mqtt]\nhost = "mqtts://broker:8883"', "mqtt.host", "for TLS mqtt.tls = true"),
    "port": ('[mqtt]\nhost = "broker:1883"', "mqtt.host", "its port goes into mqtt.port"),
    "brackets": ('[mqtt]\nhost = "[::1]"', "mqtt.host", "without brackets"),
    "user": ('[mqtt]\nhost = "user@broker"', "mqtt.host", "letters, digits"),
    "protocol": ("[mqtt]\nprotocol = 5", "mqtt.protocol", 'its quotes are missing: "5"'),
    "device": ("[audio.input]\ndevice = 3", "audio.input.device", 'its quotes are missing: "3"'),
    "address": ('[livelink]\ntargets = ["192.168.1.300:11111"]', "livelink.targets.0", "from 0 to 255"),
}


@pytest.mark.parametrize(("text", "key", "said"), CASES.values(), ids=CASES)
def test_each_case_is_one_clear_error(tmp_path: Path, text: str, key: str, said: str) -> None:
    path = tmp_path / "visaged.toml"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load(path)
    (issue,) = caught.value.issues
    assert (issue.key, issue.place) == (key, f"{path} line 2")
    assert said in issue.accepted


def test_quotes_are_asked_for_only_where_they_help(tmp_path: Path) -> None:
    path = tmp_path / "visaged.toml"
    path.write_text("[mqtt]\nprotocol = 6\n[audio.output]\ndelay_ms = 5000\n")
    with pytest.raises(ConfigError) as caught:
        load(path)
    assert not any("quotes" in issue.accepted for issue in caught.value.issues)


@pytest.mark.parametrize(
    "host", ["localhost", "unreal-pc.local.", "10.0.0.7", "fe80::1%eth0", "my_pc", "schön.de", "a" * 63]
)
def test_hosts_that_there_may_be_are_taken(host: str) -> None:
    assert check_host(host) == host
    assert check_broker(host) == host
    target = f"[{host}]:9" if ":" in host else f"{host}:9"
    assert check_target(target) == target


@given(st.text(max_size=80) | st.from_regex(r"[a-z0-9.\-:\[\]%]{1,80}", fullmatch=True))
@example("xn--")
@example("xn--a.xn--\u00fc")
@example("\u3002")
@example("a" * 63 + ".")
def test_what_is_accepted_can_be_looked_up(host: str) -> None:
    try:
        check_host(host)
    except ValueError:
        pass
    else:
        host.encode("idna")
    # And what is not is a name that does not resolve, nothing else.
    try:
        addresses(host, 9, flags=socket.AI_NUMERICHOST)
    except OSError as error:
        assert error.strerror


@given(st.from_regex(r"[0-9e./+\-_ ]{1,40}", fullmatch=True) | st.integers() | st.floats() | st.fractions())
@example("1e300000000")
@example("1/0")
@example("60")
@example(10**400)
@example(float("nan"))
def test_a_rate_is_in_its_range_or_refused(value: str | float | Fraction) -> None:
    try:
        fps = parse_fps(value)
    except ValueError as error:
        assert "24 to 120" in str(error)
    else:
        assert 23 < fps <= 120
        assert fps.denominator <= 100_000


BOMBS = {
    "dotted key": "a." * 20_000 + "a = 1",
    "quoted dotted key": '"=".' * 20_000 + "a = 1",
    "dotted table": "[" + "a." * 20_000 + "a]",
    "lists in lists": "a = " + "[" * 50_000,
    "tables in tables": "a = " + "{a = " * 50_000,
    "a few levels": "a.b.c.d.e.f.g.h.i.j = 1",
    "digits": "a = " + "1" * 5000,
    "hex digits": "a = 0x" + "f" * 100_000,
    "many values": "\n".join(f"a{number} = 1" for number in range(5000)),
    "large": "#" * (257 << 10),
}


@pytest.mark.parametrize("text", BOMBS.values(), ids=BOMBS)
def test_a_file_that_no_settings_can_be_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"^is (not a settings file|over 256 KiB)"):
        parse(text)


@given(st.text() | st.from_regex(r'[a-z0-9.\[\]{}=", \n_\-]{0,200}', fullmatch=True))
def test_any_text_is_tables_or_a_sentence(text: str) -> None:
    try:
        parse(text)
    except ValueError as error:
        assert str(error).startswith("is not")


def test_a_comment_may_have_as_many_dots_as_it_likes() -> None:
    assert parse(f"# {'.' * 400}\n[livelink]\nfps = 30\n") == {"livelink": {"fps": 30}}


def test_thousands_of_unknown_keys_are_all_named_with_their_lines(tmp_path: Path) -> None:
    path = tmp_path / "visaged.toml"
    path.write_text("[livelink]\n" + "\n" * 50_000 + "\n".join(f"key{number} = 1" for number in range(4000)))
    with pytest.raises(ConfigError) as caught:
        load(path)
    assert len(caught.value.issues) == 4000
    assert caught.value.issues[-1].place.endswith("line 54001")


def test_what_is_no_file_is_refused_without_waiting(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path in (pipe, Path("/dev/zero")):
        with pytest.raises(ConfigError, match="it is a pipe or device, not a file"):
            load(path)
    with pytest.raises(ConfigError, match="it is a directory, not a file"):
        load(tmp_path)
    with pytest.raises(ConfigError, match="cannot be the name of a file"):
        load(Path("a\x00b"))


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("VISAGED__MQTT" + "__A" * 30, "1", "at most 8 parts"),
        ("VISAGED__FACE__SCALE", '{"scale":' * 5000, "not JSON"),
        ("VISAGED__FACE__SCALE", '{"a":' * 500 + "1" + "}" * 500, "nest"),
        ("VISAGED__ATTIC__X", "x" * 90_000, "no such section"),
    ],
)
def test_the_environment_is_bounded_too(monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigError, match=said) as caught:
        load(None)
    assert len(str(caught.value)) < 1000


@pytest.mark.parametrize(
    "item", [f"face.{'a.' * 100}b=1", "face.intensity=" + "[" * 5000, "livelink.fps=" + "9" * 5000]
)
def test_set_items_are_bounded_too(item: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(None, [item])
    assert len(str(caught.value)) < 1000
