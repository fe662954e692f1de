from __future__ import annotations

import hashlib
import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.control.web import Web
from visaged.control.download import Downloader
from visaged.control.protocol.refusal import Refusal

CONTENT = bytes(range(256)) * 4000
SHA256 = hashlib.sha256(CONTENT).hexdigest()


def _ignore(doing: str, percent: float | None) -> None:
    pass


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Web]:
    made = Web(tmp_path, CONTENT)
    yield made
    made.close()


def _downloader(web: Web, **fields: int) -> Downloader:
    return Downloader(
        web.folder / "downloads",
        context=web.client,
        incoming=web.folder / "incoming",
        private=lambda: True,
        pause_s=0,
        **fields,
    )


def _with_system_authorities(web: Web) -> Downloader:
    return Downloader(web.folder / "downloads", private=lambda: True, pause_s=0)


def _refused(call: Callable[[], object]) -> Refusal:
    with pytest.raises(Refusal) as caught:
        call()
    return caught.value


def test_a_file_comes_whole_and_tells_its_progress(web: Web) -> None:
    told: list[tuple[str, float | None]] = []
    path = _downloader(web).fetch(web.url, SHA256, lambda doing, percent: told.append((doing, percent)))
    assert path.read_bytes() == CONTENT
    assert told[-2:] == [("downloading", 100.0), ("verifying", None)]
    assert len(told) <= 22


def test_a_line_that_breaks_off_is_taken_up_where_it_broke(web: Web) -> None:
    web.cut_after = [300_000, 0, 200_000]
    assert _downloader(web).fetch(web.url, SHA256, _ignore).read_bytes() == CONTENT
    assert web.asked == [None, "bytes=300000-", "bytes=300000-", "bytes=500000-"]


def test_a_later_try_goes_on_with_what_is_there(web: Web) -> None:
    web.cut_after = [300_000, 0, 0, 0]
    assert _refused(lambda: _downloader(web).fetch(web.url, SHA256, _ignore)).code == "failed"
    assert _downloader(web).fetch(web.url, SHA256, _ignore).read_bytes() == CONTENT
    assert web.asked[-1] == "bytes=300000-"


def test_a_whole_part_is_not_fetched_again(web: Web) -> None:
    _downloader(web).fetch(web.url, SHA256, _ignore)
    assert _downloader(web).fetch(web.url, SHA256, _ignore).read_bytes() == CONTENT
    assert web.asked == [None, f"bytes={len(CONTENT)}-"]


def test_a_server_without_ranges_starts_over(web: Web) -> None:
    web.ranges, web.cut_after = False, [300_000]
    assert _downloader(web).fetch(web.url, SHA256, _ignore).read_bytes() == CONTENT


def test_without_a_length_it_works_too_and_is_bounded(web: Web) -> None:
    web.announce = False
    assert _downloader(web).fetch(web.url, SHA256, _ignore).read_bytes() == CONTENT
    refusal = _refused(lambda: _downloader(web, max_bytes=1000).fetch(web.url, "0" * 64, _ignore))
    assert refusal.code == "refused"
    assert (web.folder / "downloads" / f"{'0' * 64}.part").stat().st_size == 0


def test_a_wrong_hash_is_refused_and_removed(web: Web) -> None:
    refusal = _refused(lambda: _downloader(web).fetch(web.url, "1" * 64, _ignore))
    assert (refusal.code, refusal.field) == ("failed", "sha256")
    assert SHA256 not in refusal.message
    assert list((web.folder / "downloads").iterdir()) == []


def test_too_large_is_refused_before_it_comes(web: Web) -> None:
    assert _refused(lambda: _downloader(web, max_bytes=1000).fetch(web.url, SHA256, _ignore)).code == "refused"
    assert list((web.folder / "downloads").iterdir()) == []


class _Disk(NamedTuple):
    total: int
    used: int
    free: int


def test_a_full_disk_is_said_before_it_comes(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: _Disk(1 << 30, 1 << 30, 1 << 20))
    refusal = _refused(lambda: _downloader(web).fetch(web.url, SHA256, _ignore))
    assert "free" in refusal.message


def test_a_disk_that_becomes_full_ends_what_came_without_a_length(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    web.announce = False
    free = iter([1 << 40, 1 << 40, 1 << 20])
    monkeypatch.setattr(shutil, "disk_usage", lambda path: _Disk(1 << 40, 0, next(free)))
    refusal = _refused(lambda: _downloader(web).fetch(web.url, SHA256, _ignore))
    assert (refusal.code, "1 MiB are free" in refusal.message) == ("failed", True)
    assert (web.folder / "downloads" / f"{SHA256}.part").stat().st_size == 0


@pytest.mark.parametrize("length", ["\xb2", "9" * 5000, "-5", "many"])
def test_a_length_that_is_none_is_no_length(web: Web, length: str) -> None:
    web.announce, web.said_length = False, length
    assert _downloader(web).fetch(web.url, SHA256, _ignore).read_bytes() == CONTENT


@pytest.mark.parametrize("status", [404, 403, 500])
def test_a_server_that_says_no(web: Web, status: int) -> None:
    web.status = status
    refusal = _refused(lambda: _downloader(web).fetch(web.url, SHA256, _ignore))
    assert refusal.field == "url"
    assert len(web.asked) == (3 if status == 500 else 1)


@pytest.mark.parametrize("location", ["http://127.0.0.1/x", "file:///etc/passwd", "ftp://x/y"])
def test_redirects_lead_to_https_only(web: Web, location: str) -> None:
    web.status, web.location = 302, location
    assert _refused(lambda: _downloader(web).fetch(web.url, SHA256, _ignore)).field == "url"
    assert len(web.asked) == 1
    assert list((web.folder / "downloads").iterdir()) == []


def test_a_server_that_nobody_vouches_for(web: Web) -> None:
    refusal = _refused(lambda: _with_system_authorities(web).fetch(web.url, SHA256, _ignore))
    assert "CERTIFICATE_VERIFY_FAILED" in refusal.message
    assert web.asked == []


@pytest.mark.parametrize("host", ["no.such.host.invalid", "x" * 64 + ".example"])
def test_a_host_that_is_none(web: Web, host: str) -> None:
    assert _refused(lambda: _downloader(web).fetch(f"https://{host}/x", SHA256, _ignore)).code == "failed"


def test_a_file_of_the_box(web: Web) -> None:
    folder = web.folder / "incoming"
    folder.mkdir()
    (folder / "a pack").write_bytes(CONTENT)
    url = f"file://{folder}/a%20pack"
    assert _downloader(web).fetch(url, SHA256, _ignore).read_bytes() == CONTENT
    assert _refused(lambda: _downloader(web).fetch(f"file://{folder}/none", SHA256, _ignore)).code == "not_found"
    assert _refused(lambda: _downloader(web, max_bytes=9).fetch(url, SHA256, _ignore)).code == "refused"


@pytest.mark.parametrize(
    "path",
    [
        "/etc/passwd",
        "/no/such/file",
        "{folder}",
        "{folder}/",
        "{folder}/..",
        "{folder}/../secret",
        "{folder}/%2e%2e/secret",
        "{folder}/..%2fsecret",
        "{folder}/a%00b",
        "{folder}/sub/file",
        "{folder}/link",
        "{folder}/loop",
    ],
)
def test_other_files_of_the_box_are_nobodys_business(web: Web, path: str) -> None:
    folder = web.folder / "incoming"
    (folder / "sub").mkdir(parents=True)
    for secret in (web.folder / "secret", folder / "sub" / "file"):
        secret.write_bytes(CONTENT)
    (folder / "link").symlink_to(web.folder / "secret")
    (folder / "loop").symlink_to(folder / "loop")
    url = f"file://{path.format(folder=folder)}"
    assert _refused(lambda: _downloader(web).fetch(url, SHA256, _ignore)).code == "refused"
    assert list((web.folder / "downloads").iterdir()) == []


@pytest.mark.parametrize("name", ["sub", "pipe"])
def test_what_is_no_file_does_not_hold_up(web: Web, name: str) -> None:
    folder = web.folder / "incoming"
    (folder / "sub").mkdir(parents=True)
    os.mkfifo(folder / "pipe")
    assert _refused(lambda: _downloader(web).fetch(f"file://{folder}/{name}", SHA256, _ignore)).code == "not_found"


def _public_only(web: Web, *answers: bool) -> Downloader:
    """Asked for each connection whether a private address will do."""
    turns = iter(answers)
    return Downloader(web.folder / "downloads", context=web.client, private=lambda: next(turns), pause_s=0)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "2130706433", "0x7f.1"])
def test_the_box_and_its_network_are_not_fetched_from(web: Web, host: str) -> None:
    url = web.url.replace("127.0.0.1", host)
    refusal = _refused(lambda: _public_only(web, False).fetch(url, SHA256, _ignore))
    assert (refusal.code, refusal.field) == ("refused", "url")
    assert "runtime.private_downloads" in refusal.message
    assert web.asked == []


def test_a_redirect_leads_to_a_public_address(web: Web) -> None:
    web.status, web.location = 302, f"{web.url}/elsewhere"
    assert _refused(lambda: _public_only(web, True, False).fetch(web.url, SHA256, _ignore)).code == "refused"
    assert len(web.asked) == 1


def test_parts_that_nobody_asks_for_are_given_up(web: Web) -> None:
    folder = web.folder / "downloads"
    folder.mkdir()
    old, young = folder / "old.part", folder / "young.part"
    for part in (old, young):
        part.touch()
    week_ago = time.time() - 8 * 86400
    os.utime(old, (week_ago, week_ago))
    _downloader(web).fetch(web.url, SHA256, _ignore)
    assert not old.exists()
    assert young.exists()


def test_a_folder_that_cannot_be_written(web: Web) -> None:
    (web.folder / "downloads").write_text("a file")
    assert "stored" in _refused(lambda: _downloader(web).fetch(web.url, SHA256, _ignore)).message
