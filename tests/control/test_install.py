from __future__ import annotations

import threading
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from visaged.control.install import Installer, InstallHooks
from visaged.control.protocol.commands.capsules import PackInstall, PackInstalled
from visaged.control.protocol.commands.models import ModelInstalled, ModelsInstall
from visaged.control.protocol.events import Event, Events
from visaged.control.protocol.refusal import Refusal
from visaged.control.registry import Progress

_URL, _SHA256 = "https://packs.example/a.pack", "0" * 64


@dataclass
class Box:
    """Installs whatever comes, when it does not speak."""

    folder: Path
    speaking: bool = False
    refuse: Refusal | None = None
    told: list[Event] = field(default_factory=list)
    doing: list[str] = field(default_factory=list)
    installed: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        events = Events()
        events.listen(self.told.append)
        hooks = InstallHooks(self._pack, self._model, lambda: self.speaking)
        self.installer = Installer(self._fetch, hooks, events, wait_s=0.3)
        self.part = self.folder / "part"

    def note(self, doing: str, percent: float | None) -> None:
        self.doing.append(doing)
        if doing == "waiting for a pause":
            threading.Timer(0.05, self._pause).start()

    def _pause(self) -> None:
        self.speaking = False

    def _fetch(self, url: str, sha256: str, progress: Progress) -> Path:
        self.part.write_bytes(url.encode())
        return self.part

    def _pack(self, path: Path) -> PackInstalled:
        if self.refuse is not None:
            raise self.refuse
        self.installed.append(path.read_bytes())
        return PackInstalled(name="starter", version="1.1.0", capsules=60)

    def _model(self, path: Path) -> ModelInstalled:
        self.installed.append(path.read_bytes())
        return ModelInstalled(kind="lipsync", name="lipsync", version="1.2.0")


def test_a_pack_is_fetched_installed_and_told(tmp_path: Path) -> None:
    box = Box(tmp_path)
    box.installer.pack_install(PackInstall(url=_URL, sha256=_SHA256), box.note)
    assert box.installed == [_URL.encode()]
    assert (box.told[0].event, box.told[0].data["name"]) == ("pack_installed", "starter")
    assert not box.part.exists()


def test_a_model_too(tmp_path: Path) -> None:
    box = Box(tmp_path)
    box.installer.models_install(ModelsInstall(url=_URL, sha256=_SHA256), box.note)
    assert box.told[0].event == "model_installed"


def test_it_waits_for_the_end_of_a_line(tmp_path: Path) -> None:
    box = Box(tmp_path, speaking=True)
    box.installer.pack_install(PackInstall(url=_URL, sha256=_SHA256), box.note)
    assert box.doing == ["waiting for a pause", "installing"]
    assert not box.speaking


def test_a_line_without_end_is_said_and_what_was_fetched_stays(tmp_path: Path) -> None:
    box = Box(tmp_path, speaking=True)
    with pytest.raises(Refusal, match="playing") as caught:
        box.installer.pack_install(PackInstall(url=_URL, sha256=_SHA256), lambda doing, percent: None)
    assert caught.value.code == "busy"
    assert box.part.exists()
    assert box.installed == []


def test_forced_it_does_not_wait(tmp_path: Path) -> None:
    box = Box(tmp_path, speaking=True)
    box.installer.pack_install(PackInstall(url=_URL, sha256=_SHA256, force=True), box.note)
    assert box.doing == ["installing"]


def test_a_pack_that_is_refused_tells_nothing_and_is_removed(tmp_path: Path) -> None:
    box = Box(tmp_path, refuse=Refusal("refused", "not signed by a key of this box"))
    with pytest.raises(Refusal, match="not signed"):
        box.installer.pack_install(PackInstall(url=_URL, sha256=_SHA256), box.note)
    assert box.told == []
    assert not box.part.exists()
