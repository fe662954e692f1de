"""What the commands that fetch a file share."""

from __future__ import annotations

from typing import Annotated, Final
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from visaged.control.protocol.envelope import Request
from visaged.text_form import Sha256, form

FETCH_S: Final = 3 * 3600.0
"""How long fetching and installing may take: a download over a thin line is given two hours."""


def _fetchable(url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise ValueError(f"is not a URL: {error}") from None
    if parts.scheme not in ("https", "file"):
        raise ValueError("expected an https:// or file:// URL")
    if parts.scheme == "https" and not parts.hostname:
        raise ValueError("has no host; expected https://HOST/PATH")
    if parts.scheme == "file" and (parts.netloc not in ("", "localhost") or not parts.path.startswith("/")):
        raise ValueError("expected file:///ABSOLUTE/PATH on this box")
    if parts.username or parts.password:
        raise ValueError("must not hold a user name or password: it would be logged along the way")
    return url


Url = Annotated[
    str, form(r"^[!-~]{8,2048}$", "a URL of 8 to 2048 printable ASCII characters"), AfterValidator(_fetchable)
]


class Download(Request):
    """A file to fetch: where it is and what it must be."""

    url: Url = Field(description="https:// (public addresses), or file:///var/lib/visaged/incoming/NAME")
    sha256: Sha256 = Field(description="Of the whole file, 64 hex digits")
    force: bool = Field(default=False, description="Install even while a line is playing")
