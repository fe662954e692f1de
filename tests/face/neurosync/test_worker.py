from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.face.neurosync.small_model import write_neurosync
from tests.patience import PATIENCE_S, wait_until
from visaged.face.neurosync import worker as neurosync_worker
from visaged.face.neurosync.link import OpenRequest
from visaged.face.neurosync.threads import most_threads
from visaged.face.neurosync.window import Job, measured_ms
from visaged.face.neurosync.worker import PROBLEM, Worker
from visaged.inference.errors import PackageError, SessionError
from visaged.inference.package import Package, model_hash
from visaged.metrics import Metrics
from visaged.problems import Problems


def request(package: Package, **changes: Any) -> OpenRequest:
    fields: dict[str, Any] = {
        "folder": str(package.folder),
        "model": model_hash(package.manifest),
        "precision": "fp32",
        "providers": ("cpu",),
        "threads": 1,
        "engine_cache": str(package.folder.parent),
    }
    return OpenRequest(**fields | changes)


@contextmanager
def running(wanted: OpenRequest, problems: Problems | None = None, metrics: Metrics | None = None) -> Iterator[Worker]:
    worker = Worker(wanted, problems or Problems(), metrics or Metrics())
    try:
        yield worker
    finally:
        worker.close()
        worker.join()


@pytest.fixture
def package(tmp_path: Path) -> Package:
    return write_neurosync(tmp_path / "p")


def solve(worker: Worker, level: float = 1.0) -> Job:
    """One window, waited for."""
    job = Job()
    job.features[:] = level
    wait_until(lambda: worker.offer(job))
    assert worker.answered(job, PATIENCE_S)
    return job


def test_a_window_goes_to_another_process_and_comes_back_one_at_a_time(package: Package) -> None:
    with running(request(package)) as worker:
        assert worker.pid not in (None, os.getpid())
        assert (worker.running.precision, worker.running.providers) == ("fp32", ("CPUExecutionProvider",))
        job, refused = Job(), Job()
        job.features[:] = 1.0
        os.kill(worker.pid, signal.SIGSTOP)  # type: ignore[arg-type]
        assert worker.offer(job)
        assert not worker.offer(refused)
        assert not worker.answered(job)
        os.kill(worker.pid, signal.SIGCONT)  # type: ignore[arg-type]
        assert worker.answered(job, PATIENCE_S)
        assert job.curves == pytest.approx(40.0)
        assert 0 < job.took_ms < 10_000
        assert worker.offer(refused)
        assert 0 < measured_ms_after(worker, refused) < 1000


def measured_ms_after(worker: Worker, job: Job) -> float:
    assert worker.answered(job, PATIENCE_S)
    return measured_ms(worker)


def test_it_stands_back_behind_the_daemon_and_no_signal_but_kill_ends_it(package: Package) -> None:
    with running(request(package)) as worker:
        assert worker.pid is not None
        assert os.getpriority(os.PRIO_PROCESS, worker.pid) > os.getpriority(os.PRIO_PROCESS, 0) or (
            os.getpriority(os.PRIO_PROCESS, 0) >= 15
        )
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            os.kill(worker.pid, number)
        assert solve(worker).error is None


def test_after_close_the_process_is_gone(package: Package) -> None:
    with running(request(package)) as worker:
        pid = worker.pid
        assert pid is not None
    assert worker.pid is None
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert not worker.offer(Job())


def test_one_that_is_killed_is_started_again_and_health_says_so(
    package: Package, monkeypatch: pytest.MonkeyPatch
) -> None:
    problems, metrics = Problems(), Metrics()
    with running(request(package), problems, metrics) as worker:
        first = worker.pid
        assert first is not None
        os.kill(first, signal.SIGSTOP)
        job = Job()
        assert worker.offer(job)
        os.kill(first, signal.SIGKILL)
        assert worker.answered(job, PATIENCE_S)
        assert job.lost
        assert solve(worker, 2.0).curves == pytest.approx(50.0)
        assert worker.pid != first
        wait_until(problems.current)
        (problem,) = problems.current()
        assert problem.code == PROBLEM
        assert "signal 9" in problem.message
        assert metrics.counter("neurosync.restarts").value == 1
        assert worker.failure is None
        monkeypatch.setattr(neurosync_worker, "_WELL_NS", 0)
        wait_until(lambda: not problems.current())


def test_one_that_keeps_dying_is_given_up(package: Package) -> None:
    problems = Problems()
    with running(request(package), problems) as worker:
        for number in range(3):
            if number != 1:  # the second time while it opens its model
                wait_until(lambda: worker.failure or worker.offer(Job()))
            os.kill(worker.pid, signal.SIGKILL)  # type: ignore[arg-type]
            died = worker.pid
            wait_until(lambda died=died: worker.pid != died)  # type: ignore[misc]
        wait_until(lambda: worker.failure)
        assert "3rd time" in str(worker.failure)
        assert "signal 9" in str(worker.failure)
        assert not worker.offer(Job())
        assert not problems.current()  # the degradation says what runs instead


def test_one_that_hangs_is_killed_and_started_again(package: Package, monkeypatch: pytest.MonkeyPatch) -> None:
    problems = Problems()
    with running(request(package), problems) as worker:
        first = worker.pid
        with monkeypatch.context() as impatient:
            impatient.setattr(neurosync_worker, "STUCK_S", 0.3)
            os.kill(first, signal.SIGSTOP)  # type: ignore[arg-type]
            job = Job()
            assert worker.offer(job)
            assert worker.answered(job, PATIENCE_S)
            assert job.lost
            wait_until(problems.current)
        assert "did not answer for 0.3 s" in problems.current()[0].message
        assert solve(worker).error is None
        assert worker.pid != first


def test_an_answer_that_nobody_fetches_is_no_hang(package: Package, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(neurosync_worker, "STUCK_S", 2.0)
    monkeypatch.setattr(neurosync_worker, "_CHECK_S", 0.05)
    with running(request(package)) as worker, running(request(package)) as other:
        first, job, hung = worker.pid, Job(), other.pid
        os.kill(hung, signal.SIGSTOP)  # type: ignore[arg-type]
        assert worker.offer(job)
        assert other.offer(Job())
        wait_until(lambda: other.pid != hung, "the other one, which hangs, to be found out")
        assert worker.answered(job)
        assert not job.lost
        assert worker.pid == first


def test_nan_is_the_windows_error_and_not_the_processs_end(tmp_path: Path) -> None:
    with running(request(write_neurosync(tmp_path / "nan", answer="nan"))) as worker:
        assert "NaN or infinity" in str(solve(worker).error)
        assert worker.failure is None


@pytest.mark.parametrize("how", ["removed", "changed"])
def test_a_package_that_is_not_what_it_was_does_not_come_back(package: Package, tmp_path: Path, how: str) -> None:
    """What runs goes on without its files; what would have to be read anew is verified anew."""
    with running(request(package)) as worker:
        if how == "removed":
            for path in package.folder.iterdir():
                path.unlink()
        else:
            other = write_neurosync(tmp_path / "other", columns=61)
            for path in other.folder.iterdir():
                path.replace(package.folder / path.name)
        assert solve(worker).error is None
        os.kill(worker.pid, signal.SIGKILL)  # type: ignore[arg-type]
        wait_until(lambda: worker.failure)
        assert "model.json" in str(worker.failure)


def test_what_cannot_be_opened_is_said_at_once_and_leaves_no_process(package: Package) -> None:
    with pytest.raises(PackageError, match="no precision 'int8'"):
        Worker(request(package, precision="int8"), Problems(), Metrics())
    with pytest.raises(PackageError, match="is not what it was"):
        Worker(request(package, model="0" * 64), Problems(), Metrics())
    (package.folder / "neurosync.onnx").write_bytes(b"no graph")
    with pytest.raises(PackageError, match="sha256"):
        Worker(request(package), Problems(), Metrics())


def test_a_process_that_ends_before_it_says_anything_is_an_error(
    package: Package, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(neurosync_worker, "_MAIN", "raise SystemExit('no luck') # {root}")
    with pytest.raises(SessionError, match="no luck"):
        Worker(request(package), Problems(), Metrics())


def test_threads_are_measured_when_none_are_set_and_only_then(package: Package) -> None:
    with running(request(package)) as worker:
        assert (worker.running.threads, worker.running.window_ms, worker.running.undisturbed) == (1, {}, False)
    with running(request(package, threads=None)) as worker:
        assert list(worker.running.window_ms) == list(range(1, most_threads() + 1))
        assert worker.running.threads in worker.running.window_ms


_PARENT = """
import sys, time
from pathlib import Path
from tests.face.neurosync.test_worker import request
from visaged.face.neurosync.worker import Worker
from visaged.inference.package import load_package
from visaged.metrics import Metrics
from visaged.problems import Problems
worker = Worker(request(load_package(Path(sys.argv[1]))), Problems(), Metrics())
print(worker.pid, flush=True)
time.sleep(60)
"""


def test_it_is_killed_with_the_daemon_even_in_the_middle_of_a_window(package: Package) -> None:
    command = (sys.executable, "-c", _PARENT, str(package.folder))
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path(__file__).parents[3]) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        os.kill(pid, signal.SIGSTOP)  # a process that does not get round to looking
        parent.kill()
    wait_until(lambda: not Path(f"/proc/{pid}").exists() or "zombie" in Path(f"/proc/{pid}/status").read_text())
