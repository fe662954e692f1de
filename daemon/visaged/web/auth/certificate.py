"""A certificate that the box makes itself, once, so that nothing beyond loopback travels in the clear."""

from __future__ import annotations

import datetime
import ipaddress
import os
import socket
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from visaged.files import write_atomic

CERT_NAME: Final = "cert.pem"
KEY_NAME: Final = "key.pem"
# As long as browsers put up with; people compare its fingerprint once.
_DAYS: Final = 3650
# A box without a battery begins in 1970 until the network tells it the time.
_EARLIEST: Final = datetime.datetime(2020, 1, 1, tzinfo=datetime.timezone.utc)


class CertificateError(Exception):
    """There is none and none can be made."""


def certificate_for(state: Path | None) -> tuple[Path, Path]:
    """Certificate and key in ``state``, made if they are not there. Raises CertificateError, OSError."""
    if state is None:
        raise CertificateError("this user has no folder for one")
    cert_file, key_file = state / CERT_NAME, state / KEY_NAME
    if not (cert_file.exists() and key_file.exists()):
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
        certificate, key = _make(socket.gethostname() or "visaged")
        write_atomic(key_file, key, new_mode=0o600)
        write_atomic(cert_file, certificate, new_mode=0o644)
    return cert_file, key_file


def fingerprint(cert_file: Path) -> str:
    """SHA-256 of the certificate as browsers show it: ``AB:CD:…``. Raises OSError, ValueError."""
    digest = x509.load_pem_x509_certificate(cert_file.read_bytes()).fingerprint(hashes.SHA256())
    return ":".join(f"{byte:02X}" for byte in digest)


def _make(host: str) -> tuple[bytes, bytes]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host[:64])])
    alternatives = [
        x509.DNSName(host),
        x509.DNSName(f"{host}.local"),
        x509.DNSName("localhost"),
        x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
    ]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(int.from_bytes(os.urandom(16), "big") >> 1)
        .not_valid_before(_EARLIEST)
        .not_valid_after(_EARLIEST + datetime.timedelta(days=_DAYS + 3650))
        .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return certificate.public_bytes(serialization.Encoding.PEM), private
