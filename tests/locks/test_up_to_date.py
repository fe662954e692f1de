"""The lock files hold what pyproject.toml asks for, on every machine that we support. Without network."""

from __future__ import annotations

from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from locks.entries import Entry, parse
from locks.environments import (
    ENVIRONMENTS,
    FOLDER,
    TORCH_LOCK,
    Environment,
    read_pyproject,
    recorded_digest,
    torch_version,
)
from locks.machines import SUPPORTED, Machine

PYPROJECT = read_pyproject()
each_environment = pytest.mark.parametrize("environment", ENVIRONMENTS, ids=lambda environment: environment.name)


def _entries(environment: Environment) -> list[Entry]:
    """Its own pins and those of what it adds to: what pip gets to see. torch has a file of its own."""
    names = [environment.name, *environment.below]
    return [entry for name in names for entry in parse((FOLDER / f"{name}.txt").read_text())]


def _installed(environment: Environment, machine: Machine) -> dict[str, set[str]]:
    """Versions by package, as pip would have them there."""
    found: dict[str, set[str]] = {"torch": {torch_version(PYPROJECT)}}
    for entry in _entries(environment):
        if machine.wants(entry.marker):
            found.setdefault(entry.name, set()).add(entry.version)
    return found


@each_environment
def test_it_was_made_from_the_pyproject_of_now(environment: Environment) -> None:
    recorded = recorded_digest(environment.path.read_text())
    assert recorded == environment.digest(PYPROJECT), (
        f"locks/{environment.path.name} is not what pyproject.toml asks for: run `make lock` and commit what it writes"
    )


@each_environment
def test_every_requirement_is_pinned_in_its_range_on_every_machine(environment: Environment) -> None:
    for machine in SUPPORTED:
        installed = _installed(environment, machine)
        for text in environment.requirements(PYPROJECT):
            requirement = Requirement(text)
            if not machine.wants(str(requirement.marker or "")):
                continue
            versions = installed.get(canonicalize_name(requirement.name), set())
            assert len(versions) == 1, (
                f"{machine}: {text}: locks/{environment.name}.txt has {versions or 'none'}: make lock"
            )
            assert requirement.specifier.contains(*versions), f"{machine}: {text}: {versions}: make lock"


@each_environment
def test_no_machine_gets_two_versions_of_one_package(environment: Environment) -> None:
    for machine in SUPPORTED:
        doubled = {name: found for name, found in _installed(environment, machine).items() if len(found) > 1}
        assert not doubled, f"{machine}: make lock UPGRADE=yes"


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.txt")), ids=lambda path: path.name)
def test_every_pin_has_hashes_and_comes_from_no_place_of_ours(path: Path) -> None:
    text = path.read_text()
    for entry in parse(text):
        assert entry.sha256, f"{entry.name} has no hash: make lock"
    # parse refuses options and addresses; a comment could still tell where somebody's files lie.
    assert "/" not in "".join(line for line in text.splitlines() if line.startswith("#"))


def test_torch_is_the_version_that_the_peers_are_compared_with() -> None:
    assert [entry.version for entry in parse(TORCH_LOCK.read_text())] == [f"{torch_version(PYPROJECT)}+cpu"]


def test_every_lock_is_one_that_make_lock_writes() -> None:
    known = {environment.path for environment in ENVIRONMENTS} | {TORCH_LOCK}
    assert set(FOLDER.glob("*.txt")) == known
