"""What two faces of one box must not share, found in their settings files: ids, ports, microphones, subjects."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

from visaged.config.load import ConfigError, read_source, validate
from visaged.config.outputs import parse_livelink_target
from visaged.config.schema import Settings
from visaged.instance import FOLDER, instance_name, looking_at, main_settings_path

_MOST: Final = 64


def clashes(settings: Settings, folder: Path = FOLDER) -> list[str]:
    """A sentence for each thing that another face of this box has, too. Files that are wrong are left out."""
    own = instance_name()
    found = []
    for name, path in _others(own, folder):
        try:
            other = _load(name, path)
        except ConfigError:
            continue
        where = f"the instance '{name}' ({path})" if name else f"the box's first face ({path})"
        found += [f"{what} is that of {where}, too" for what in _shared(settings, other)]
    return found


def _others(own: str, folder: Path) -> Iterator[tuple[str, Path]]:
    main = main_settings_path()
    if own and main.exists():
        yield "", main
    for path in sorted(folder.glob("*.toml"))[:_MOST]:
        if path.stem != own:
            yield path.stem, path


def _load(name: str, path: Path) -> Settings:
    """With the defaults of that instance, and without this one's environment. Raises ConfigError."""
    with looking_at(name):
        source = read_source(path)
        return validate(replace(source, from_environment={}))


def _shared(own: Settings, other: Settings) -> Iterator[str]:
    if own.device.id == other.device.id:
        yield f"device.id = '{own.device.id}'"
    if own.web.enabled and other.web.enabled and own.web.port == other.web.port != 0:
        yield f"web.port = {own.web.port}"
    if own.codec.enabled and other.codec.enabled and own.codec.port == other.codec.port != 0:
        yield f"codec.port = {own.codec.port}"
    if own.ifacialmocap.listen and other.ifacialmocap.listen:
        yield "ifacialmocap.listen = true (UDP port 49983)"
    for target, subject in sorted(_subjects(own) & _subjects(other)):
        yield f"the subject '{subject}' at the Live Link target {target}"
    device = own.audio.input.device
    same = own.audio.input.backend == other.audio.input.backend and device == other.audio.input.device
    if same and own.audio.input.backend == "alsa" and device.startswith("hw:"):
        yield f"audio.input.device = '{device}', which one program can open at a time,"


def _subjects(settings: Settings) -> set[tuple[str, str]]:
    targets = map(parse_livelink_target, settings.livelink.targets)
    return {(target.address, target.subject or settings.livelink.subject) for target in targets}
