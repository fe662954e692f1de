"""What the peer says: a file of codec frames as it is, or a sound file through the codec's encoder."""

from __future__ import annotations

from pathlib import Path

from visaged.audio.errors import FileUnusable
from visaged.codec.frame_codec import Codes
from visaged.codec.frames import VERSION
from visaged.config.load import find_file, load
from visaged.console.progress import progress_bar
from visaged.inference.errors import NoPackageError, SessionError
from visaged.inference.find import search_roots


class SayingError(Exception):
    """The file cannot be said: names it, and says why."""


def load_codes(path: Path, config: Path | None, overrides: list[str], models: Path | None) -> Codes:
    """uint16 [n, codebooks]. Raises SayingError, ConfigError."""
    # The codec's files come with soxr and the encoder with ONNX Runtime: an echo needs neither.
    from visaged.codec.files import CodecFileError, read_frames, read_sound  # noqa: PLC0415

    try:
        with path.open("rb") as file:
            begins = file.read(1)
        if begins == bytes([VERSION]):
            return read_frames(path).codes
        with progress_bar() as report:
            settings, roots = load(find_file(config), overrides), search_roots(models)
            return read_sound(path, settings, roots, lambda share: report(path.name, share))[0]
    except OSError as error:
        raise SayingError(f"'{path}' cannot be read: {error.strerror}") from None
    except FileUnusable as error:
        raise SayingError(f"{error}. {error.remedy}") from None
    except (CodecFileError, SessionError) as error:
        raise SayingError(str(error)) from None
    except NoPackageError as error:
        raise SayingError(f"a sound file needs the codec: {error}") from None
