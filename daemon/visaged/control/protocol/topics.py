"""The topics of one box. This file is their specification; ``B`` is ``mqtt.base``, ``visaged`` by default.

========================================= ============== =================================================
topic                                      retained, QoS  what
========================================= ============== =================================================
``B/<id>/status``                          yes, 1         state of the box; ``offline`` is the will
``B/<id>/health``                          yes, 1         health_model.py
``B/<id>/event/<kind>``                    no, 1          events.py
``B/<id>/request/<command>``               never, 1       in
``B/<id>/response/<command>``              no, 1          out
``B/<id>/codec/up``, ``codec/down``        no, 0          codec frames out, in
``B/group/<g>/request/<command>``          never, 1       in, for every box of the group
``B/all/request/<command>``                never, 1       in, for every box
``homeassistant/device/<id>/config``       yes, 1         discovery.py
========================================= ============== =================================================
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

HOME_ASSISTANT: Final = "homeassistant"
"""Home Assistant's discovery prefix; its birth message is on ``homeassistant/status``."""

_COMMAND: Final = re.compile(r"[a-z]{1,16}(\.[a-z_]{1,16}){0,2}")
# Long enough for any asker's own scheme; a topic is copied into every answer.
_MAX_RESPONSE_TOPIC: Final = 256


class Topics:
    """Topic names of the box ``device_id``."""

    def __init__(self, base: str, device_id: str, groups: Sequence[str] = ()) -> None:
        self._base = base
        self.groups = tuple(groups)
        self.own = f"{base}/{device_id}"
        self.status = f"{self.own}/status"
        self.health = f"{self.own}/health"
        self.codec_up = f"{self.own}/codec/up"
        self.codec_down = f"{self.own}/codec/down"
        self.discovery = f"{HOME_ASSISTANT}/device/{device_id}/config"
        self._prefixes = tuple(
            f"{prefix}/request" for prefix in (self.own, *(f"{base}/group/{group}" for group in groups), f"{base}/all")
        )
        self.requests = tuple(f"{prefix}/#" for prefix in self._prefixes)
        """What to subscribe to; ``#`` rather than ``+``, so that a misspelt request is answered too."""

    def event(self, kind: str) -> str:
        """Where events of a kind go."""
        return f"{self.own}/event/{kind}"

    def response(self, command: str) -> str:
        """Where the answer goes when the asker names no topic; never anything but one level below ``response``."""
        return f"{self.own}/response/{command if _COMMAND.fullmatch(command) else 'unknown'}"

    def command_of(self, topic: str) -> str | None:
        """The command that a request topic names ('' when none); None when the topic is not a request to this box."""
        for prefix in self._prefixes:
            if topic == prefix:
                return ""
            if topic.startswith(f"{prefix}/"):
                return topic[len(prefix) + 1 :]
        return None

    def may_answer_to(self, topic: str) -> bool:
        """Whether an asker may have answers sent to ``topic``.

        Only below its own ``response``: that is what the ACL of docs/mqtt.md lets a box write, and nobody takes it for
        a request, a state or an announcement. The asker may lack the right to write there himself.
        """
        prefix = f"{self.own}/response/"
        if len(topic) > _MAX_RESPONSE_TOPIC or any(character in topic for character in "+#\0"):
            return False
        return topic.startswith(prefix) and "" not in topic.removeprefix(prefix).split("/")
