"""What `make lock` keeps of uv's answer, and what it refuses. Without network: files are listed here."""

from __future__ import annotations

from pathlib import Path

import pytest

from locks import pypi, renew
from locks.entries import Entry, parse, write
from locks.environments import ENVIRONMENTS, read_pyproject, recorded_digest, torch_version
from locks.machines import installable, wanted_anywhere, without_wheel

_WHEELS = {
    "thing-1.0-cp310-cp310-manylinux_2_28_x86_64.whl": "a" * 64,
    "thing-1.0-cp311-abi3-manylinux2014_x86_64.manylinux_2_17_x86_64.whl": "b" * 64,
    "thing-1.0-cp310-abi3-manylinux_2_28_aarch64.whl": "c" * 64,
    "thing-1.0-cp310-abi3-win_amd64.whl": "d" * 64,
    "thing-1.0-cp39-cp39-manylinux_2_28_x86_64.whl": "e" * 64,
    "thing-1.1-cp310-abi3-manylinux_2_28_x86_64.whl": "f" * 64,
    "thing-1.0.tar.gz": "0" * 64,
    "thing 1.0 broken.whl": "1" * 64,
}


def test_only_files_for_our_machines_are_kept() -> None:
    assert installable(_WHEELS, "1.0", compiled=False) == {"a" * 64, "b" * 64, "c" * 64}


def test_the_source_is_kept_of_what_is_compiled_here() -> None:
    assert installable(_WHEELS, "1.0", compiled=True) == {"a" * 64, "b" * 64, "c" * 64, "0" * 64}


def test_a_machine_without_a_wheel_is_named() -> None:
    some = [name for name in _WHEELS if "cp311-abi3" not in name]
    assert list(map(str, without_wheel(some, "1.0", ""))) == [f"Python 3.{minor} on x86_64" for minor in (11, 12, 13)]
    assert without_wheel(some, "1.0", "python_full_version < '3.11'") == []
    assert without_wheel(_WHEELS, "1.0", "") == []


def test_a_wheel_for_a_newer_glibc_is_none_for_an_older_distribution() -> None:
    # Ubuntu 22.04 has glibc 2.35, Debian 12 has 2.36.
    assert [machine.minor for machine in without_wheel(["a-1-py3-none-manylinux_2_36_x86_64.whl"], "1", "")] == [
        *(10, 10),
        *(11, 12, 13),
    ]


def test_what_no_machine_of_ours_wants_is_left_out() -> None:
    assert wanted_anywhere("")
    assert wanted_anywhere("platform_machine == 'aarch64' and python_full_version == '3.12.*'")
    assert not wanted_anywhere("sys_platform == 'win32'")
    assert not wanted_anywhere("python_full_version < '3.10'")


def test_a_package_that_would_have_to_be_compiled_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(renew, "_files_of", lambda name: {"thing-1.0.tar.gz": "0" * 64})
    with pytest.raises(
        renew.LockError, match=r"thing 1\.0 has no wheel for Python 3\.10 on x86_64, .*: give it a marker"
    ):
        renew._narrow(Entry("thing", "1.0", "", ("0" * 64,)))


def test_what_is_written_is_read_back() -> None:
    entries = [Entry("a", "1.0", "", ("a" * 64, "b" * 64)), Entry("b-c", "2.0.post1", "python_version < '3.11'", ())]
    assert parse(write(["# made", "-r run.txt"], entries)) == entries


@pytest.mark.parametrize(
    "line", ["--extra-index-url file:///somewhere", "a @ file:///a.whl", "a>=1", "--hash=sha256:12"]
)
def test_a_line_that_is_no_pin_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match="line 2 is no pin with hashes"):
        parse(f"# a comment\n{line}\n")


def test_another_requirement_changes_the_digest_of_those_that_hold_it() -> None:
    before = read_pyproject()
    project = dict(before["project"], dependencies=[*before["project"]["dependencies"], "another>=1"])
    after = dict(before, project=project)
    changed = {each.name for each in ENVIRONMENTS if each.digest(before) != each.digest(after)}
    assert changed == {"run", "clean", "media", "gpu", "build", "test", "peers"}


def test_a_lock_without_a_digest_is_out_of_date() -> None:
    assert recorded_digest("a==1\n") == ""


def test_torch_must_be_pinned() -> None:
    with pytest.raises(ValueError, match="must pin torch"):
        torch_version({"project": {"optional-dependencies": {"peers": ["torch>=2"]}}})


def test_torch_is_kept_where_its_index_is_out_of_reach(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def unreachable() -> dict[str, str]:
        raise pypi.IndexUnreadable("no network")

    lock = tmp_path / "torch.txt"
    lock.write_text(write([], [Entry("torch", "2.0+cpu", "", ("a" * 64,))]))
    monkeypatch.setattr(renew, "torch_cpu_files", unreachable)
    monkeypatch.setattr(renew, "TORCH_LOCK", lock)
    assert renew._lock_torch("2.0") is None
    with pytest.raises(renew.LockError, match=r"no network; locks/torch\.txt can only be written where it can"):
        renew._lock_torch("2.1")


def test_torchs_own_index_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    page = f'<a href="/whl/cpu/torch-2.0%2Bcpu-cp310-cp310-manylinux_2_28_x86_64.whl#sha256={"a" * 64}">torch</a><br/>'
    monkeypatch.setattr(pypi, "_get", lambda url, accept: page.encode())
    assert pypi.torch_cpu_files() == {"torch-2.0+cpu-cp310-cp310-manylinux_2_28_x86_64.whl": "a" * 64}
    text = renew._lock_torch("2.0")
    assert text is not None
    assert [(entry.version, entry.sha256) for entry in parse(text)] == [("2.0+cpu", ("a" * 64,))]
