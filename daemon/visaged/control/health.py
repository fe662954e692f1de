"""Builds the health message from the metrics, the problems and /proc; well under a millisecond.

Sections come from the metrics by name; what they do not hold (mode, providers, cache, sensors) the daemon ``add``s.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from typing import Any, Final, Literal, get_args

from visaged import __version__
from visaged.clock import NS_PER_S, now_ns
from visaged.control.process import ProcessFigures
from visaged.control.protocol.health_model import (
    AudioHealth,
    CapsulesHealth,
    CodecHealth,
    ConversationHealth,
    FaceHealth,
    Health,
    IFacialMocapHealth,
    LatencyHealth,
    LiveLinkHealth,
    MqttHealth,
    ProblemHealth,
    ServiceHealth,
    SolverHealth,
    State,
    SystemHealth,
    VmcHealth,
    WebHealth,
)
from visaged.metrics import Distribution, Metrics
from visaged.problems import Problems
from visaged.windowed_metrics import WindowedMetrics

Section = Literal[
    "livelink",
    "latency",
    "audio",
    "solver",
    "codec",
    "conversation",
    "capsules",
    "face",
    "service",
    "system",
    "mqtt",
    "web",
]
Source = Callable[[], Mapping[str, Any]]

MINOR: Final = frozenset(
    {
        "audio_input_stand_in",
        "audio_output_stand_in",
        "command_flood",
        "instance_clash",
        "livelink_not_realtime",
        "mqtt_not_allowed",
        "mqtt_id_taken",
        "recording",
        "web_certificate",
        "web_password",
        "web_port",
        "web_process",
    }
)
"""Problems with which the face is still as it should be: they are listed, the state stays ``online``."""

_TICKS: Final = "livelink.ticks"
_GAP, _LATENCY, _STEP = "livelink.gap_error", "latency.voice_to_packet", "solver.step"


class HealthBuilder:
    """Any thread may ask; one at a time is answered."""

    def __init__(self, metrics: Metrics, problems: Problems, process: ProcessFigures) -> None:
        self._metrics = metrics
        self._problems = problems
        self._process = process
        self._sources: dict[str, list[Source]] = {}
        self._started_ns = now_ns()
        self._windowed = WindowedMetrics(
            metrics, self._started_ns, counts=(_TICKS,), histograms=(_GAP, _LATENCY, _STEP)
        )
        self._lock = threading.Lock()

    def add(self, section: Section, source: Source) -> None:
        """Lay the fields that ``source()`` gives over a section; asked at every health: quick, and never raises."""
        if section not in get_args(Section):
            raise ValueError(f"'{section}' is not one of {', '.join(get_args(Section))}")
        self._sources.setdefault(section, []).append(source)

    @property
    def uptime_s(self) -> float:
        """Since this was made, s."""
        return round((now_ns() - self._started_ns) / NS_PER_S, 1)

    def state(self) -> State | None:
        """online or degraded; None until the first packet went out."""
        ticks = self._metrics.sources.get(_TICKS)
        if ticks is None or not ticks():
            return None
        return "degraded" if any(problem.code not in MINOR for problem in self._problems.current()) else "online"

    def build(self) -> Health:
        """The health now."""
        with self._lock:
            return self._build()

    def _build(self) -> Health:
        values = self._metrics.values()
        window = self._windowed.read(now_ns())
        took = window.histograms
        get = values.get
        return Health(
            state=self.state() or "degraded",
            time=datetime.now(timezone.utc),
            uptime_s=self.uptime_s,
            version=__version__,
            livelink=LiveLinkHealth.model_validate(
                {
                    "fps": None if get(_TICKS) is None else _round(window.rates[_TICKS]),
                    "packets": get("livelink.packets"),
                    "gap_p99_ms": _percentile(took[_GAP], 99),
                    "late": get("livelink.late"),
                    **self._added("livelink"),
                }
            ),
            vmc=VmcHealth.model_validate({name: get(f"vmc.{name}") for name in VmcHealth.model_fields}),
            ifacialmocap=IFacialMocapHealth.model_validate(
                {name: get(f"ifacialmocap.{name}") for name in IFacialMocapHealth.model_fields}
            ),
            latency=LatencyHealth.model_validate(
                {f"voice_to_packet_p{percent}_ms": _percentile(took[_LATENCY], percent) for percent in (50, 95, 99)}
                | self._added("latency")
            ),
            audio=AudioHealth.model_validate(
                {
                    **{name: get(f"audio.{name}") for name in ("input", "level_dbfs", "xruns", "silent_s")},
                    **self._added("audio"),
                }
            ),
            solver=SolverHealth.model_validate(
                {
                    "name": get("solver.name"),
                    "step_p99_ms": _percentile(took[_STEP], 99),
                    "late": get("solver.late"),
                    **self._added("solver"),
                }
            ),
            codec=CodecHealth.model_validate(self._added("codec")),
            conversation=ConversationHealth.model_validate(self._added("conversation")),
            capsules=CapsulesHealth.model_validate(self._added("capsules")),
            face=FaceHealth.model_validate(self._added("face")),
            process=self._process.read(),
            service=ServiceHealth.model_validate(self._added("service")),
            system=SystemHealth.model_validate(self._added("system")),
            mqtt=MqttHealth.model_validate(self._added("mqtt")),
            web=WebHealth.model_validate(self._added("web")),
            problems=tuple(
                ProblemHealth(code=problem.code, since=problem.since, message=problem.message, remedy=problem.remedy)
                for problem in self._problems.current()
            ),
        )

    def _added(self, section: Section) -> dict[str, Any]:
        fields: dict[str, Any] = {}
        for source in self._sources.get(section, ()):
            fields.update(source())
        return fields


def _percentile(distribution: Distribution, percent: float) -> float | None:
    return _round(distribution.percentile_ms(percent), 3)


def _round(value: float | None, digits: int = 1) -> float | None:
    return None if value is None else round(value, digits)
