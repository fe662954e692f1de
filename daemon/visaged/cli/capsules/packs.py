"""``visaged capsules pack | verify | install | remove | revoke | unrevoke``."""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import Final

from visaged.capsules.errors import CapsuleError
from visaged.capsules.file import capsule as capsule_format
from visaged.capsules.file.capsule import SUFFIX
from visaged.capsules.file.pack import PackReader, add_signature, write_pack
from visaged.capsules.library.install import check_pack, install_pack, revoke
from visaged.capsules.library.removal import remove, unrevoke
from visaged.cli.capsules.library import open_library, read_capsule, read_file, write_file
from visaged.console import exit_codes
from visaged.console.say import say
from visaged.signing import fingerprint, load_public_key, load_public_keys, sign

_FINGERPRINT: Final = re.compile(r"[0-9a-f]{64}")
_TABLES: Final = (".toml", ".json")


def add_pack_arguments(action: argparse.ArgumentParser) -> None:
    """Add the options of ``pack``."""
    action.add_argument("output", type=Path, help="the pack to write")
    action.add_argument("files", nargs="+", help="IDs of the library, .capsule files, tables (.toml, .json)")
    action.add_argument("--name", required=True, help="a-z 0-9 -")
    action.add_argument("--version", required=True, help="such as 1.2.0")
    action.add_argument("--licence", default="")
    action.add_argument("--key", type=Path, help="Ed25519 private key (PEM): openssl genpkey -algorithm ed25519")


def pack(options: argparse.Namespace) -> int:
    """Write a pack."""
    files: dict[str, bytes] = {}
    for name in options.files:
        path = Path(name)
        if path.suffix in _TABLES:
            files[path.name] = read_file(path)
        else:
            capsule = read_capsule(name, options)
            files[f"{capsule.header.cid}{SUFFIX}"] = capsule_format.encode(capsule)
    data, manifest = write_pack(options.name, options.version, files, options.licence)
    if options.key:
        data = add_signature(data, sign(manifest, options.key))
    write_file(options.output, data)
    say(f"{options.output}: {len(files)} files, {len(data)} bytes, {'signed' if options.key else 'not signed'}")
    return exit_codes.DONE


def verify(options: argparse.Namespace) -> int:
    """Check a pack."""
    with PackReader(options.pack) as reader:
        record, entries = check_pack(reader, load_public_keys(options.keys), options.unsigned)
    signed = f"signed by the key {record.key}" if record.key else "not signed by a key that is trusted here"
    say(f"{record.manifest.name} {record.manifest.version}: {len(entries)} capsules, undamaged, {signed}")
    return exit_codes.DONE


def install(options: argparse.Namespace) -> int:
    """Check a pack and install it."""
    library = open_library(options)
    record = install_pack(library, options.pack, load_public_keys(options.keys), options.unsigned)
    manifest = record.manifest
    say(f"{manifest.name} {manifest.version} is installed in {library.root}: {len(manifest.files)} files")
    return exit_codes.DONE


def revoke_pack(options: argparse.Namespace) -> int:
    """Stop using a pack, or all packs of a key."""
    pack, key, named = _pack_or_key(options)
    revoke(open_library(options), pack, key)
    say(f"{named} is revoked; a running daemon stops using it within a second")
    return exit_codes.DONE


def unrevoke_pack(options: argparse.Namespace) -> int:
    """Let a revoked pack, or all packs of a revoked key, be used again."""
    pack, key, named = _pack_or_key(options)
    unrevoke(open_library(options), pack, key)
    say(f"{named} may be used again; a running daemon uses it within a second, if it is installed")
    return exit_codes.DONE


def _pack_or_key(options: argparse.Namespace) -> tuple[str, str, str]:
    """(pack, fingerprint of a key, what the person calls it), one of the first two empty. Raises CapsuleError."""
    if bool(options.pack) == bool(options.key):
        raise CapsuleError("capsules", "pack", "is missing: name a pack, or give --key, not both")
    if options.pack:
        return options.pack, "", options.pack
    key = options.key.lower()
    if not _FINGERPRINT.fullmatch(key):
        key = fingerprint(load_public_key(Path(options.key)))
    return "", key, f"the key {key}"


def remove_pack(options: argparse.Namespace) -> int:
    """Remove a pack, or a capsule that was imported here."""
    gone = remove(open_library(options), options.name)
    say(f"{options.name} is removed: {len(gone)} capsules are gone; a running daemon stops using them within a second")
    return exit_codes.DONE
