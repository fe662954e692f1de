"""The announcement against what Home Assistant documents for device discovery and each platform."""

from __future__ import annotations

import json
import re
from datetime import datetime, timezone
from typing import Any

import pytest

from visaged.control.mqtt.discovery import announcement
from visaged.control.protocol.commands import COMMANDS
from visaged.control.protocol.health_model import Health
from visaged.control.protocol.parse import parse_request
from visaged.control.protocol.topics import Topics

MESSAGE: dict[str, Any] = json.loads(announcement(Topics("visaged", "box-01"), "box-01"))
COMPONENTS: dict[str, dict[str, Any]] = MESSAGE["components"]

_COMMON = {
    "platform",
    "name",
    "unique_id",
    "availability",
    "entity_category",
    "icon",
    "state_topic",
    "value_template",
    "json_attributes_topic",
    "json_attributes_template",
    "device_class",
}
# https://www.home-assistant.io/integrations/{sensor,select,switch,number}.mqtt/
_KEYS = {
    "sensor": _COMMON | {"options", "state_class", "unit_of_measurement"},
    "select": _COMMON | {"options", "command_topic", "command_template"},
    "switch": _COMMON | {"command_topic", "payload_on", "payload_off", "state_on", "state_off"},
    "number": _COMMON | {"command_topic", "command_template", "min", "max", "step", "mode"},
}
_UNITS = {"duration": {"ms", "s"}, "temperature": {"°C"}, "power": {"W"}, "data_size": {"MiB"}}


def test_the_frame_has_what_device_discovery_requires() -> None:
    assert set(MESSAGE) <= {"device", "origin", "components", "qos", "availability", "state_topic"}
    assert MESSAGE["device"]["identifiers"]
    assert MESSAGE["origin"]["name"]


@pytest.mark.parametrize("key", COMPONENTS)
def test_every_entity_is_one_that_is_documented(key: str) -> None:
    entity = COMPONENTS[key]
    assert set(entity) <= _KEYS[entity["platform"]]
    assert entity["unique_id"] == f"visaged_box-01_{key}"
    if key != "state":
        assert entity["availability"][0]["topic"] == "visaged/box-01/status"
    if "device_class" in entity and entity["device_class"] != "enum":
        assert entity["unit_of_measurement"] in _UNITS[entity["device_class"]]
    if "options" in entity and entity["platform"] == "sensor":
        assert entity["device_class"] == "enum"
        assert "state_class" not in entity


@pytest.mark.parametrize("key", COMPONENTS)
def test_every_state_is_a_field_that_health_or_status_has(key: str) -> None:
    health = json.loads(
        Health(state="online", time=datetime.now(timezone.utc), uptime_s=1.0, version="1").model_dump_json()
    )
    entity = COMPONENTS[key]
    for path in re.findall(r"value_json((?:\.[a-z0-9_]+)+)", entity["value_template"]):
        value: Any = health if entity["state_topic"].endswith("/health") else {"state": "online"}
        for part in path[1:].split("."):
            value = value[part]


@pytest.mark.parametrize("key", [key for key, entity in COMPONENTS.items() if "command_topic" in entity])
def test_every_control_sends_a_valid_request(key: str) -> None:
    entity = COMPONENTS[key]
    prefix, _, command = entity["command_topic"].rpartition("/")
    assert prefix == "visaged/box-01/request"
    if entity["platform"] == "switch":
        payloads = [entity["payload_on"], entity["payload_off"]]
    else:
        values = entity.get("options") or [str(entity["min"]), str(entity["max"])]
        payloads = [entity["command_template"].replace("{{ value }}", value) for value in values]
    for payload in payloads:
        parse_request(COMMANDS[command], payload.encode())
