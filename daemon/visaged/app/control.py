"""The control side of the daemon: health, commands, the local socket, MQTT. Started last; the face needs none of it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from visaged.app import reload as wiring_settings
from visaged.app.box import Box
from visaged.app.commands.capsules import CapsuleCommands, MoodCommands
from visaged.app.commands.device import DeviceCommands
from visaged.app.commands.errors import capsule_refusals
from visaged.app.commands.face import FaceCommands
from visaged.app.commands.models import ModelCommands
from visaged.capsules.errors import CapsuleError
from visaged.config import Settings
from visaged.config.load import DEFAULT_PATH, ConfigError
from visaged.control.config_handlers import ConfigHandlers, ConfigHooks
from visaged.control.config_store import ConfigStore
from visaged.control.dispatcher import Dispatcher
from visaged.control.handlers import (
    capsule_table,
    config_table,
    device_table,
    face_table,
    install_table,
    model_table,
    mood_table,
    status_table,
)
from visaged.control.health import HealthBuilder
from visaged.control.install import Installer, InstallHooks
from visaged.control.local.bind import ControlSocketError
from visaged.control.local.paths import bind_path
from visaged.control.local.socket import ControlSocket
from visaged.control.model_zip import install_model_zip
from visaged.control.mqtt.link_sources import LinkSources
from visaged.control.process import ProcessFigures
from visaged.control.protocol.commands.capsules import PackInstalled
from visaged.control.protocol.commands.models import ModelInstalled
from visaged.control.protocol.events import Events
from visaged.control.protocol.refusal import Refusal
from visaged.control.status import Status
from visaged.doctor import conversation, machine, models, network
from visaged.inference.find import BOX_ROOT
from visaged.signing import KEYS_DIR, load_public_keys, verify
from visaged.system.sensors import Sensors

if TYPE_CHECKING:
    from visaged.control.mqtt.link import MqttLink

log = logging.getLogger(__name__)

_DOWNLOADS: Final = Path("/var/cache/visaged/downloads")
_DATA: Final = Path("/var/lib/visaged")


class Control:
    """Everything that commands come in by and figures go out by."""

    def __init__(self, daemon: Box) -> None:
        self._daemon = daemon
        self.events = Events()
        pid = daemon.output_pids
        self.health = HealthBuilder(daemon.metrics, daemon.problems, ProcessFigures(pid))
        self.face = FaceCommands(daemon.animator, daemon.capture, daemon.playback, daemon.converse, daemon.settings)
        self._mood = MoodCommands(daemon.capsules)
        self._sensors = Sensors(_DATA)
        # Below all that moves the face, above the rest of the machine: a command must show in the next frame, and
        # a thread that holds the interpreter lock must not be held up itself.
        self._priority = max(daemon.settings.runtime.realtime_priority - 2, 0)
        self._dispatcher = Dispatcher(
            daemon.settings.device.id, daemon.metrics, self.events, realtime_priority=self._priority
        )
        self._socket = ControlSocket(bind_path(), self._dispatcher, realtime_priority=self._priority)
        self._link: MqttLink | None = None
        self._codec_down: Callable[[bytes], None] | None = None
        hooks = ConfigHooks(
            apply=lambda settings: wiring_settings.apply(daemon, settings),
            ticks=lambda: int(daemon.metrics.values().get("livelink.ticks") or 0),
            broker_reached=lambda: self._link is not None and self._link.reached_ns is not None,
        )
        store = ConfigStore(daemon.config_path or DEFAULT_PATH)
        self._config = ConfigHandlers(store, daemon.settings, hooks, self.events, daemon.overrides)
        self._serve()
        self._tell_health()
        daemon.problems.listen(self.events.tell_problem)

    def start(self) -> None:
        """Take commands. What is in the way of that is a problem, not an end."""
        self._dispatcher.start()
        try:
            self._socket.start()
        except ControlSocketError as error:
            remedy = "visaged capsules play and other local commands do not reach this daemon until then"
            self._daemon.problems.open("control_socket", str(error), remedy)
        if self._daemon.settings.mqtt.enabled:
            self._start_mqtt(self._daemon.settings)

    def stop(self) -> None:
        """Say goodbye to the broker, answer what waits, end."""
        self._config.stop()
        self._dispatcher.stop()
        self._stop_mqtt()
        self._socket.stop()

    def reload(self) -> None:
        """Read the settings file again. What is wrong with it is a problem until it is read well; the face goes on."""
        problems = self._daemon.problems
        problems.clear("config_rejected")
        try:
            changed = self._config.reload()
        except (ConfigError, Refusal) as error:
            words = error.message if isinstance(error, Refusal) else "; ".join(map(str, error.issues))
            remedy = "The settings before go on. Correct it (visaged config check), then: systemctl reload visaged"
            problems.open("config_rejected", words, remedy)
        else:
            log.info("settings read again: %s", ", ".join(changed) or "nothing has changed")

    def use_mqtt(self, settings: Settings) -> None:
        """Another broker, or none."""
        if self._link is not None and settings.mqtt.enabled:
            self._link.reconfigure(settings.mqtt, settings.device.groups)
        elif settings.mqtt.enabled:
            self._start_mqtt(settings)
        else:
            self._stop_mqtt()

    def send_codec(self, message: bytes) -> bool:
        """Publish a codec message now or never (any thread)."""
        link = self._link
        return link is not None and link.send_codec(message)

    def take_codec(self, take: Callable[[bytes], None] | None) -> None:
        """Give the codec messages that come in to ``take``; None: to nobody."""
        self._codec_down = take
        if self._link is not None:
            self._link.take_codec(take)

    def _start_mqtt(self, settings: Settings) -> None:
        # paho and TLS are a tenth of a second of imports that a box without a broker need not wait for.
        from visaged.control.mqtt.discovery import announcement  # noqa: PLC0415
        from visaged.control.mqtt.link import MqttLink  # noqa: PLC0415

        self._link = MqttLink(
            settings.mqtt,
            device_id=settings.device.id,
            groups=settings.device.groups,
            dispatcher=self._dispatcher,
            sources=LinkSources(
                state=self.health.state,
                health=self.health.build,
                discovery=lambda topics: announcement(topics, settings.device.id),
            ),
            metrics=self._daemon.metrics,
            problems=self._daemon.problems,
            realtime_priority=self._priority,
        )
        self._link.take_codec(self._codec_down)
        self.events.listen(self._link.tell)
        self._link.start()

    def _stop_mqtt(self) -> None:
        link, self._link = self._link, None
        if link is not None:
            self.events.forget(link.tell)
            link.stop()

    def _serve(self) -> None:
        daemon, serve = self._daemon, self._dispatcher.serve
        serve(status_table(Status(self.health)))
        serve(face_table(self.face))
        serve(capsule_table(CapsuleCommands(daemon.capsules)))
        serve(mood_table(self._mood))
        serve(config_table(self._config))
        serve(model_table(ModelCommands(daemon.model_roots, daemon.solvers, daemon.use_package)))
        serve(
            device_table(
                DeviceCommands(
                    daemon.animation.history,
                    lambda: daemon.output.schedule,
                    lambda: (
                        *machine.check(daemon.settings),
                        *network.check(daemon.settings),
                        *models.check(daemon.settings),
                        *conversation.check(daemon.settings, daemon.model_roots),
                    ),
                    daemon.restart_wanted.set,
                )
            )
        )
        serve(install_table(self._installer()))

    def _installer(self) -> Installer:
        # urllib and ssl: as above.
        from visaged.control.download import Downloader  # noqa: PLC0415

        daemon = self._daemon
        hooks = InstallHooks(self._install_pack, _install_model, lambda: daemon.line_voice.playing)
        return Installer(Downloader(_DOWNLOADS).fetch, hooks, self.events)

    def _install_pack(self, path: Path) -> PackInstalled:
        with capsule_refusals():
            record = self._daemon.capsules.install_pack(path)
        manifest = record.manifest
        return PackInstalled(name=manifest.name, version=manifest.version, capsules=len(manifest.files))

    def _tell_health(self) -> None:
        add, daemon = self.health.add, self._daemon
        add("face", lambda: self.face.health() | self._mood.mood().model_dump())
        add("system", self._sensors.fields)
        add("capsules", self._capsules)
        add("codec", daemon.converse.health)
        add("solver", self._solver)
        add("mqtt", lambda: {} if self._link is None else self._link.figures().model_dump())

    def _solver(self) -> Mapping[str, Any]:
        daemon = self._daemon
        return {
            "precision": daemon.solvers.precision,
            "providers": daemon.solvers.providers or None,
            "lookahead_ms": round(daemon.solver.lookahead_ms, 1),
            "hop_ms": daemon.metrics.gauge("neurosync.hop_ms").value,
        }

    def _capsules(self) -> Mapping[str, Any]:
        figures = self._daemon.capsules.statistics()
        return {key: figures[key] for key in ("cached", "used_mib", "cap_mib", "hits", "misses", "evictions", "device")}


def _install_model(path: Path) -> ModelInstalled:
    keys = None
    try:
        keys = load_public_keys(KEYS_DIR)
    except CapsuleError as error:
        log.warning("%s", error)

    def trusted(message: bytes, signature: bytes) -> bool:
        return keys is not None and verify(message, signature, keys) is not None

    return install_model_zip(path, BOX_ROOT, trusted)
