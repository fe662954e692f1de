"""Ed25519 signatures of packs (RFC 8032): who may put capsules on this box.

Keys are PEM files, as OpenSSL writes them: ``openssl genpkey -algorithm ed25519 -out brand.pem`` and
``openssl pkey -in brand.pem -pubout -out brand.pub``. Public keys (``*.pub``) go to /etc/visaged/keys.
The library is imported on use: a box that installs no pack does not load it.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

KEYS_DIR: Final = Path("/etc/visaged/keys")
# A PEM file of one Ed25519 key takes about 120 bytes.
_MAX_KEY_BYTES: Final = 4096

PublicKeys = dict[str, "Ed25519PublicKey"]
"""Fingerprint (SHA-256 of the raw public key, hex) -> key."""


class KeyFileError(Exception):
    """A file with a key that cannot be used. ``name``: the file with its folder; ``problem``: what is wrong with it."""

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(f"{name}: key: {problem}")
        self.name = name
        self.problem = problem


def load_public_keys(folder: Path = KEYS_DIR) -> PublicKeys:
    """Every ``*.pub`` in ``folder``; none when there is no folder. Raises KeyFileError for a file that is not a key."""
    keys = [load_public_key(path) for path in sorted(folder.glob("*.pub"))]
    return {fingerprint(key): key for key in keys}


def load_public_key(path: Path) -> Ed25519PublicKey:
    """The public key in a PEM file. Raises KeyFileError."""
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import load_pem_public_key  # noqa: PLC0415

    try:
        key = load_pem_public_key(_read(path))
    except (ValueError, UnsupportedAlgorithm) as error:
        raise KeyFileError(str(path), f"is not a public key in PEM form: {error}") from None
    if not isinstance(key, Ed25519PublicKey):
        raise KeyFileError(str(path), "is not an Ed25519 key")
    return key


def fingerprint(key: Ed25519PublicKey) -> str:
    """SHA-256 of the raw public key, 64 hex digits."""
    return hashlib.sha256(key.public_bytes_raw()).hexdigest()


def sign(message: bytes, private_key: Path) -> bytes:
    """The signature (64 bytes) of ``message`` by the PEM key in the file. Raises KeyFileError."""
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: PLC0415

    try:
        key = load_pem_private_key(_read(private_key), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise KeyFileError(str(private_key), f"is not an unencrypted private key in PEM form: {error}") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyFileError(str(private_key), "is not an Ed25519 key")
    return key.sign(message)


def verify(message: bytes, signature: bytes, keys: PublicKeys) -> str | None:
    """Fingerprint of the key in ``keys`` that signed ``message``, None when none did."""
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415

    for name, key in keys.items():
        try:
            key.verify(signature, message)
        except InvalidSignature:
            continue
        return name
    return None


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_MAX_KEY_BYTES)
    except OSError as error:
        raise KeyFileError(str(path), f"cannot be read: {error.strerror}") from None
