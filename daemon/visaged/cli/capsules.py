"""``visaged capsules``: look at the library, make capsules and packs, verify and install them, play one."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from visaged.capsules import format as capsule_format
from visaged.capsules.catalogue import Entry
from visaged.capsules.errors import CapsuleError
from visaged.capsules.format import SUFFIX, Capsule
from visaged.capsules.ids import Kind, check_cid, kind_of
from visaged.capsules.install import add_local, check_pack, install_pack, revoke
from visaged.capsules.library import Library
from visaged.capsules.pack import PackReader, add_signature, write_pack
from visaged.capsules.signing import KEYS_DIR, load_public_keys, sign
from visaged.cli import exit_codes
from visaged.cli.settings_arguments import add_settings_arguments
from visaged.config.load import ConfigError, find_file, load

_TABLES: Final = (".toml", ".json")
_STATES: Final = {
    "cached": "shown now",
    "loading": "shown as soon as it is loaded",
    "unknown": "not installed, its fallback is shown",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the actions."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    listing = _action(actions, "list", "what is installed", _list)
    listing.add_argument("--prefix", default="", help="IDs that begin so: VF_")
    listing.add_argument("--tag", help="only with this tag")
    listing.add_argument("--json", action="store_true", help="one JSON object per line")
    show = _action(actions, "show", "everything about one capsule, or a .capsule file", _show)
    show.add_argument("capsule", help="ID or file")
    _add_import(_action(actions, "import", "make a capsule of a Live Link CSV / NPZ or a sound file", _import))
    pack = _action(actions, "pack", "put capsules and tables into a pack and sign it", _pack)
    pack.add_argument("output", type=Path, help="the pack to write")
    pack.add_argument("files", nargs="+", help="IDs of the library, .capsule files, tables (.toml, .json)")
    pack.add_argument("--name", required=True, help="a-z 0-9 -")
    pack.add_argument("--version", required=True, help="such as 1.2.0")
    pack.add_argument("--licence", default="")
    pack.add_argument("--key", type=Path, help="Ed25519 private key (PEM): openssl genpkey -algorithm ed25519")
    for name, summary, function in (
        ("verify", "check a pack without installing it", _verify),
        ("install", "check a pack and install it", _install),
    ):
        action = _action(actions, name, summary, function)
        action.add_argument("pack", type=Path)
        action.add_argument("--keys", type=Path, default=KEYS_DIR, help=f"folder of trusted keys (default {KEYS_DIR})")
        action.add_argument("--unsigned", action="store_true", help="accept a pack that no trusted key has signed")
    revoking = _action(actions, "revoke", "stop using a pack, at once and in future", _revoke)
    revoking.add_argument("pack", help="name or name@version")
    play = _action(actions, "play", "show a capsule on the running daemon", _play)
    play.add_argument("cid", help="capsule or event ID")
    play.add_argument("--weight", type=float, default=1.0, help="0-2")
    play.add_argument("--delay-ms", type=int, default=0)


def run(options: argparse.Namespace) -> int:
    """Do the chosen action."""
    try:
        return int(options.function(options))
    except (CapsuleError, ConfigError) as error:
        print(error, file=sys.stderr)
        return exit_codes.USAGE if isinstance(error, ConfigError) else exit_codes.FAILED


def _action(
    actions: Any, name: str, summary: str, function: Callable[[argparse.Namespace], int]
) -> argparse.ArgumentParser:
    action: argparse.ArgumentParser = actions.add_parser(
        name, help=summary, description=summary[0].upper() + summary[1:]
    )
    add_settings_arguments(action)
    action.add_argument("--library", type=Path, help="the library's folder (default: capsules.library of the settings)")
    action.set_defaults(function=function)
    return action


def _add_import(action: argparse.ArgumentParser) -> None:
    action.add_argument("source", type=Path, help=".csv or .npz recording, or a sound file")
    action.add_argument("--cid", required=True, type=_cid, help="VF_… for a recording, VL_… for a sound file")
    action.add_argument("--title", default="")
    action.add_argument("--tag", action="append", default=[], help="may be repeated")
    action.add_argument("--loop", action="store_true", help="for a recording that ends as it begins")
    action.add_argument("--blend-mode", choices=["additive", "override"], default="additive")
    action.add_argument("--emotion", type=_emotion, metavar="V,A,D", help="valence,arousal,dominance, each -1..1")
    action.add_argument("--fps", type=Fraction, help="rate of a CSV whose timecodes do not tell (29.97: 30000/1001)")
    action.add_argument("--licence", default="")
    action.add_argument("--output", type=Path, help="write a .capsule file instead of adding it to the library")


def _library(options: argparse.Namespace) -> Library:
    root = options.library or load(find_file(options.config), options.set).capsules.library
    library = Library(root)
    library.load()
    return library


def _list(options: argparse.Namespace) -> int:
    catalogue = _library(options).catalogue
    entries = [entry for cid, entry in sorted(catalogue.entries.items()) if cid.startswith(options.prefix)]
    if options.tag:
        entries = [entry for entry in entries if options.tag in entry.header.tags]
    if options.json:
        for entry in entries:
            print(json.dumps(json.loads(entry.header_json) | {"pack": entry.pack, "sha256": entry.sha256}))
        return exit_codes.DONE
    table = Table("ID", "title", "layer", "seconds", "valence, arousal, dominance", "tags", "pack", box=None)
    for entry in entries:
        table.add_row(*_row(entry))
    console = Console()
    console.print(table)
    packs = ", ".join(f"{name} {version}" for name, version in catalogue.packs.items()) or "none"
    console.print(f"{len(entries)} of {len(catalogue.entries)} capsules; packs: {packs}", highlight=False)
    for sentence in catalogue.refused:
        print(sentence, file=sys.stderr)
    return exit_codes.FAILED if catalogue.refused else exit_codes.DONE


def _row(entry: Entry) -> tuple[str, ...]:
    header = entry.header
    feeling = "" if header.emotion is None else ", ".join(f"{value:+.2f}" for value in header.emotion.vector())
    length = f"{header.duration_ms / 1000:.1f}" + (" loop" if header.loop else "")
    return entry.cid, header.title, header.layer, length, feeling, " ".join(header.tags), entry.pack


def _show(options: argparse.Namespace) -> int:
    capsule = _capsule(options.capsule, options)
    shapes = {
        name: f"{tensor.dtype} {list(tensor.shape)}"
        for name in ("curves", "mask", "tokens", "pcm")
        if (tensor := getattr(capsule, name)) is not None
    }
    print(json.dumps(capsule.header.model_dump(exclude_none=True) | {"tensors": shapes}, indent=1, ensure_ascii=False))
    return exit_codes.DONE


def _capsule(name: str, options: argparse.Namespace) -> Capsule:
    """The capsule of a file (if the name ends so) or an ID."""
    if name.endswith(SUFFIX):
        return capsule_format.decode(capsule_format.read_file(Path(name)), Path(name).name)
    library = _library(options)
    return library.read(library.entry(name))


def _import(options: argparse.Namespace) -> int:
    capsule = _read_source(options)
    if options.output:
        _write(options.output, capsule_format.encode(capsule))
        where = str(options.output)
    else:
        library = _library(options)
        add_local(library, [capsule])
        where = str(library.root)
    print(f"{capsule.header.cid}: {capsule.header.duration_ms / 1000:.2f} s, in {where}")
    return exit_codes.DONE


def _read_source(options: argparse.Namespace) -> Capsule:
    from visaged.capsules.importing import from_recording, from_speech  # noqa: PLC0415
    from visaged.recording import FORMATS, RecordingError, read  # noqa: PLC0415

    fields: dict[str, Any] = {
        "cid": options.cid,
        "title": options.title,
        "tags": tuple(options.tag),
        "licence": options.licence,
        "source": f"imported from {options.source.name}"[:256],
        "emotion": options.emotion,
    }
    spoken = kind_of(options.cid) is Kind.LINE
    recorded = options.source.suffix.lower() in FORMATS
    if spoken == recorded or kind_of(options.cid) in (Kind.CUE, Kind.VOICE):
        raise CapsuleError(options.cid, "cid", "a recording becomes VF_… or CID_…, a sound file becomes VL_…")
    try:
        if recorded:
            loop = options.loop or kind_of(options.cid) is Kind.LOOP
            fields |= {"loop": loop, "blend_mode": options.blend_mode}
            return from_recording(read(options.source, options.fps), fields)
        return from_speech(_sound(options.source), _solver(options), fields)
    except (RecordingError, OSError) as error:
        raise CapsuleError(options.source.name, "source", str(error)) from None


def _sound(path: Path) -> Any:
    from visaged.audio.errors import FileUnusable  # noqa: PLC0415
    from visaged.audio.file_reader import read_all  # noqa: PLC0415

    try:
        return read_all(path)
    except FileUnusable as error:
        raise CapsuleError(path.name, "source", str(error)) from None


def _solver(options: argparse.Namespace) -> Any:
    """The solver that the settings name, without the daemon's fallback: a line is made once and kept."""
    from visaged.face.energy import EnergySolver  # noqa: PLC0415

    settings = load(find_file(options.config), options.set)
    if settings.face.solver == "energy":
        return EnergySolver(settings.face.lookahead_ms)
    from visaged.face.lipsync import LookaheadError, open_lipsync  # noqa: PLC0415
    from visaged.inference.errors import NoPackageError, PackageError, SessionError  # noqa: PLC0415
    from visaged.inference.find import search_roots  # noqa: PLC0415

    inference = settings.inference
    try:
        return open_lipsync(search_roots(), settings.face.lookahead_ms, inference.precision, inference.providers)[0]
    except (NoPackageError, PackageError, SessionError, LookaheadError) as error:
        raise CapsuleError("face.solver", settings.face.solver, str(error)) from None


def _pack(options: argparse.Namespace) -> int:
    files: dict[str, bytes] = {}
    for name in options.files:
        path = Path(name)
        if path.suffix in _TABLES:
            files[path.name] = _read(path)
        else:
            capsule = _capsule(name, options)
            files[f"{capsule.header.cid}{SUFFIX}"] = capsule_format.encode(capsule)
    data, manifest = write_pack(options.name, options.version, files, options.licence)
    if options.key:
        data = add_signature(data, sign(manifest, options.key))
    _write(options.output, data)
    print(f"{options.output}: {len(files)} files, {len(data)} bytes, {'signed' if options.key else 'not signed'}")
    return exit_codes.DONE


def _verify(options: argparse.Namespace) -> int:
    with PackReader(options.pack) as reader:
        record, entries = check_pack(reader, load_public_keys(options.keys), options.unsigned)
    signed = f"signed by {record.key[:16]}…" if record.key else "not signed by a key that is trusted here"
    print(f"{record.manifest.name} {record.manifest.version}: {len(entries)} capsules, sound, {signed}")
    return exit_codes.DONE


def _install(options: argparse.Namespace) -> int:
    library = _library(options)
    record = install_pack(library, options.pack, load_public_keys(options.keys), options.unsigned)
    manifest = record.manifest
    print(f"{manifest.name} {manifest.version} is installed in {library.root}: {len(manifest.files)} files")
    return exit_codes.DONE


def _revoke(options: argparse.Namespace) -> int:
    revoke(_library(options), options.pack)
    print(f"{options.pack} is revoked; a running daemon stops using it within a second")
    return exit_codes.DONE


def _play(options: argparse.Namespace) -> int:
    from visaged.control.client import CommandFailed, ControlClient, NoDaemon  # noqa: PLC0415

    try:
        with ControlClient() as client:
            data = client.call("capsule.play", cid=options.cid, weight=options.weight, delay_ms=options.delay_ms)
    except NoDaemon as error:
        print(error, file=sys.stderr)
        return exit_codes.UNAVAILABLE
    except CommandFailed as error:
        print(error, file=sys.stderr)
        return exit_codes.FAILED
    for played in data["played"]:
        print(f"{played['cid']}: {_STATES[played['state']]}, ticket {played['ticket']}")
    unknown = any(played["state"] == "unknown" for played in data["played"])
    return exit_codes.FAILED if unknown else exit_codes.DONE


def _cid(text: str) -> str:
    try:
        return check_cid(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _emotion(text: str) -> dict[str, float]:
    try:
        valence, arousal, dominance = (float(part) for part in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError("expected three numbers from -1 to 1, such as 0.7,0.3,0.5") from None
    return {"valence": valence, "arousal": arousal, "dominance": dominance}


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise CapsuleError(path.name, "file", f"cannot be read: {error.strerror}") from None


def _write(path: Path, data: bytes) -> None:
    try:
        path.write_bytes(data)
    except OSError as error:
        raise CapsuleError(path.name, "file", f"cannot be written: {error.strerror}") from None
