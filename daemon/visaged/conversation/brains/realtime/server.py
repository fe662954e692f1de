"""Where a Realtime brain is, and how to ask for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit, urlunsplit

from visaged.conversation.brains.realtime.vendors import Vendor
from visaged.conversation.brains.socket import BrainAddress


@dataclass(frozen=True)
class Server:
    """As the settings name it."""

    url: str
    vendor: Vendor
    key: Callable[[], str]
    """Read at each connection; empty: none is sent. Raises KeyFileFault."""
    model: str = ""
    ca_file: str = ""

    def address(self) -> BrainAddress:
        """For the next connection. Raises KeyFileFault."""
        key = self.key()
        parts, model = urlsplit(self.url), self.model or self.vendor.model
        query = parts.query
        if model and "model=" not in query:
            query = "&".join(filter(None, (query, urlencode({"model": model}))))
        headers = {self.vendor.key_header: self.vendor.key_prefix + key} if key else {}
        return BrainAddress(urlunsplit(parts._replace(query=query)), headers, self.ca_file)
