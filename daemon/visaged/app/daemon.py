"""The daemon: the boot list, supervision, reload, and the end. The stages themselves are made in assembly.py."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from visaged.app import latency
from visaged.app.assembly import assemble
from visaged.app.flood_watch import FloodWatch
from visaged.app.folder_watch import FolderWatch
from visaged.app.load_shedding import LoadShedding
from visaged.app.resource_watch import ResourceWatch
from visaged.app.systemd import SystemdService
from visaged.app.voice_events import VoiceEvents
from visaged.clock import now_ns
from visaged.config import CapsuleSettings
from visaged.config.safe_mode import Loaded
from visaged.guard import describe
from visaged.inference.find import search_roots
from visaged.system.last_end import EndRecord, state_folder
from visaged.system.notify import Notifier
from visaged.system.pressure import MemoryShortage
from visaged.system.sensors import Sensors

if TYPE_CHECKING:
    from visaged.app.control import Control

log = logging.getLogger(__name__)

# No such folder: Debian's policy says so.
_NO_FOLDER: Final = Path("/nonexistent/visaged")
# Long enough not to be a jerk, short enough for a person who waits for the prompt.
_EASE_OUT_MS: Final = 300.0
# Then a tick must have been rendered, so that the last packet is at rest; at 24 fps they are 42 ms apart.
_REST_MS: Final = 50.0


class Daemon:
    """One face. ``start``, then ``supervise`` a few times a second, then ``stop``; all from one thread."""

    control: Control | None = None
    """From ``start`` on; None where it could not be made."""

    def __init__(self, loaded: Loaded, overrides: Sequence[str] = (), models_dir: Path | None = None) -> None:
        """``overrides``: the --set items that ``loaded`` was made with; ``models_dir``: searched before all others."""
        self._loaded = loaded
        self._overrides = tuple(overrides)
        self.restart_wanted = threading.Event()
        """Set by the command ``restart``: stop cleanly and start again."""
        self._voice_events = VoiceEvents()
        self.stages = assemble(loaded, search_roots(models_dir), self._voice_events)
        self._load_shedding = LoadShedding(self.stages.selection.degradation, Sensors(Path("/")), MemoryShortage())
        self._resource_watch = ResourceWatch(self.stages.problems)
        self._flood_watch = FloodWatch(self.stages.metrics, self.stages.problems)
        self._folder_watch = FolderWatch(loaded.path, state_folder(), self.stages.problems)
        if loaded.safe_mode:
            remedy = "The face runs on idle. Correct it; check with: visaged config check"
            self.stages.problems.open("config_rejected", "; ".join(map(str, loaded.issues)), remedy)

    def start(self) -> None:
        """The boot list. The face moves as soon as the second line is done; nothing after it may hold it up."""
        stages = self.stages
        stages.output.start()
        stages.animation.delay_ns = latency.face_delay_ns(stages)
        stages.animation.start(stages.output.schedule)
        stages.capture.start()
        stages.solver.start()
        stages.playback.start()
        stages.selection.start()
        self._try("capsules", self._start_capsules)
        self._try("control", self._start_control)
        self.service = SystemdService(stages, self.restart_wanted, Notifier(), EndRecord(state_folder()))
        if self.control is not None:
            self.control.health.add("service", self.service.health)
        self._try("web", self._start_web)
        self._try("clashes", self._look_for_clashes)
        self.supervise()

    def supervise(self) -> None:
        """Look after what changes slowly, and after the stages."""
        self.stages.animation.budget_ns = latency.voice_to_packet_ns(self.stages)
        self.stages.animation.delay_ns = latency.face_delay_ns(self.stages)
        self._load_shedding.update(now_ns())
        self._folder_watch.update(now_ns())
        self._resource_watch.update(now_ns())
        self._flood_watch.update(now_ns())
        if "capsules" in vars(self.stages):
            valence, arousal, _ = self.stages.capsules.emotion()
            self.stages.output.show_mood(valence, arousal)
        self.service.update()

    def reload(self) -> None:
        """Read the settings file again and run with it."""
        self.service.reloading()
        if self.control is not None:
            self.control.reload()

    def stop(self) -> None:
        """Ease the face to rest, send the last packet, end every thread."""
        stages = self.stages
        self.service.stopping(again=self.restart_wanted.is_set())
        if "web" in vars(stages):
            stages.web.stop()
        stages.converse.stop()
        if self.control is not None:
            self.control.stop()
        stages.animator.ease_to_neutral(now_ns(), _EASE_OUT_MS)
        time.sleep((_EASE_OUT_MS + _REST_MS) / 1000)
        stages.output.stop()
        stages.animation.stop()
        if "capsules" in vars(stages):
            stages.capsules.stop()
        stages.playback.stop()
        stages.solver.stop()
        stages.selection.manager.close()
        stages.capture.stop()
        self.service.ended()

    def _try(self, name: str, start: Callable[[], None]) -> None:
        """Start what the face does not need: when that fails it is a problem, not the end."""
        try:
            start()
        except Exception as error:
            log.exception("%s could not be started", name)
            remedy = "The face goes on without. Restart visaged; report it with the log: journalctl -u visaged"
            self.stages.problems.open(f"start_failed_{name}", f"{name} could not be started: {describe(error)}", remedy)

    def _start_capsules(self) -> None:
        # Imported late, like the control side: the face is on its way before they are read from disk.
        from visaged.app.capsules import start_capsules  # noqa: PLC0415
        from visaged.app.line_decoder import LineDecoder  # noqa: PLC0415

        stages = self.stages
        decoder = LineDecoder(lambda: stages.settings, stages.model_roots, stages.problems)

        def start(settings: CapsuleSettings) -> None:
            stages.capsules = start_capsules(
                settings, stages.line_voice, self._voice_events.capsule, stages.problems, decoder
            )

        try:
            start(stages.settings.capsules)
        except Exception:
            # What is built in can be shown all the same, and commands find somebody to ask.
            start(CapsuleSettings(library=_NO_FOLDER, device="host", pinned=[]))
            raise
        finally:
            if "capsules" in vars(stages):
                player = stages.capsules.layer
                stages.animator.add_layer("capsules", player)
                stages.animator.voice_gives_way = lambda: player.speaks

    def _start_web(self) -> None:
        from visaged.web.process import WebProcess  # noqa: PLC0415

        stages = self.stages
        web = WebProcess(
            stages.settings,
            stages.model_roots,
            stages.problems,
            stages.metrics,
            board_fd=lambda: stages.output.board_fd,
            ready=lambda: stages.output.ticks > 0,
        )
        stages.web = web
        web.start()
        if self.control is not None:
            self.control.health.add("web", web.health)

    def _look_for_clashes(self) -> None:
        from visaged.config.clashes import clashes  # noqa: PLC0415
        from visaged.instance import FOLDER  # noqa: PLC0415

        if FOLDER.is_dir() and (found := clashes(self.stages.settings)):
            remedy = "Give each face its own: the settings files are in /etc/visaged and /etc/visaged/instances"
            self.stages.problems.open("instance_clash", "; ".join(found), remedy)

    def _start_control(self) -> None:
        from visaged.app.control import Control  # noqa: PLC0415
        from visaged.conversation.parts import Partners  # noqa: PLC0415

        stages = self.stages
        control = self.control = Control(stages, self._loaded.path, self._overrides, self.restart_wanted)
        try:
            control.start()
        finally:
            events = control.events
            self._voice_events.attach(stages, events)
            partners = Partners(control.mqtt, events.tell, stages.playback, stages.line_voice, stages.capsules)
            stages.converse.start(partners)
