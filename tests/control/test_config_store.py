from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path

import pytest

from visaged.control import config_store
from visaged.control.config_store import ConfigStore

BEFORE = "[face]\nintensity = 1.0\n"
TRIED = "[face]\nintensity = 0.1\n"


@pytest.fixture
def store(tmp_path: Path) -> ConfigStore:
    """A file whose trial was cut short."""
    made = ConfigStore(tmp_path / "visaged.toml")
    made.path.write_text(BEFORE)
    made.begin(TRIED)
    return ConfigStore(made.path)


def _trial(store: ConfigStore) -> Path:
    return store.path.with_name("visaged.toml.trial")


def _as_directory(path: Path) -> None:
    """The one fault that root meets, too."""
    path.unlink()
    path.mkdir()


def test_without_a_trial_nothing_is_done(tmp_path: Path) -> None:
    store = ConfigStore(tmp_path / "visaged.toml")
    store.path.write_text(BEFORE)
    assert store.recover() == config_store.Recovery(store.path)
    assert store.path.read_text() == BEFORE


def test_a_crash_during_probation_is_undone_at_boot(store: ConfigStore) -> None:
    recovery = store.recover()
    assert (recovery.path, recovery.fault) == (store.path, "")
    assert "the version before is back" in recovery.done
    assert store.path.read_text() == BEFORE
    assert ConfigStore(store.path).recover().done == ""


def test_a_first_file_that_fails_is_removed_again(tmp_path: Path) -> None:
    store = ConfigStore(tmp_path / "new" / "visaged.toml")
    store.begin("[face]\n")
    assert store.recover().done
    assert not store.path.exists()


def test_a_file_that_a_person_edited_since_stays(store: ConfigStore) -> None:
    store.path.write_text("[face]\nintensity = 0.6\n")
    store.recover()
    assert store.path.read_text() == "[face]\nintensity = 0.6\n"
    assert not store.on_trial


def test_a_change_that_was_not_written_leaves_no_trial(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = ConfigStore(tmp_path / "visaged.toml")
    store.path.write_text(BEFORE)
    monkeypatch.setattr(config_store, "write_atomic", _full_for(store.path))
    with pytest.raises(OSError, match="No space"):
        store.begin(TRIED)
    assert store.path.read_text() == BEFORE
    assert not store.on_trial


def _full_for(full: Path) -> Callable[..., None]:
    def write(path: Path, data: bytes, new_mode: int) -> None:
        if path == full:
            raise OSError(errno.ENOSPC, "No space left on device")
        path.write_bytes(data)

    return write


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EIO, errno.EACCES])
def test_on_a_disk_that_takes_nothing_the_version_before_is_read_where_it_lies(
    store: ConfigStore, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def fail(*_arguments: object) -> None:
        raise OSError(number, "the disk's words")

    monkeypatch.setattr(config_store, "write_atomic", fail)
    for _ in range(2):  # at every start
        recovery = store.recover()
        assert recovery.path == store.previous
        assert "the disk's words" in recovery.fault
        assert recovery.path.read_text() == BEFORE
    monkeypatch.undo()
    assert store.recover().done
    assert store.path.read_text() == BEFORE


def test_without_the_version_before_the_tried_one_is_used_and_said_once(store: ConfigStore) -> None:
    store.previous.unlink()
    recovery = store.recover()
    assert recovery.path == store.path
    assert "No such file" in recovery.fault
    assert "used as it is" in recovery.fault
    assert store.recover() == config_store.Recovery(store.path)


@pytest.mark.parametrize(
    "damage",
    [
        lambda store: _as_directory(store.previous),
        lambda store: store.previous.write_bytes(bytes(2 << 20)),
        lambda store: _as_directory(_trial(store)),
    ],
)
def test_what_cannot_be_read_never_ends_the_start(store: ConfigStore, damage: Callable[[ConfigStore], None]) -> None:
    damage(store)
    recovery = store.recover()
    assert recovery.fault
    assert recovery.path.is_file()


@pytest.mark.parametrize("content", [b"", b"changed\n", b"\xff\xfe\x00", b"x" * 10_000])
def test_a_trial_file_of_anything_undoes(store: ConfigStore, content: bytes) -> None:
    _trial(store).write_bytes(content)
    assert store.recover().done
    assert store.path.read_text() == BEFORE
