"""The control side of the daemon: health, commands, the local socket, MQTT. Started last; the face needs none of it."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from visaged.app import latency, reload
from visaged.app.commands.capsules import CapsuleCommands
from visaged.app.commands.config import serve_config
from visaged.app.commands.device import DeviceCommands
from visaged.app.commands.face import FaceCommands
from visaged.app.commands.install import serve_install
from visaged.app.commands.models import ModelCommands
from visaged.app.commands.mood import MoodCommands
from visaged.app.commands.recording import RecordingCommands
from visaged.app.commands.status import StatusCommands
from visaged.app.health_checks import failures_of
from visaged.app.mqtt import MqttControl
from visaged.app.recorder import Recorder, recordings_folder
from visaged.app.stages import Stages
from visaged.config import Settings
from visaged.config.load import ConfigError
from visaged.control.config_handlers import ConfigHandlers, ConfigHooks
from visaged.control.config_store import ConfigStore
from visaged.control.dispatcher import Dispatcher, Incoming
from visaged.control.health import HealthBuilder
from visaged.control.local.bind import ControlSocketError
from visaged.control.local.paths import bind_path
from visaged.control.local.socket import ControlSocket
from visaged.control.process import ProcessFigures
from visaged.control.protocol.events import Events
from visaged.control.protocol.refusal import Refusal
from visaged.instance import default_settings_path
from visaged.system.sensors import Sensors

log = logging.getLogger(__name__)

_DATA: Final = Path("/var/lib/visaged")


class Control:
    """Everything that commands come in by and figures go out by."""

    def __init__(
        self, stages: Stages, config_path: Path | None, overrides: Sequence[str], restart_wanted: threading.Event
    ) -> None:
        """``overrides``: the --set items of the command line, which stay above the file at ``config_path``."""
        self._stages = stages
        settings = stages.settings
        self.events = Events()
        self.health = HealthBuilder(stages.metrics, stages.problems, ProcessFigures(self._pids))
        # Below all that moves the face, above the rest of the machine: a command must show in the next frame, and
        # a thread that holds the interpreter lock must not be held up itself.
        priority = max(settings.runtime.realtime_priority - 2, 0)
        self._dispatcher = Dispatcher(
            settings.device.id, stages.metrics, self.events, problems=stages.problems, realtime_priority=priority
        )
        self._socket = ControlSocket(bind_path(), self._dispatcher, stages.problems, realtime_priority=priority)
        stages.metrics.provide("control.turned_away", lambda: self._socket.turned_away)
        self.mqtt = MqttControl(
            self._dispatcher, self.events, self.health, stages.metrics, stages.problems, realtime_priority=priority
        )
        self._face = FaceCommands(stages)
        self._recorder = Recorder(recordings_folder(), stages.animation.history, stages.problems)
        hooks = ConfigHooks(
            apply=self._apply,
            ticks=lambda: int(stages.metrics.values().get("livelink.ticks") or 0),
            broker_reached=self.mqtt.reached,
            failures=lambda: failures_of(stages),
        )
        store = ConfigStore(config_path or default_settings_path())
        self._config = ConfigHandlers(store, settings, hooks, self.events, overrides)
        self._serve(restart_wanted)
        stages.problems.listen(self.events.tell_problem)

    def start(self) -> None:
        """Take commands. What is in the way of that is a problem, not an end."""
        self._dispatcher.start()
        try:
            self._socket.start()
        except ControlSocketError as error:
            remedy = "visaged capsules play and other local commands do not reach this daemon until then"
            self._stages.problems.open("control_socket", str(error), remedy)
        self.mqtt.use(self._stages.settings)

    def stop(self) -> None:
        """Say goodbye to the broker, answer what waits, end."""
        self._config.stop()
        self._dispatcher.stop()
        self._recorder.stop()
        self.mqtt.stop()
        self._socket.stop()

    def submit(self, incoming: Incoming) -> None:
        """Hand in a request as a transport does (any thread)."""
        self._dispatcher.submit(incoming)

    def reload(self) -> None:
        """Read the settings file again. What is wrong with it is a problem until it is read well; the face goes on."""
        problems = self._stages.problems
        problems.clear("config_rejected")
        try:
            changed, waiting = self._config.reload(), self._config.waiting()
        except (ConfigError, Refusal) as error:
            words = error.message if isinstance(error, Refusal) else str(error)
            remedy = "The settings before go on. Correct it (visaged config check), then: systemctl reload visaged"
            problems.open("config_rejected", words, remedy)
        else:
            log.info("settings read again: %s", ", ".join(changed) or "nothing has changed")
            if waiting:
                log.warning("these take effect at the next start: %s", ", ".join(waiting))

    def _apply(self, settings: Settings) -> None:
        """Run with ``settings`` from now on. Raises Refusal, with nothing changed."""
        others: reload.Uses = [
            (("face.", "animation."), lambda: self._face.use(settings)),
            (("mqtt.", "device.groups"), lambda: self.mqtt.use(settings)),
        ]
        reload.apply(self._stages, settings, others)

    def _serve(self, restart_wanted: threading.Event) -> None:
        """Register every command, and tell health what each section is made of."""
        stages, registry, add = self._stages, self._dispatcher.registry, self.health.add
        mood = MoodCommands(stages.capsules)
        StatusCommands(self.health).serve(registry)
        self._face.serve(registry)
        CapsuleCommands(stages.capsules).serve(registry)
        mood.serve(registry)
        serve_config(registry, self._config)
        ModelCommands(stages.model_roots, stages.selection, self.events).serve(registry)
        DeviceCommands(stages, restart_wanted).serve(registry)
        RecordingCommands(self._recorder, stages).serve(registry)
        serve_install(registry, stages, self.events)
        if missing := registry.missing():
            log.error("commands without a handler: %s", ", ".join(missing))
        add("face", lambda: self._face.health() | mood.mood().model_dump())
        add("latency", lambda: latency.health(stages))
        add("system", Sensors(_DATA).fields)
        add("capsules", self._capsules)
        add("codec", stages.converse.health)
        add("conversation", stages.converse.conversation_health)
        add("solver", self._solver)

    def _pids(self) -> tuple[int, ...]:
        """The processes of this daemon: its own, the sender's, the page's, and that of a solver which has one."""
        sender = self._stages.output.pid
        web = self._stages.web.pid if "web" in vars(self._stages) else None
        own = (os.getpid(), *(pid for pid in (sender, web) if pid is not None))
        return (*own, *self._stages.selection.manager.pids())

    def _solver(self) -> Mapping[str, Any]:
        stages = self._stages
        manager = stages.selection.manager
        return {
            "precision": manager.precision,
            "providers": manager.providers or None,
            "lookahead_ms": round(stages.solver.lookahead_ms, 1),
            "hop_ms": stages.metrics.gauge("neurosync.hop_ms").value,
        }

    def _capsules(self) -> Mapping[str, Any]:
        figures = self._stages.capsules.statistics()
        return {key: figures[key] for key in ("cached", "used_mib", "cap_mib", "hits", "misses", "evictions", "device")}
