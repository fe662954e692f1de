"""Key files: what signs verifies, and a file that is no key is named."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from tests.capsules.making import new_key
from visaged.signing import KeyFileError, load_public_keys, sign, verify


def test_what_a_key_signs_its_public_half_verifies(tmp_path: Path) -> None:
    signature = sign(b"text", new_key(tmp_path))
    keys = load_public_keys(tmp_path)
    assert verify(b"text", signature, keys) in keys
    assert verify(b"another text", signature, keys) is None
    assert load_public_keys(tmp_path / "no-folder") == {}


def test_a_file_that_is_no_key_is_named(tmp_path: Path) -> None:
    private = new_key(tmp_path)
    (tmp_path / "brand.pub").write_text("not a key")
    with pytest.raises(KeyFileError, match=rf"{tmp_path}/brand\.pub: key: is not a public key in PEM form"):
        load_public_keys(tmp_path)
    (tmp_path / "brand.pem").write_text("not a key")
    with pytest.raises(KeyFileError, match=r"brand\.pem: key: is not an unencrypted private key"):
        sign(b"text", tmp_path / "brand.pem")
    with pytest.raises(KeyFileError, match=r"gone\.pem: key: cannot be read: No such file"):
        sign(b"text", private.with_name("gone.pem"))


def test_a_key_of_another_kind_is_named(tmp_path: Path) -> None:
    key = generate_private_key(65537, 2048)
    info = serialization.PublicFormat.SubjectPublicKeyInfo
    (tmp_path / "rsa.pub").write_bytes(key.public_key().public_bytes(serialization.Encoding.PEM, info))
    with pytest.raises(KeyFileError, match=r"rsa\.pub: key: is not an Ed25519 key"):
        load_public_keys(tmp_path)
