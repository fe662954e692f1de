"""The machines that the locks are for, and which files of a package each of them can install."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from packaging.markers import Marker
from packaging.tags import Tag, compatible_tags, cpython_tags
from packaging.utils import InvalidWheelFilename, parse_wheel_filename


@dataclass(frozen=True)
class Machine:
    """One distribution's Python on one processor."""

    minor: int
    glibc: int
    arch: str

    def __str__(self) -> str:
        return f"Python 3.{self.minor} on {self.arch}"

    @cached_property
    def tags(self) -> frozenset[Tag]:
        """What pip there would take."""
        old = {"x86_64": ("manylinux2014", "manylinux2010", "manylinux1"), "aarch64": ("manylinux2014",)}
        platforms = [f"manylinux_2_{minor}_{self.arch}" for minor in range(self.glibc, 4, -1)]
        platforms += [f"{name}_{self.arch}" for name in old[self.arch]]
        own = cpython_tags((3, self.minor), platforms=platforms)
        return frozenset(own) | frozenset(compatible_tags((3, self.minor), f"cp3{self.minor}", platforms))

    def wants(self, marker: str) -> bool:
        """Whether a requirement with this marker concerns it."""
        return not marker or Marker(marker).evaluate(
            {
                "implementation_name": "cpython",
                "os_name": "posix",
                "platform_machine": self.arch,
                "platform_python_implementation": "CPython",
                "platform_system": "Linux",
                "python_full_version": f"3.{self.minor}.4",
                "python_version": f"3.{self.minor}",
                "sys_platform": "linux",
            }
        )

    def takes(self, filename: str, version: str) -> bool:
        """Whether this wheel is one of that version for it."""
        try:
            _, own, _, tags = parse_wheel_filename(filename)
        except InvalidWheelFilename:
            return False
        return str(own) == version and not tags.isdisjoint(self.tags)


_ARCHITECTURES: Final = ("x86_64", "aarch64")
# Ubuntu 22.04 and JetPack 6, Debian 12, Ubuntu 24.04 and JetPack 7, Debian 13: Python and glibc of each.
SUPPORTED: Final = tuple(
    Machine(minor, glibc, arch) for minor, glibc in ((10, 35), (11, 36), (12, 39), (13, 41)) for arch in _ARCHITECTURES
)
# Files for newer ones are kept where there are any; nothing is promised.
KNOWN: Final = (*SUPPORTED, *(Machine(14, 41, arch) for arch in _ARCHITECTURES))


def wanted_anywhere(marker: str) -> bool:
    """Whether any machine of ours has a use for it; uv also writes what Windows and browsers need."""
    return any(machine.wants(marker) for machine in KNOWN)


def installable(files: dict[str, str], version: str, compiled: bool) -> set[str]:
    """Hashes of those files (name -> sha256) that a machine of ours may install.

    The source is among them only of what is compiled there.
    """
    return {
        sha256
        for name, sha256 in files.items()
        if any(machine.takes(name, version) for machine in KNOWN) or (compiled and name.endswith(f"-{version}.tar.gz"))
    }


def without_wheel(files: Collection[str], version: str, marker: str) -> list[Machine]:
    """The supported machines that want it and find no wheel of it."""
    return [
        machine
        for machine in SUPPORTED
        if machine.wants(marker) and not any(machine.takes(name, version) for name in files)
    ]
