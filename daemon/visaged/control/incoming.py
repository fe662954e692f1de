"""The files that file:// may name: those that lie directly in one folder, and are files."""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import IO, Final
from urllib.parse import unquote, urlsplit

from visaged.control.protocol.refusal import Refusal

_NO_SUCH_FILE: Final = frozenset({errno.ENOENT, errno.ENOTDIR, errno.EISDIR})


def open_incoming(url: str, folder: Path) -> IO[bytes]:
    """The file that ``url`` names, open. Raises Refusal; of what is outside ``folder`` it says nothing."""
    path = unquote(urlsplit(url).path)
    name = path.removeprefix(f"{folder}/")
    if name == path or name in ("", ".", "..") or "/" in name or "\0" in name:
        raise Refusal(
            "refused", f"file:// installs what lies directly in {folder}, such as file://{folder}/x.pack", "url"
        )
    try:
        return _open(folder, name)
    except OSError as error:
        if error.errno in _NO_SUCH_FILE:
            raise Refusal("not_found", f"{url} is not a file on this box", "url") from None
        if error.errno == errno.ELOOP:
            raise Refusal("refused", f"{url} is a link; put the file itself there", "url") from None
        if error.errno in (errno.EACCES, errno.EPERM):
            raise Refusal("refused", f"{url} cannot be read by the user of visaged", "url") from None
        raise


def _open(folder: Path, name: str) -> IO[bytes]:
    """Raises OSError; ELOOP for a link, EISDIR for what is no file."""
    inside = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        # Not to be held up by a pipe, and no way out by a link, not even by one that is put there now.
        descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=inside)
    finally:
        os.close(inside)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        with suppress(OSError):
            os.close(descriptor)
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    return os.fdopen(descriptor, "rb")
