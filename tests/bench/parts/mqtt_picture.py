"""Draws docs/fleet-watch.svg (``python -m tests.bench.parts.mqtt_picture``): real links and broker, made-up figures."""

from __future__ import annotations

import io
import re
import tempfile
from pathlib import Path
from typing import Any, Final

from rich.console import Console

from tests.bench.report import FOLDER
from tests.control.broker import Broker
from tests.control.fakes import make_desk
from tests.control.mqtt.linked import Linked, link_to
from tests.patience import wait_until
from visaged.cli.fleet.link import FleetLink
from visaged.cli.fleet.tables import BoxesTable
from visaged.config import MqttSettings

_HOT: Final = {"code": "solver_late", "since": "2026-01-01T00:00:00Z", "message": "m", "remedy": "r"}
# Device id, group, state, fps, p95 ms, CPU temperature, CPU share, problems.
_BOXES: Final[tuple[tuple[str, str, Any, float, float, float, float, list[Any]], ...]] = (
    ("bar-01", "bar", "online", 60.0, 61.2, 51.3, 14.1, []),
    ("bar-02", "bar", "online", 60.0, 60.8, 49.8, 13.7, []),
    ("lobby-01", "lobby", "online", 60.0, 62.0, 50.6, 14.9, []),
    ("lobby-02", "lobby", "degraded", 59.1, 97.5, 88.4, 71.0, [_HOT]),
    ("stage-01", "stage", "online", 50.0, 63.3, 47.2, 12.2, []),
)


def main() -> None:
    """One broker, some boxes, one that was stopped."""
    with tempfile.TemporaryDirectory() as name:
        broker = Broker(Path(name))
        broker.start()
        links: list[Linked] = []
        for device_id, group, state, fps, p95_ms, temperature, cpu, problems in _BOXES:
            box = link_to(make_desk(device_id), broker, device_id, group)
            box.state = state
            box.health_fields = {
                "livelink": {"fps": fps},
                "latency": {"voice_to_packet_p95_ms": p95_ms},
                "system": {"cpu_temp_c": temperature, "gpu_temp_c": temperature - 1.6},
                "process": {"cpu_percent": cpu},
                "solver": {"name": "lipsync"},
                "problems": problems,
            }
            box.link.start()
            links.append(box)
        with FleetLink(MqttSettings(host="127.0.0.1", port=broker.port)) as fleet:
            wait_until(lambda: sum(box.health is not None for box in fleet.boxes.all()) == len(_BOXES))
            links[-1].link.stop()
            wait_until(lambda: fleet.boxes.get("stage-01").state == "stopped")
            console = Console(record=True, width=118, file=io.StringIO())
            console.print(BoxesTable(fleet.boxes.all(), "4 of 5 boxes alive, 14:03:27"))
            drawn = console.export_svg(title="visaged fleet watch")
            # rich lets the picture fetch its font from a server; the reader's own monospace will do.
            drawn = re.sub(r"@font-face \{.*?\}", "", drawn, flags=re.DOTALL)
            (FOLDER / "fleet-watch.svg").write_text(drawn, encoding="utf-8")
        for box in links[:-1]:
            box.link.stop()
        broker.stop()


if __name__ == "__main__":
    main()
