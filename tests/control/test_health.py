from __future__ import annotations

import json

import pytest

from visaged.app.commands.status import StatusCommands
from visaged.control import health as health_file
from visaged.control import process
from visaged.control.health import HealthBuilder
from visaged.control.process import ProcessFigures
from visaged.control.protocol.commands.device import HealthGet, Ping
from visaged.control.protocol.health_model import Health
from visaged.metrics import Metrics
from visaged.problems import Problems


def _builder() -> tuple[HealthBuilder, Metrics, Problems]:
    metrics, problems = Metrics(), Problems()
    return HealthBuilder(metrics, problems, ProcessFigures()), metrics, problems


def test_what_is_not_known_is_null_never_zero() -> None:
    builder, _, _ = _builder()
    content = json.loads(builder.build().model_dump_json())
    for section in ("livelink", "latency", "audio", "solver", "capsules", "codec", "face", "system"):
        assert set(content[section].values()) == {None}, section
    assert content["process"]["threads"] >= 1
    assert content["problems"] == []


def test_figures_come_from_the_metrics(monkeypatch: pytest.MonkeyPatch) -> None:
    time_ns = 0
    monkeypatch.setattr(health_file, "now_ns", lambda: time_ns)
    builder, metrics, _ = _builder()
    ticks = 0
    metrics.provide("livelink.ticks", lambda: ticks)
    metrics.provide("livelink.packets", lambda: 2 * ticks)
    metrics.counter("audio.xruns").add(3)
    metrics.gauge("solver.name").value = "lipsync"
    for latency_ms in range(1, 101):
        metrics.histogram("latency.voice_to_packet").record_ns(latency_ms * 1e6)
    ticks, time_ns = 120, 2 * 10**9
    built = builder.build()
    assert (built.livelink.fps, built.livelink.packets, built.audio.xruns) == (60.0, 240, 3)
    assert built.solver.name == "lipsync"
    p50, p99 = built.latency.voice_to_packet_p50_ms, built.latency.voice_to_packet_p99_ms
    assert p50 is not None
    assert p99 is not None
    assert abs(p50 - 50) < 2
    assert abs(p99 - 99) < 3


def test_percentiles_are_those_of_the_last_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    time_ns = 0
    monkeypatch.setattr(health_file, "now_ns", lambda: time_ns)
    builder, metrics, _ = _builder()
    metrics.histogram("solver.step").record_ns(50e6)
    for second in range(100):
        time_ns = second * 10**9
        metrics.histogram("solver.step").record_ns(1e6)
        built = builder.build()
        if second == 30:
            assert built.solver.step_p99_ms is not None
            assert built.solver.step_p99_ms > 40
    assert built.solver.step_p99_ms is not None
    assert built.solver.step_p99_ms < 1.1


def test_the_daemon_adds_what_metrics_do_not_hold() -> None:
    builder, _, _ = _builder()
    builder.add("face", lambda: {"mode": "mirror", "muted": False})
    builder.add("face", lambda: {"intensity": 0.8})
    built = builder.build()
    assert (built.face.mode, built.face.muted, built.face.intensity) == ("mirror", False, 0.8)
    with pytest.raises(ValueError, match="'nose' is not one of"):
        builder.add("nose", dict)  # type: ignore[arg-type]


def test_the_state_follows_the_first_packet_and_the_problems() -> None:
    builder, metrics, problems = _builder()
    assert builder.state() is None
    ticks = 0
    metrics.provide("livelink.ticks", lambda: ticks)
    assert builder.state() is None
    ticks = 1
    assert builder.state() == "online"
    problems.open("livelink_not_realtime", "no FIFO", "grant it")
    assert builder.state() == "online"
    problems.open("audio_input", "gone", "plug it in")
    assert builder.state() == "degraded"
    assert [problem.remedy for problem in builder.build().problems] == ["grant it", "plug it in"]
    problems.clear("audio_input")
    assert builder.state() == "online"


def test_cpu_share_of_the_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "now_ns", lambda: 0)
    builder, _, _ = _builder()
    assert builder.build().process.cpu_percent is None  # less than a second of it says nothing
    figures = ProcessFigures(lambda: (1, 999_999_999))
    assert figures.read().rss_mib is not None


def test_ping_and_health_get(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health_file, "now_ns", lambda: 5 * 10**9)
    builder, _, _ = _builder()
    monkeypatch.setattr(health_file, "now_ns", lambda: 95_500_000_000)
    status = StatusCommands(builder)
    assert status.ping(Ping()).uptime_s == 90.5
    assert isinstance(status.health_get(HealthGet()), Health)
