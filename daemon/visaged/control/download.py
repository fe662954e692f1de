"""Fetch one file to disk: https or file URL, resumed where it broke off, bounded, and only if its SHA-256 is right.

https comes from public addresses, file from one folder of the box: a request is no way to look around in the box or its
network.
A part lies in the folder as ``<sha256>.part``; its name says what it must become, so any later try can go on with it.
"""

from __future__ import annotations

import http.client
import logging
import os
import re
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import IO, Final
from urllib.parse import urlsplit

from visaged.control.incoming import open_incoming
from visaged.control.protocol.refusal import Refusal
from visaged.control.public_address import PublicHttps
from visaged.control.registry import Progress
from visaged.files import sha256_of, shortage

log = logging.getLogger(__name__)

# The largest model package we know of is NeuroSync's, under 1 GB.
MAX_BYTES: Final = 2 << 30
INCOMING: Final = Path("/var/lib/visaged/incoming")
"""Where files for file:// lie, directly and no links."""
# The box needs room for its log, its library and the unpacked content of what comes.
_RESERVE_BYTES: Final = 256 << 20
_CHUNK_BYTES: Final = 1 << 18
# No byte for this long: the line is dead, try again from where it broke off.
_TIMEOUT_S: Final = 20.0
# A line may break off again and again as long as something comes each time; this often it may bring nothing.
_FRUITLESS_TRIES: Final = 3
_PAUSE_S: Final = 2.0
# At 2 GiB this is 2.4 Mbit/s; whatever is slower should come another way.
_LONGEST_S: Final = 7200.0
# Parts that nobody has asked for since are given up after a week.
_PART_KEPT_S: Final = 7 * 86400.0
# Of a terabyte at most; anything else is treated as not said.
_LENGTH: Final = re.compile(r"[0-9]{1,12}")
# What a bad line, a bad server or a bad name can raise; a full disk is not among them.
_LINE_ERRORS: Final = (
    urllib.error.URLError,
    http.client.HTTPException,
    TimeoutError,
    ConnectionError,
    ssl.SSLError,
    UnicodeError,
)


class Downloader:
    """Fetches into one folder. Worker thread."""

    def __init__(
        self,
        folder: Path,
        *,
        context: ssl.SSLContext | None = None,
        incoming: Path = INCOMING,
        private: Callable[[], bool] = lambda: False,
        max_bytes: int = MAX_BYTES,
        pause_s: float = _PAUSE_S,
    ) -> None:
        """``context``: for a server with an authority of one's own; the system's authorities by default.

        ``incoming``: what file:// may name; ``private()``: whether https may lead to addresses that are not public.
        """
        self._folder = folder
        self._max_bytes = max_bytes
        self._pause_s = pause_s
        self._incoming = incoming
        self._opener = urllib.request.build_opener(
            _SafeRedirects(), PublicHttps(context or ssl.create_default_context(), private)
        )

    def fetch(self, url: str, sha256: str, progress: Progress) -> Path:
        """The file, verified; the caller removes it when done. Raises Refusal; a part stays for the next try."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._remove_old_parts()
            part = self._folder / f"{sha256}.part"
            if urlsplit(url).scheme == "file":
                self._copy(url, part, progress)
            else:
                self._load(url, part, progress)
            progress("verifying", None)
            actual = sha256_of(part)
        except OSError as error:
            raise Refusal("failed", f"{url} cannot be stored on the box: {error.strerror or error}", "url") from None
        if actual != sha256:
            part.unlink()
            # Not what it is: a request could learn from that what a file holds.
            raise Refusal("failed", f"sha256 of {url} is not {sha256}", "sha256")
        return part

    def _copy(self, url: str, part: Path, progress: Progress) -> None:
        with open_incoming(url, self._incoming) as file:
            size = os.fstat(file.fileno()).st_size
            self._check_size(size)
            part.unlink(missing_ok=True)
            self._write(file, part, size, progress)

    def _load(self, url: str, part: Path, progress: Progress) -> None:
        deadline = time.monotonic() + _LONGEST_S
        fruitless = 0
        while True:
            before = _size(part)
            try:
                self._request(url, part, progress, deadline)
                return
            except _LINE_ERRORS as error:
                fruitless = fruitless + 1 if _size(part) <= before else 0
                if fruitless >= _FRUITLESS_TRIES or _is_final(error) or time.monotonic() > deadline:
                    raise Refusal("failed", f"{url} cannot be fetched: {_reason(error)}", "url") from None
                log.info("%s broke off at %d bytes: %s", url, _size(part), _reason(error))
                time.sleep(self._pause_s)

    def _request(self, url: str, part: Path, progress: Progress, deadline: float) -> None:
        have = _size(part)
        # Identity: a resumed part of a compressed transfer would be of no use.
        headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
        request = urllib.request.Request(url, headers=headers)
        try:
            response = self._opener.open(request, timeout=_TIMEOUT_S)
        except urllib.error.HTTPError as error:
            error.close()
            if error.code != http.client.REQUESTED_RANGE_NOT_SATISFIABLE or not have:
                raise
            return  # nothing comes after what we have: either it is whole, or the hash will say that it is not
        with response:
            if response.status != http.client.PARTIAL_CONTENT or not _continues(response.headers, have):
                part.unlink(missing_ok=True)
                have = 0
            length = response.headers.get("Content-Length", "")
            total = have + int(length) if _LENGTH.fullmatch(length) else None
            self._check_size(total or 0, have)
            self._write(response, part, total, progress, deadline)

    def _check_size(self, total: int, have: int = 0) -> None:
        if total > self._max_bytes:
            raise Refusal("refused", f"it is {total} bytes; accepted are up to {self._max_bytes}", "url")
        if words := shortage(self._folder, total - have, _RESERVE_BYTES):
            raise Refusal("failed", words, "url")

    def _write(
        self, source: IO[bytes], part: Path, total: int | None, progress: Progress, deadline: float | None = None
    ) -> None:
        told = -1
        with part.open("ab") as file:
            while chunk := source.read(_CHUNK_BYTES):
                if file.tell() + len(chunk) > self._max_bytes:
                    file.truncate(0)
                    raise Refusal("refused", f"it is larger than the accepted {self._max_bytes} bytes", "url")
                # Not every server says beforehand how much comes, and others write to the disk, too.
                if words := shortage(self._folder, len(chunk), _RESERVE_BYTES):
                    file.truncate(0)
                    raise Refusal("failed", words, "url")
                file.write(chunk)
                if deadline is not None and time.monotonic() > deadline:
                    raise TimeoutError(f"not through after {_LONGEST_S:.0f} s")
                percent = None if not total else int(100 * file.tell() / total)
                # Every five percent: progress is an event, not a stream.
                if percent is not None and percent // 5 > told // 5:
                    told = percent
                    progress("downloading", float(percent))
            if total is not None and file.tell() < total:
                raise http.client.IncompleteRead(b"", total - file.tell())

    def _remove_old_parts(self) -> None:
        for part in self._folder.glob("*.part"):
            if time.time() - part.stat().st_mtime > _PART_KEPT_S:
                part.unlink(missing_ok=True)


class _SafeRedirects(urllib.request.HTTPRedirectHandler):
    """Follows redirects to https only: what began encrypted stays so, and nothing leads to a file of the box."""

    def redirect_request(  # noqa: PLR0917 (urllib's signature)
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        if urlsplit(newurl).scheme != "https":
            raise Refusal("refused", f"{req.full_url} leads to {newurl[:200]}; only https is followed", "url")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _continues(headers: http.client.HTTPMessage, have: int) -> bool:
    return str(headers.get("Content-Range", "")).startswith(f"bytes {have}-")


def _is_final(error: Exception) -> bool:
    """Whether trying again is useless: the server said no, or is not who it should be."""
    if isinstance(error, urllib.error.HTTPError):
        return 300 <= error.code < 500 and error.code not in (408, 429)
    return isinstance(getattr(error, "reason", error), ssl.SSLCertVerificationError)


def _reason(error: Exception) -> str:
    return str(getattr(error, "reason", "") or error or type(error).__name__)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


Fetch = Callable[[str, str, Progress], Path]
"""The signature of ``Downloader.fetch``."""
