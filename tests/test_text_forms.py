"""No message shows a regular expression: every pattern of every model has words, and each way of saying uses them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel, ValidationError

from visaged.capsules.errors import CapsuleError
from visaged.capsules.file.header import Header
from visaged.capsules.file.pack import PackManifest, write_pack
from visaged.capsules.library.tables import Tables
from visaged.capsules.library.tables import decode as decode_tables
from visaged.config import Settings
from visaged.config.load import ConfigError, load
from visaged.control.protocol.commands import COMMANDS
from visaged.control.protocol.events import Event
from visaged.control.protocol.health_model import BoxStatus, Health
from visaged.control.protocol.parse import parse_request
from visaged.control.protocol.refusal import Refusal
from visaged.inference.manifest import Manifest
from visaged.text_form import complaint, form

MODELS: tuple[type[BaseModel], ...] = (
    *(Settings, Header, PackManifest, Tables, Manifest, BoxStatus, Health, Event),
    *(model for command in COMMANDS.values() for model in (command.request, command.data)),
)


def patterns(schema: object) -> Iterator[str]:
    """Every pattern in a JSON schema."""
    if isinstance(schema, dict):
        if isinstance(schema.get("pattern"), str):
            yield schema["pattern"]
        # Keys of tables have their pattern as a name.
        yield from schema.get("patternProperties", {})
        for value in schema.values():
            yield from patterns(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from patterns(value)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_pattern_has_words(model: type[BaseModel]) -> None:
    for pattern in patterns(model.model_json_schema()):
        words = complaint(
            {"type": "string_pattern_mismatch", "msg": "", "loc": (), "input": "", "ctx": {"pattern": pattern}}
        )
        assert words.startswith("expected "), f"{pattern}: make it with visaged.text_form.form"


def test_a_pattern_is_called_the_same_everywhere() -> None:
    form("^a test$", "a test")
    form("^a test$", "a test")
    with pytest.raises(ValueError, match="is called 'a test' elsewhere"):
        form("^a test$", "another")


@pytest.mark.parametrize(
    ("command", "fields", "words"),
    [
        ("capsule.play", {"cid": "vf nope"}, "2 to 4 capital letters, '_' and 1 to 32 of A-Z 0-9 _, such as VF_"),
        ("ping", {"transaction": "ä"}, "expected 1 to 64 printable ASCII characters; got '\\xe4'"),
        ("profile.set", {"profile": "No"}, "expected a small letter and up to 63 of a-z 0-9 _"),
        ("models.select", {"name": "../x"}, "expected 1 to 64 letters, digits"),
        ("models.remove", {"name": "x", "version": "1"}, "expected a version of three numbers, such as 1.2.0"),
        ("pack.install", {"url": "https://x.example/x", "sha256": "x"}, "expected 64 hex digits in lower case"),
        ("config.get", {"section": "Face"}, "expected the name of a section"),
    ],
)
def test_a_refusal(command: str, fields: dict[str, object], words: str) -> None:
    with pytest.raises(Refusal) as refusal:
        parse_request(COMMANDS[command], json.dumps(fields).encode())
    assert words in refusal.value.message
    assert "^" not in refusal.value.message


@pytest.mark.parametrize(
    ("item", "words"),
    [
        ("device.id=a b", "device.id = 'a b': expected 1 to 64 letters, digits, '_' and '-'"),
        ("livelink.subject=ä", "livelink.subject = 'ä': expected 1 to 64 printable ASCII characters"),
        ("mqtt.base=/x", "expected 1 to 4 levels with '/' between them"),
        ('capsules.pinned=["x"]', "expected an ID: 2 to 4 capital letters"),
    ],
)
def test_a_setting(item: str, words: str) -> None:
    with pytest.raises(ConfigError) as error:
        load(None, [item])
    assert words in str(error.value)


def test_a_pack_and_its_tables() -> None:
    with pytest.raises(CapsuleError, match="name: expected 1 to 64 of a-z 0-9 -, no '-' first, such as brand"):
        write_pack("Brand", "1.0", {"a.toml": b""})
    with pytest.raises(CapsuleError, match="expected an event: E_ and 1 to 32 of A-Z 0-9 _"):
        decode_tables(b"[events.e1]\n", "tables.toml")


def test_a_model_package(tmp_path: Path) -> None:
    with pytest.raises(ValidationError) as error:
        Manifest.model_validate({"name": "-", "version": "1"})
    said = {str(details["loc"][0]): complaint(details) for details in error.value.errors()}
    assert said["version"] == "expected a version of three numbers, such as 1.2.0"
    assert said["name"].startswith("expected 1 to 64 letters")
