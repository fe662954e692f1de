"""Names that stay the same over restarts and reinstalls: derived from the machine, never random."""

from __future__ import annotations

import hashlib
import socket
import uuid
from pathlib import Path

from visaged.instance import suffixed

# machine-id(5): the id is confidential; applications hash it with a salt of their own before showing it.
_SALT = b"visaged device id"
_NAMESPACE = uuid.UUID("6f0e1c7a-2d0b-5a3e-9c7d-6c1b8e0f4a21")


def default_device_id(machine_id: Path = Path("/etc/machine-id")) -> str:
    """``box-`` and eight hex digits from /etc/machine-id (from the host name where there is none), ``-NAME`` behind."""
    try:
        source = machine_id.read_bytes().strip()
    except OSError:
        source = b""
    digest = hashlib.sha256(_SALT + (source or socket.gethostname().encode())).hexdigest()
    return suffixed(f"box-{digest[:8]}")


def livelink_device_id(device_id: str, subject: str) -> str:
    """The upper-case UUID that Live Link knows one face by: stable per box and subject.

    Unreal keys its state by this id: two faces from one box must differ in it (see outputs/livelink/packet.py).
    """
    return str(uuid.uuid5(_NAMESPACE, f"{device_id}/{subject}")).upper()
