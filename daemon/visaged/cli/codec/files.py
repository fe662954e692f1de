"""``visaged codec encode | decode``: files, with a progress bar."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from visaged.cli.settings_arguments import add_settings_arguments
from visaged.config.load import find_file, load
from visaged.console import exit_codes
from visaged.console.progress import progress_bar
from visaged.console.say import complain

if TYPE_CHECKING:
    from visaged.codec.files import Done


def add_encode_arguments(action: argparse.ArgumentParser) -> None:
    """Add the arguments of ``encode``."""
    action.epilog = "The model is codec.model; how many codebooks is codec.codebooks (--set codec.codebooks=4)."
    action.add_argument("input", type=Path, metavar="IN", help="sound file: WAV, FLAC, OGG or MP3")
    action.add_argument("output", type=Path, metavar="OUT", help="file of codec frames to write")
    _add_common(action)


def add_decode_arguments(action: argparse.ArgumentParser) -> None:
    """Add the arguments of ``decode``."""
    action.add_argument("input", type=Path, metavar="IN", help="file of codec frames")
    action.add_argument("output", type=Path, metavar="OUT", help="sound file to write, 24 kHz: .wav or .flac")
    _add_common(action)


def _add_common(action: argparse.ArgumentParser) -> None:
    add_settings_arguments(action)
    action.add_argument("--models", type=Path, metavar="DIR", help="folder of packages searched before the others")


def encode(options: argparse.Namespace) -> int:
    """Sound to frames. Raises ConfigError."""
    from visaged.codec.files import encode_file  # noqa: PLC0415

    return _convert(options, "encode", encode_file)


def decode(options: argparse.Namespace) -> int:
    """Frames to sound. Raises ConfigError."""
    from visaged.codec.files import SOUND_FORMATS, decode_file  # noqa: PLC0415

    if options.output.suffix.lower() not in SOUND_FORMATS:
        accepted = " or ".join(SOUND_FORMATS)
        print(f"visaged codec decode: OUT is '{options.output}', expected a name in {accepted}", file=sys.stderr)
        return exit_codes.USAGE
    return _convert(options, "decode", decode_file)


def _convert(options: argparse.Namespace, action: str, convert: Callable[..., Done]) -> int:
    from visaged.audio.errors import FileUnusable  # noqa: PLC0415
    from visaged.codec.files import CodecFileError  # noqa: PLC0415
    from visaged.inference.errors import NoPackageError, SessionError  # noqa: PLC0415
    from visaged.inference.find import search_roots  # noqa: PLC0415

    settings = load(find_file(options.config), options.set)
    if not options.output.parent.is_dir():
        print(f"visaged codec {action}: there is no folder '{options.output.parent}'; make it first", file=sys.stderr)
        return exit_codes.FAILED
    began_s = time.monotonic()
    try:
        with progress_bar() as report:
            done = convert(
                options.input,
                options.output,
                settings,
                search_roots(options.models),
                lambda share: report(options.input.name, share),
            )
    except FileUnusable as error:
        complain(f"visaged codec {action}: {error}. {error.remedy}")
        return exit_codes.FAILED
    except NoPackageError as error:
        complain(f"visaged codec {action}: {error}")
        return exit_codes.UNAVAILABLE
    except (CodecFileError, SessionError, OSError) as error:
        complain(f"visaged codec {action}: {error}")
        return exit_codes.FAILED
    took_s = time.monotonic() - began_s
    print(
        f"{options.output}: {done.duration_s:.2f} s in {done.bytes} bytes, {done.frames} frames of {done.codebooks} "
        f"codebooks, {done.precision}, in {took_s:.1f} s ({done.duration_s / took_s:.1f} x real time)"
    )
    return exit_codes.DONE
