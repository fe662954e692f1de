"""Names of hosts: what settings accept can be looked up, and a look-up has one kind of failure whatever the name is."""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Sequence
from typing import Annotated, Any, Final

from pydantic import AfterValidator

from visaged.config.texts import check_text

_MAX_NAME: Final = 253
# RFC 1123, and the underscore that Windows and Docker names have. IDNA makes this of any name that it can encode.
_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*\.?")
_ADDRESS_6: Final = re.compile(r"[0-9A-Fa-f:.]{2,45}(%[A-Za-z0-9_.-]{1,15})?")
_TARGET: Final = re.compile(r"(\[[^\[\]]{2,64}\]|[^:\[\]]{1,253}):([0-9]{1,5})")


def check_host(host: str) -> str:
    """Return ``host`` when it is an address or can be the name of a host; raises ValueError."""
    if len(host) > _MAX_NAME:
        raise ValueError(f"expected a host of at most {_MAX_NAME} characters")
    check_text(host)
    if ":" in host:
        if not _ADDRESS_6.fullmatch(host) or not _is_address(host):
            raise ValueError("expected the name or address of a host alone, without port or scheme")
        return host
    try:
        encoded = host.encode("idna").decode("ascii")
    except UnicodeError as error:
        # "label empty or too long": two dots in a row, or over 63 characters between dots.
        raise ValueError(f"expected the name or address of a host: {_reason(error)}") from None
    if len(encoded) > _MAX_NAME or not _NAME.fullmatch(encoded):
        raise ValueError("expected the name or address of a host: letters, digits, hyphens and single dots")
    if encoded.rstrip(".").rpartition(".")[2].isdigit() and not _is_address(encoded):
        raise ValueError("expected the name or address of a host: an IPv4 address has four numbers from 0 to 255")
    return host


def check_target(target: str) -> str:
    """Return ``target`` when it reads HOST:PORT or [IPv6]:PORT; raises ValueError."""
    match = _TARGET.fullmatch(target)
    if match is None or not 1 <= int(match[2]) <= 65535:
        raise ValueError("expected HOST:PORT, such as 192.168.1.20:11111 or [fe80::1%eth0]:11111")
    host = match[1]
    if host.startswith("[") and ":" not in host:
        raise ValueError("expected an IPv6 address between the brackets")
    check_host(host.strip("[]"))
    return target


def check_broker(host: str) -> str:
    """Return ``host`` when it names a broker; raises ValueError that says where scheme and port belong."""
    if "://" in host:
        scheme = host.partition("://")[0]
        tls = "; for TLS mqtt.tls = true" if scheme in ("mqtts", "ssl", "tls", "wss") else ""
        raise ValueError(f"expected the broker's name alone, without '{scheme}://'; its port goes into mqtt.port{tls}")
    if host.startswith("["):
        raise ValueError("expected an IPv6 address without brackets; the port goes into mqtt.port")
    if host.count(":") == 1:
        raise ValueError("expected the broker's name alone, without ':'; its port goes into mqtt.port")
    return check_host(host)


Target = Annotated[str, AfterValidator(check_target)]
"""HOST:PORT."""

Broker = Annotated[str, AfterValidator(check_broker)]
"""Name or address."""


def addresses(
    host: str, port: int, *, kind: socket.SocketKind = socket.SOCK_DGRAM, flags: int = 0
) -> Sequence[tuple[socket.AddressFamily, socket.SocketKind, int, str, tuple[Any, ...]]]:
    """What ``getaddrinfo`` finds, the first the system's choice; may block for many seconds. Raises socket.gaierror.

    For what IDNA cannot encode Python raises UnicodeError instead: that is a name that does not resolve, too.
    """
    if "\0" in host:
        # Python hands on what comes before it, which is another name.
        raise socket.gaierror(socket.EAI_NONAME, "it cannot be a name: it holds a NUL")
    try:
        return socket.getaddrinfo(host, port, type=kind, flags=flags)
    except (ValueError, OverflowError) as error:
        reason = str(error).strip() or "malformed"
        raise socket.gaierror(socket.EAI_NONAME, f"it cannot be a name: {reason}") from None


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _reason(error: UnicodeError) -> str:
    """Python says it in two layers, and the words differ from version to version."""
    text = str(error)
    if "empty" in text or "too long" in text:
        return "between its dots there are 1 to 63 characters"
    return "it holds characters that no name can have"
