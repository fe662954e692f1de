"""``visaged capsules import``: a capsule from a recording or a sound file."""

from __future__ import annotations

import argparse
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from visaged.capsules.errors import CapsuleError
from visaged.capsules.file import capsule as capsule_format
from visaged.capsules.file.capsule import Capsule
from visaged.capsules.file.ids import CapsuleKind, check_cid, kind_of
from visaged.capsules.library.install import add_local
from visaged.cli.capsules.library import open_library, write_file
from visaged.config.load import find_file, load
from visaged.console import exit_codes
from visaged.console.progress import progress_bar
from visaged.console.say import complain, say

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from visaged.capsules.file.capsule import Tokens
    from visaged.capsules.library.importing import VoiceEncoder


def add_import_arguments(action: argparse.ArgumentParser) -> None:
    """Add the options."""
    action.add_argument("source", type=Path, help=".csv or .npz recording, or a sound file")
    action.add_argument("--cid", required=True, type=_cid, help="VF_… for a recording, VL_… for a sound file")
    action.add_argument("--title", default="")
    action.add_argument("--tag", action="append", default=[], help="may be repeated")
    action.add_argument("--loop", action="store_true", help="for a recording that ends as it begins")
    action.add_argument("--blend-mode", choices=["additive", "override"], default="additive")
    action.add_argument("--emotion", type=_emotion, metavar="V,A,D", help="valence,arousal,dominance, each -1..1")
    action.add_argument("--fps", type=Fraction, help="rate of a CSV whose timecodes do not tell (29.97: 30000/1001)")
    action.add_argument(
        "--codec",
        choices=["mimi"],
        help="keep a line's voice as tokens of codec.model: 0.1 kB a second instead of 48 kB",
    )
    action.add_argument("--models", type=Path, metavar="DIR", help="folder of packages searched before the others")
    action.add_argument("--licence", default="")
    action.add_argument("--output", type=Path, help="write a .capsule file instead of adding it to the library")


def import_capsule(options: argparse.Namespace) -> int:
    """Make it, and add it to the library or write it to a file."""
    capsule = _read_source(options)
    if options.output:
        write_file(options.output, capsule_format.encode(capsule))
        where = str(options.output)
    else:
        library = open_library(options)
        add_local(library, [capsule])
        if capsule.header.cid not in library.catalogue.entries:
            revoked = "imported capsules are revoked here: visaged capsules unrevoke local"
            why = "; ".join(library.catalogue.refused) or revoked
            complain(f"{capsule.header.cid} is in {library.root} and cannot be used: {why}")
            return exit_codes.FAILED
        where = str(library.root)
    say(f"{capsule.header.cid}: {capsule.header.duration_ms / 1000:.2f} s, in {where}")
    return exit_codes.DONE


def _read_source(options: argparse.Namespace) -> Capsule:
    from visaged.capsules.library.importing import from_recording, from_speech  # noqa: PLC0415
    from visaged.recording import FORMATS, RecordingError, read  # noqa: PLC0415

    fields: dict[str, Any] = {
        "cid": options.cid,
        "title": options.title,
        "tags": tuple(options.tag),
        "licence": options.licence,
        "source": f"imported from {options.source.name}"[:256],
        "emotion": options.emotion,
    }
    spoken = kind_of(options.cid) is CapsuleKind.LINE
    recorded = options.source.suffix.lower() in FORMATS
    if spoken == recorded or kind_of(options.cid) in (CapsuleKind.CUE, CapsuleKind.VOICE):
        raise CapsuleError(options.cid, "cid", "a recording becomes VF_… or CID_…, a sound file becomes VL_…")
    if recorded and options.codec:
        raise CapsuleError(options.cid, "codec", "is for spoken lines; a recording of curves has no voice")
    try:
        if recorded:
            loop = options.loop or kind_of(options.cid) is CapsuleKind.LOOP
            fields |= {"loop": loop, "blend_mode": options.blend_mode}
            return from_recording(read(options.source, options.fps), fields)
        encoder = _encoder(options) if options.codec else None
        return from_speech(_sound(options.source), _solver(options), fields, encoder)
    except (RecordingError, OSError) as error:
        raise CapsuleError(options.source.name, "source", str(error)) from None


def _sound(path: Path) -> Any:
    from visaged.audio.errors import FileUnusable  # noqa: PLC0415
    from visaged.audio.file_reader import read_all  # noqa: PLC0415

    try:
        return read_all(path, complain)
    except FileUnusable as error:
        raise CapsuleError(path.name, "source", f"{error}. {error.remedy}") from None


def _encoder(options: argparse.Namespace) -> VoiceEncoder:
    """The codec that the settings name, with a bar for what it does."""
    from visaged.codec.models import open_encoder  # noqa: PLC0415
    from visaged.codec.offline import encode  # noqa: PLC0415
    from visaged.inference.errors import NoPackageError  # noqa: PLC0415
    from visaged.inference.find import search_roots  # noqa: PLC0415

    settings = load(find_file(options.config), options.set)
    try:
        encoder = open_encoder(settings, search_roots(options.models))
    except NoPackageError as error:
        raise CapsuleError("codec.model", settings.codec.model, str(error)) from None

    def to_tokens(voice: NDArray[np.float32]) -> Tokens:
        with progress_bar() as report:
            return encode(encoder, voice, lambda share: report(options.source.name, share))

    return to_tokens


def _solver(options: argparse.Namespace) -> Any:
    """The solver that the settings name, without the daemon's fallback: a line is made once and kept."""
    from visaged.inference.find import search_roots  # noqa: PLC0415
    from visaged.render.offline import OfflineError, bare_solver  # noqa: PLC0415

    settings = load(find_file(options.config), options.set)
    try:
        return bare_solver(settings, search_roots(options.models))
    except OfflineError as error:
        raise CapsuleError("face.solver", settings.face.solver, str(error)) from None


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
