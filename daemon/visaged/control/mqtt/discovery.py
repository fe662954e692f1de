"""Home Assistant discovery: one retained message that describes the box and its entities.

Format: MQTT device discovery, https://www.home-assistant.io/integrations/mqtt/#device-discovery-payload . States come
from the box's own status and health topics, commands go to its request topics; nothing is made for Home Assistant.
"""

from __future__ import annotations

import json
from typing import Any, Final

from visaged import __version__
from visaged.control.protocol.topics import Topics

_ALIVE: Final = "{{ 'online' if value_json.state in ['online', 'degraded'] else 'offline' }}"

Entity = dict[str, Any]


def announcement(topics: Topics, device_id: str) -> bytes:
    """The payload for ``topics.discovery``."""
    alive = [{"topic": topics.status, "value_template": _ALIVE}]
    components: dict[str, Entity] = {"state": _state(topics)}
    for key, entity in (_controls(topics) | _sensors(topics)).items():
        components[key] = entity | {"availability": alive}
    for key, entity in components.items():
        entity["unique_id"] = f"visaged_{device_id}_{key}"
    message = {
        "device": {
            "identifiers": [f"visaged_{device_id}"],
            "name": device_id,
            "manufacturer": "visaged",
            "model": "voice to face",
            "sw_version": __version__,
        },
        "origin": {"name": "visaged", "sw_version": __version__},
        "components": components,
        "qos": 1,
    }
    return json.dumps(message).encode()


def _state(topics: Topics) -> Entity:
    return {
        "platform": "sensor",
        "name": "State",
        "device_class": "enum",
        "options": ["online", "degraded", "stopped", "offline"],
        "entity_category": "diagnostic",
        "state_topic": topics.status,
        "value_template": "{{ value_json.state }}",
    }


def _controls(topics: Topics) -> dict[str, Entity]:
    own, health = topics.own, topics.health
    controls: dict[str, Entity] = {
        "mode": {
            "platform": "select",
            "name": "Mode",
            "options": ["mirror", "converse"],
            "command_topic": f"{own}/request/mode.set",
            "command_template": '{"mode": "{{ value }}"}',
            "state_topic": health,
            "value_template": "{{ value_json.face.mode }}",
        },
        "mute": {
            "platform": "switch",
            "name": "Mute",
            "icon": "mdi:microphone-off",
            "command_topic": f"{own}/request/mute.set",
            "payload_on": '{"muted": true}',
            "payload_off": '{"muted": false}',
            "state_topic": health,
            "value_template": "{{ 'ON' if value_json.face.muted else 'OFF' }}",
            "state_on": "ON",
            "state_off": "OFF",
        },
        "intensity": _number(topics, "Intensity", "gain.set", "intensity", (0.0, 2.0, 0.05)),
    }
    for axis in ("valence", "arousal", "dominance"):
        controls[axis] = _number(topics, axis.capitalize(), "emotion.set", axis, (-1.0, 1.0, 0.05))
    return controls


def _number(topics: Topics, name: str, command: str, field: str, bounds: tuple[float, float, float]) -> Entity:
    low, high, step = bounds
    return {
        "platform": "number",
        "name": name,
        "min": low,
        "max": high,
        "step": step,
        "mode": "slider",
        "command_topic": f"{topics.own}/request/{command}",
        "command_template": f'{{"{field}": {{{{ value }}}}}}',
        "state_topic": topics.health,
        "value_template": f"{{{{ value_json.face.{field} }}}}",
    }


def _sensors(topics: Topics) -> dict[str, Entity]:
    return {
        "solver": _sensor(topics, "Solver", "solver.name"),
        "fps": _sensor(topics, "Frame rate", "livelink.fps", "fps"),
        "latency": _sensor(topics, "Voice to packet p95", "latency.voice_to_packet_p95_ms", "ms", "duration"),
        "level": _sensor(topics, "Voice level", "audio.level_dbfs", "dBFS"),
        "cpu": _sensor(topics, "CPU share", "process.cpu_percent", "%"),
        "memory": _sensor(topics, "Memory", "process.rss_mib", "MiB", "data_size"),
        "cpu_temperature": _sensor(topics, "CPU temperature", "system.cpu_temp_c", "°C", "temperature"),
        "gpu_temperature": _sensor(topics, "GPU temperature", "system.gpu_temp_c", "°C", "temperature"),
        "power": _sensor(topics, "Power", "system.power_w", "W", "power"),
        "problems": {
            "platform": "sensor",
            "name": "Problems",
            "entity_category": "diagnostic",
            "state_topic": topics.health,
            "value_template": "{{ value_json.problems | length }}",
            "json_attributes_topic": topics.health,
            "json_attributes_template": "{{ {'problems': value_json.problems} | tojson }}",
        },
    }


def _sensor(topics: Topics, name: str, figure: str, unit: str | None = None, device_class: str | None = None) -> Entity:
    entity: Entity = {
        "platform": "sensor",
        "name": name,
        "entity_category": "diagnostic",
        "state_topic": topics.health,
        "value_template": f"{{{{ value_json.{figure} }}}}",
    }
    if unit is not None:
        entity |= {"unit_of_measurement": unit, "state_class": "measurement"}
    if device_class is not None:
        entity["device_class"] = device_class
    return entity
