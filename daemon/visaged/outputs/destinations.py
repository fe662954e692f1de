"""From the settings to numbered targets: where each is, what it is called, what it is sent."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Final, NamedTuple

from visaged.config import Settings
from visaged.config.identity import livelink_device_id
from visaged.config.outputs import IFacialMocapSettings, LiveLinkSettings, VmcSettings, parse_livelink_target
from visaged.outputs.board import FIRST
from visaged.outputs.form import TITLES, Form, Protocol

# Problems with a target; N is its number in the settings, counted from 0 (docs/operations.md).
LIVELINK_PROBLEM: Final = "livelink_target_N"
VMC_PROBLEM: Final = "vmc_target_N"
IFACIALMOCAP_PROBLEM: Final = "ifacialmocap_target_N"
LIVELINK_NAME_PROBLEM: Final = "livelink_target_N_name"
VMC_NAME_PROBLEM: Final = "vmc_target_N_name"
IFACIALMOCAP_NAME_PROBLEM: Final = "ifacialmocap_target_N_name"

_PROBLEMS: Final[dict[Protocol, tuple[str, str]]] = {
    "livelink": (LIVELINK_PROBLEM, LIVELINK_NAME_PROBLEM),
    "vmc": (VMC_PROBLEM, VMC_NAME_PROBLEM),
    "ifacialmocap": (IFACIALMOCAP_PROBLEM, IFACIALMOCAP_NAME_PROBLEM),
}


class Outputs(NamedTuple):
    """The settings of all protocols."""

    livelink: LiveLinkSettings
    vmc: VmcSettings = VmcSettings()
    ifacialmocap: IFacialMocapSettings = IFacialMocapSettings()


def outputs_of(settings: Settings) -> Outputs:
    """The part of the settings that says whom the face is sent to."""
    return Outputs(settings.livelink, settings.vmc, settings.ifacialmocap)


class Destination(NamedTuple):
    """One target."""

    number: int
    """On the board."""
    host: str
    """Name or address, without brackets."""
    port: int
    form: Form

    @property
    def code(self) -> str:
        """Of the problem that it does not get its packets: ``livelink_target_0``."""
        return self._numbered(0)

    @property
    def name_code(self) -> str:
        """Of the problem that its name does not resolve."""
        return self._numbered(1)

    @property
    def protocol(self) -> Protocol:
        """What it speaks."""
        return self.form.protocol

    @property
    def title(self) -> str:
        """``Live Link target``: for a person."""
        return f"{TITLES[self.protocol]} target"

    @property
    def address(self) -> str:
        """HOST:PORT, as in the settings."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def key(self) -> str:
        """The setting that names it."""
        return f"{self.protocol}.targets"

    def _numbered(self, kind: int) -> str:
        return _PROBLEMS[self.protocol][kind].replace("N", str(self.number - FIRST[self.protocol]))


def split_target(target: str) -> tuple[str, int]:
    """Host (without brackets) and port of a target that ``config`` has accepted."""
    host, _, port = target.rpartition(":")
    return host.strip("[]"), int(port)


def destinations(outputs: Outputs, box_id: str) -> tuple[Destination, ...]:
    """All targets of ``outputs``; ``box_id``: ``device.id``, from which the ids for Unreal are made."""
    return (*_livelink(outputs.livelink, box_id), *_vmc(outputs), *_ifacialmocap(outputs))


def ifacialmocap_form(rate_hz: Fraction, version: int) -> Form:
    """What a receiver of iFacialMocap is sent."""
    return Form("ifacialmocap", rate_hz, str(version))


def _livelink(settings: LiveLinkSettings, box_id: str) -> Iterator[Destination]:
    for index, text in enumerate(settings.targets):
        target = parse_livelink_target(text)
        subject = target.subject or settings.subject
        form = Form("livelink", target.fps or settings.fps, subject, livelink_device_id(box_id, subject))
        yield Destination(FIRST["livelink"] + index, *split_target(target.address), form)


def _vmc(outputs: Outputs) -> Iterator[Destination]:
    settings = outputs.vmc
    rate_hz = outputs.livelink.fps if settings.rate == "fps" else settings.rate
    form = Form("vmc", rate_hz, settings.names, "bones" if settings.bones else "")
    for index, target in enumerate(settings.targets):
        yield Destination(FIRST["vmc"] + index, *split_target(target), form)


def _ifacialmocap(outputs: Outputs) -> Iterator[Destination]:
    form = ifacialmocap_form(outputs.livelink.fps, outputs.ifacialmocap.version)
    for index, target in enumerate(outputs.ifacialmocap.targets):
        yield Destination(FIRST["ifacialmocap"] + index, *split_target(target), form)
