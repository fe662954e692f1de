"""Connections to the Internet only: no address of the box itself, of its network, or of anything else that is private.

The address that is checked is the one that is connected to, so a name that resolves differently the next time gains
nothing. A redirect makes a new connection, which is checked as well.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import urllib.request
from collections.abc import Callable
from typing import Any, Final

from visaged.config.hosts import addresses
from visaged.control.protocol.refusal import Refusal

# RFC 6052: the last 32 bits are an IPv4 address that a gateway goes on to.
_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")


def is_public(address: str) -> bool:
    """Whether ``address`` (numbers, perhaps with ``%scope``) is one of the Internet, and so is what it stands for."""
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour or (found.teredo[1] if found.teredo else None)
        if found in _NAT64:
            inner = ipaddress.IPv4Address(int(found) & 0xFFFF_FFFF)
        if inner is not None:
            return is_public(str(inner))
    return found.is_global and not found.is_multicast


class PublicHttps(urllib.request.HTTPSHandler):
    """https to public addresses; ``private()``, asked for each connection: whether any other will do, too.

    A proxy (``https_proxy`` in the environment of the service) decides itself where it connects to.
    """

    def __init__(self, context: ssl.SSLContext, private: Callable[[], bool]) -> None:
        super().__init__(context=context)
        self._tls = context
        self._private = private

    def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        """Raises Refusal when the host has no address that is accepted; else as urllib does."""
        return self.do_open(self._connection, req)

    def _connection(self, host: str, **options: Any) -> http.client.HTTPSConnection:
        made = http.client.HTTPSConnection(host, context=self._tls, **options)

        def connect(address: tuple[str, int], timeout: float | None, source: Any = None) -> socket.socket:
            through_proxy = getattr(made, "_tunnel_host", None) is not None
            return _connect(*address, timeout, any_address=through_proxy or self._private())

        # The one place where the standard library lets a caller choose the address.
        made._create_connection = connect  # type: ignore[attr-defined]
        return made


def _connect(host: str, port: int, timeout: float | None, *, any_address: bool) -> socket.socket:
    """Raises OSError, or Refusal when nothing but private addresses is found."""
    failure: OSError | None = None
    for family, kind, protocol, _, address in addresses(host, port, kind=socket.SOCK_STREAM):
        if not any_address and not is_public(address[0]):
            continue
        link = socket.socket(family, kind, protocol)
        try:
            link.settimeout(timeout)
            link.connect(address)
        except OSError as error:
            link.close()
            failure = error
        else:
            return link
    if failure is not None:
        raise failure
    words = "has no public address; files come from private ones only where runtime.private_downloads = true"
    raise Refusal("refused", f"{host} {words}", "url")
