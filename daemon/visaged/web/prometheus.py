"""Health as Prometheus' text format: names and units by its conventions (prometheus.io/docs/practices/naming).

A figure that the box cannot know is left out, never 0.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, Literal, NamedTuple

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector

MIB: Final = 1 << 20
_MS: Final = 1e-3


class Figure(NamedTuple):
    """One figure of health."""

    name: str
    kind: Literal["counter", "gauge"]
    about: str
    path: str
    """``livelink.packets``."""
    factor: float = 1.0
    labels: Mapping[str, str] = {}


FIGURES: Final = (
    Figure("uptime_seconds", "gauge", "Since the daemon started", "uptime_s"),
    Figure("packet_rate_hertz", "gauge", "Ticks sent a second", "livelink.fps"),
    Figure("packets", "counter", "Datagrams sent", "livelink.packets", labels={"protocol": "livelink"}),
    Figure("packets", "counter", "Datagrams sent", "vmc.packets", labels={"protocol": "vmc"}),
    Figure("packets", "counter", "Datagrams sent", "ifacialmocap.packets", labels={"protocol": "ifacialmocap"}),
    Figure("packet_gap_error_p99_seconds", "gauge", "Error of the spacing", "livelink.gap_p99_ms", _MS),
    Figure("late_ticks", "counter", "Ticks without a pose of their own", "livelink.late"),
    *(
        Figure(
            "voice_to_packet_seconds",
            "gauge",
            "From a sound to the packet that shows it, last minute",
            f"latency.voice_to_packet_p{percent}_ms",
            _MS,
            {"quantile": f"0.{percent}"},
        )
        for percent in (50, 95, 99)
    ),
    Figure("audio_level_dbfs", "gauge", "Level of the voice", "audio.level_dbfs"),
    Figure("audio_overruns", "counter", "Input overruns", "audio.xruns"),
    Figure("audio_silent_seconds", "gauge", "Since the input was heard last", "audio.silent_s"),
    Figure("solver_step_p99_seconds", "gauge", "Time of a step", "solver.step_p99_ms", _MS),
    Figure("solver_late_steps", "counter", "Steps that came too late", "solver.late"),
    Figure("capsules_installed", "gauge", "Capsules in the library", "capsules.installed"),
    Figure("capsule_cache_bytes", "gauge", "Device memory used", "capsules.used_mib", MIB),
    Figure("capsule_cache_limit_bytes", "gauge", "Device memory allowed", "capsules.cap_mib", MIB),
    Figure("capsule_cache_hits", "counter", "Capsules that were on the device", "capsules.hits"),
    Figure("capsule_cache_misses", "counter", "Capsules that were not", "capsules.misses"),
    Figure("capsule_cache_evictions", "counter", "Capsules dropped for others", "capsules.evictions"),
    Figure("process_cpu_ratio", "gauge", "Of one core", "process.cpu_percent", 0.01),
    Figure("process_resident_memory_bytes", "gauge", "All processes of the daemon", "process.rss_mib", MIB),
    Figure("process_threads", "gauge", "Threads", "process.threads"),
    Figure("stage_restarts", "counter", "Stages restarted in place", "service.stage_restarts"),
    Figure("temperature_celsius", "gauge", "Sensors", "system.cpu_temp_c", labels={"sensor": "cpu"}),
    Figure("temperature_celsius", "gauge", "Sensors", "system.gpu_temp_c", labels={"sensor": "gpu"}),
    Figure("gpu_load_ratio", "gauge", "Load of the GPU", "system.gpu_load_percent", 0.01),
    Figure("gpu_memory_used_bytes", "gauge", "Memory of the GPU in use", "system.gpu_memory_used_mib", MIB),
    Figure("disk_free_bytes", "gauge", "Of the disk with the state folder", "system.disk_free_mib", MIB),
    Figure("power_watts", "gauge", "Power drawn", "system.power_w"),
    Figure("throttled", "gauge", "Whether the box is slowed down by heat or power", "system.throttled"),
    Figure("mqtt_connected", "gauge", "Whether the broker is reached", "mqtt.connected"),
    Figure("mqtt_reconnects", "counter", "Connections to the broker after the first", "mqtt.reconnects"),
    Figure("mqtt_dropped_messages", "counter", "Messages given up", "mqtt.dropped"),
    Figure("http_requests", "counter", "Requests to the HTTP API", "web.requests"),
    Figure("http_viewers", "gauge", "Who watches the face", "web.viewers"),
)


def expose(health: Mapping[str, Any] | None, device: str, version: str) -> bytes:
    """The text. ``health``: as over MQTT; None: no daemon answers."""
    registry = CollectorRegistry()
    registry.register(_Health(health, device, version))
    return generate_latest(registry)


class _Health(Collector):
    def __init__(self, health: Mapping[str, Any] | None, device: str, version: str) -> None:
        self._health, self._device, self._version = health, device, version

    def collect(self) -> Iterator[Metric]:
        yield GaugeMetricFamily("visaged_up", "Whether the daemon answers", value=float(self._health is not None))
        yield InfoMetricFamily("visaged", "The box", value={"device": self._device, "version": self._version})
        if self._health is not None:
            yield from _families(self._health)
            problems = GaugeMetricFamily("visaged_problem", "1 while a problem lasts", labels=["code"])
            for problem in self._health.get("problems", ()):
                problems.add_metric([str(problem["code"])], 1.0)
            yield problems


def _families(health: Mapping[str, Any]) -> Iterator[Metric]:
    families: dict[str, CounterMetricFamily | GaugeMetricFamily] = {}
    for figure in FIGURES:
        value = _at(health, figure.path)
        if value is None:
            continue
        if figure.name not in families:
            kind = CounterMetricFamily if figure.kind == "counter" else GaugeMetricFamily
            families[figure.name] = kind(f"visaged_{figure.name}", figure.about, labels=list(figure.labels))
        families[figure.name].add_metric(list(figure.labels.values()), figure.factor * value)
    yield from families.values()


def _at(health: Mapping[str, Any], path: str) -> float | None:
    found: Any = health
    for part in path.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return float(found) if isinstance(found, (int, float)) else None
