"""The listening socket: where the settings want it, and only as open as it is safe.

Whatever is in the way (port in use, no password off loopback, an unreadable key) is a problem that is tried again.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from visaged.config.hosts import addresses
from visaged.config.web import WebSettings
from visaged.web.auth.certificate import CertificateError, certificate_for
from visaged.web.auth.password import Passwords
from visaged.web.channel import Channel

PORT_PROBLEM: Final = "web_port"
PASSWORD_PROBLEM: Final = "web_password"
CERTIFICATE_PROBLEM: Final = "web_certificate"
_AGAIN_S: Final = 5.0


@dataclass(frozen=True)
class Opened:
    """A socket that listens, and how."""

    socket: socket.socket
    loopback: bool
    """Only programs of this machine reach it."""
    url: str
    cert_file: Path | None = None
    key_file: Path | None = None


class Refused(Exception):
    """It cannot be opened now; ``args``: problem, message, remedy."""


class Listening:
    """Opens the socket; tries again until it can."""

    def __init__(self, settings: WebSettings, passwords: Passwords, state: Path | None, channel: Channel) -> None:
        """``state``: folder where a certificate of our own may be kept."""
        self._settings = settings
        self._passwords = passwords
        self._state = state
        self._channel = channel
        self._told: str | None = None

    async def open(self) -> Opened:
        """The socket, once there is one."""
        while True:
            try:
                opened = await asyncio.to_thread(self._open)
            except Refused as refused:
                problem, message, remedy = refused.args
                if self._told not in (None, problem):
                    self._channel.send(clear=self._told)
                self._told = problem
                self._channel.send(open=[problem, message, remedy])
                await asyncio.sleep(_AGAIN_S)
            else:
                if self._told is not None:
                    self._channel.send(clear=self._told)
                    self._told = None
                return opened

    def _open(self) -> Opened:
        """Raises Refused."""
        host, port = self._settings.host, self._settings.port
        try:
            found = addresses(host, port, kind=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        except OSError as error:
            remedy = "Correct web.host: an address of this box, 127.0.0.1 or 0.0.0.0"
            raise Refused(PORT_PROBLEM, f"web.host '{host}' cannot be found: {error.strerror}", remedy) from None
        family, _, _, _, address = found[0]
        loopback = ipaddress.ip_address(str(address[0]).partition("%")[0]).is_loopback
        cert_file, key_file = self._secured(loopback)
        listener = _bind(family, address, host, port)
        scheme = "http" if cert_file is None else "https"
        shown = "localhost" if loopback else f"[{host}]" if ":" in host else host
        if ipaddress.ip_address(str(address[0]).partition("%")[0]).is_unspecified:
            shown = socket.gethostname()
        return Opened(
            listener,
            loopback,
            f"{scheme}://{'127.0.0.1' if shown == 'localhost' else shown}:{listener.getsockname()[1]}",
            cert_file,
            key_file,
        )

    def _secured(self, loopback: bool) -> tuple[Path | None, Path | None]:
        """Certificate and key; none on loopback without one of the owner's. Raises Refused."""
        settings = self._settings
        if not loopback and not self._passwords.known():
            raise Refused(
                PASSWORD_PROBLEM,
                f"web.host '{settings.host}' is open to other machines and there is no password: it stays closed",
                "Set one with: visaged web password; or go back to web.host = '127.0.0.1'",
            )
        if loopback and not settings.cert_file:
            return None, None
        try:
            cert_file, key_file = (
                (Path(settings.cert_file), Path(settings.key_file))
                if settings.cert_file
                else certificate_for(self._state)
            )
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(cert_file, key_file)
        except (OSError, ssl.SSLError, CertificateError) as error:
            raise Refused(
                CERTIFICATE_PROBLEM,
                f"the page's certificate cannot be used: {error}",
                "Correct web.cert_file and web.key_file (PEM, readable by the user of visaged), or leave them empty",
            ) from None
        return cert_file, key_file


def _bind(family: socket.AddressFamily, address: tuple[object, ...], host: str, port: int) -> socket.socket:
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(64)
    except OSError as error:
        listener.close()
        raise Refused(
            PORT_PROBLEM,
            f"the page cannot listen on {host} port {port}: {error.strerror}",
            "Another program has that port: end it, or set another one in web.port. It is tried again by itself",
        ) from None
    listener.setblocking(False)
    return listener
