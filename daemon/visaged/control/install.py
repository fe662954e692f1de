"""pack.install and models.install: fetch, wait for a pause in speech, install, tell."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from visaged.control.download import Fetch
from visaged.control.protocol.commands.capsules import PackInstall, PackInstalled
from visaged.control.protocol.commands.download import Download
from visaged.control.protocol.commands.models import ModelInstalled, ModelsInstall
from visaged.control.protocol.events import Events
from visaged.control.protocol.refusal import Refusal
from visaged.control.registry import Progress

# A spoken line is seconds long; a box that talks for a minute without a pause says so instead of waiting on.
_WAIT_S: Final = 60.0
_LOOK_S: Final = 0.1


@dataclass(frozen=True)
class InstallHooks:
    """What the daemon supplies; the installers raise Refusal with nothing changed."""

    install_pack: Callable[[Path], PackInstalled]
    install_model: Callable[[Path], ModelInstalled]
    playing: Callable[[], bool]
    """Whether a line is playing now."""


class Installer:
    """handlers.InstallHandlers over a downloader (worker thread)."""

    def __init__(self, fetch: Fetch, hooks: InstallHooks, events: Events, wait_s: float = _WAIT_S) -> None:
        self._fetch = fetch
        self._hooks = hooks
        self._events = events
        self._wait_s = wait_s

    def pack_install(self, request: PackInstall, progress: Progress) -> PackInstalled:
        """Fetch and install a capsule pack."""
        path = self._get(request, progress)
        try:
            installed = self._hooks.install_pack(path)
        finally:
            path.unlink(missing_ok=True)
        self._events.tell("pack_installed", **installed.model_dump())
        return installed

    def models_install(self, request: ModelsInstall, progress: Progress) -> ModelInstalled:
        """Fetch and install a model package; models.select makes the box use it."""
        path = self._get(request, progress)
        try:
            installed = self._hooks.install_model(path)
        finally:
            path.unlink(missing_ok=True)
        self._events.tell("model_installed", **installed.model_dump())
        return installed

    def _get(self, request: Download, progress: Progress) -> Path:
        path = self._fetch(request.url, request.sha256, progress)
        if not request.force:
            self._await_pause(progress)
        progress("installing", None)
        return path

    def _await_pause(self, progress: Progress) -> None:
        deadline = time.monotonic() + self._wait_s
        if self._hooks.playing():
            progress("waiting for a pause", None)
        while self._hooks.playing():
            if time.monotonic() > deadline:
                # What was fetched stays: the next try starts with the installation.
                raise Refusal("busy", "a line is playing and does not end; send again, or force", "force")
            time.sleep(_LOOK_S)
