from __future__ import annotations

import math

import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.testclient import TestClient

from tests.web.conftest import FakeDaemon, error_of
from visaged.config import Settings
from visaged.control.protocol.health_model import Health
from visaged.web.context import WebContext
from visaged.web.errors import HttpRefusal
from visaged.web.prometheus import FIGURES, expose

HEALTH = {
    "state": "degraded",
    "uptime_s": 12.5,
    "livelink": {"fps": 60.0, "packets": 600, "gap_p99_ms": 0.2, "late": 3},
    "vmc": {"packets": 7},
    "latency": {"voice_to_packet_p50_ms": 68.6, "voice_to_packet_p99_ms": 70.0},
    "capsules": {"used_mib": 2.0},
    "system": {"cpu_temp_c": None, "throttled": False},
    "problems": [{"code": "audio_input_lost", "message": "gone"}],
}


def samples(text: str) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_figures_come_in_base_units_and_what_is_not_known_is_left_out() -> None:
    found = samples(expose(HEALTH, "booth-1", "1.0").decode())
    assert found["visaged_up", ()] == 1
    assert found["visaged_info", (("device", "booth-1"), ("version", "1.0"))] == 1
    assert found["visaged_packets_total", (("protocol", "livelink"),)] == 600
    assert found["visaged_packets_total", (("protocol", "vmc"),)] == 7
    assert math.isclose(found["visaged_packet_gap_error_p99_seconds", ()], 0.0002)
    assert math.isclose(found["visaged_voice_to_packet_seconds", (("quantile", "0.99"),)], 0.07)
    assert ("visaged_voice_to_packet_seconds", (("quantile", "0.95"),)) not in found
    assert found["visaged_capsule_cache_bytes", ()] == 2 << 20
    assert found["visaged_throttled", ()] == 0
    assert not any(name == "visaged_temperature_celsius" for name, _ in found)
    assert found["visaged_problem", (("code", "audio_input_lost"),)] == 1


def test_every_figure_is_one_of_health() -> None:
    for figure in FIGURES:
        model: object = Health
        for part in figure.path.split("."):
            fields = getattr(model, "model_fields")  # noqa: B009 - of a pydantic model
            assert part in fields, figure.path
            model = fields[part].annotation


def test_a_scrape_tells_that_no_daemon_answers(client: TestClient, daemon: FakeDaemon) -> None:
    assert samples(client.get("/metrics").text)["visaged_up", ()] == 1
    assert client.get("/metrics").headers["content-type"].startswith("text/plain")
    daemon.answers["health.get"] = HttpRefusal("unavailable", "no visaged is running")
    assert samples(client.get("/metrics").text)["visaged_up", ()] == 0


def test_it_can_be_switched_off(client: TestClient, context: WebContext) -> None:
    context.use(Settings.model_validate({"metrics": {"prometheus": False}}))
    assert error_of(client.get("/metrics"), 404)["code"] == "not_found"


@pytest.mark.parametrize("code", ['quo"te', "new\nline", "back\\slash"])
def test_foreign_texts_stay_labels(code: str) -> None:
    text = expose({"problems": [{"code": code}]}, "b", "1").decode()
    assert samples(text)["visaged_problem", (("code", code),)] == 1
