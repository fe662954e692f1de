"""Capsules, packs and keys for tests."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from visaged.capsules.file import capsule as capsule_format
from visaged.capsules.file.capsule import SUFFIX, Capsule
from visaged.capsules.file.header import ExpressedEmotion, Header
from visaged.capsules.file.pack import add_signature, write_pack
from visaged.curves import COUNT, INDEX

JAW = INDEX["JawOpen"]
SMILE = INDEX["MouthSmileLeft"]


def capsule(cid: str = "VF_TEST", frames: int = 60, value: float = 0.5, curve: int = JAW, **fields: Any) -> Capsule:
    """A capsule that holds one curve at ``value`` for all its frames; fades of 50 ms."""
    if cid.startswith(("HF_", "VC_")):
        return Capsule(Header(cid=cid, duration_ms=1000, **fields))
    curves = np.zeros((frames, COUNT), np.float16)
    curves[:, curve] = value
    tensors = {key: fields.pop(key) for key in ("mask", "pcm", "tokens") if key in fields}
    if cid.startswith("CID_"):
        fields = {"loop": True, "layer": "base"} | fields
    if cid.startswith("VL_") and not tensors:
        tensors["pcm"] = np.full(frames * 400, 1000, np.int16)
    fields = {"duration_ms": round(frames * 1000 / 60), "fade_in_ms": 50, "fade_out_ms": 50} | fields
    return Capsule(Header(cid=cid, **fields), curves, **tensors)


def neutral(cid: str = "VF_NEUTRAL") -> Capsule:
    """The last fallback."""
    return capsule(cid, frames=12, value=0.0, emotion=ExpressedEmotion(), fade_in_ms=33, fade_out_ms=33)


def files(*capsules: Capsule) -> dict[str, bytes]:
    """File name -> bytes."""
    return {f"{c.header.cid}{SUFFIX}": capsule_format.encode(c) for c in capsules}


def new_key(folder: Path, name: str = "maker") -> Path:
    """A private key in ``folder``/name.pem and its public half in name.pub; returns the private one."""
    key = Ed25519PrivateKey.generate()
    private = folder / f"{name}.pem"
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    (folder / f"{name}.pub").write_bytes(public)
    return private


def signed_pack(path: Path, key: Path, content: dict[str, bytes], name: str = "brand", version: str = "1.0") -> Path:
    """A signed pack in ``path``."""
    loaded = serialization.load_pem_private_key(key.read_bytes(), None)
    assert isinstance(loaded, Ed25519PrivateKey)
    pack, manifest = write_pack(name, version, content)
    path.write_bytes(add_signature(pack, loaded.sign(manifest)))
    return path


def raw_pack(path: Path, entries: list[tuple[zipfile.ZipInfo | str, bytes]], **manifest: Any) -> Path:
    """An unsigned pack with any entries; its manifest lists those with a plain name unless ``files`` is given."""
    listed = {str(name): hashlib.sha256(data).hexdigest() for name, data in entries if isinstance(name, str)}
    text = json.dumps({"format": 1, "name": "brand", "version": "1.0", "files": listed} | manifest)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("pack.json", text)
        for name, data in entries:
            archive.writestr(name, data)
    path.write_bytes(buffer.getvalue())
    return path
