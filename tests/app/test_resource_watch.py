from __future__ import annotations

import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from visaged.app import resource_watch
from visaged.app.resource_watch import ResourceWatch
from visaged.clock import NS_PER_S
from visaged.problems import Problems


@contextmanager
def _no_descriptors() -> Iterator[None]:
    lowest = os.open("/dev/null", os.O_RDONLY)
    os.close(lowest)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def _codes(problems: Problems) -> list[str]:
    return [problem.code for problem in problems.current()]


def test_no_descriptor_left_is_a_problem_until_there_is_one() -> None:
    problems = Problems()
    watch = ResourceWatch(problems)
    with _no_descriptors():
        watch.update(1)
    assert _codes(problems) == ["process_descriptors"]
    watch.update(2)
    assert _codes(problems) == ["process_descriptors"], "it looks once a second"
    watch.update(2 * NS_PER_S)
    assert _codes(problems) == []


def test_no_memory_left_is_a_problem_until_there_is_some(monkeypatch: pytest.MonkeyPatch) -> None:
    problems = Problems()
    watch = ResourceWatch(problems)
    with monkeypatch.context() as patch:
        patch.setattr(resource_watch, "_SPARE_BYTES", 1 << 60)  # more than any address space
        watch.update(1)
    assert _codes(problems) == ["process_memory"]
    watch.update(2 * NS_PER_S)
    assert _codes(problems) == []
