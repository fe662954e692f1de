"""What a worker does: a sound to the answer of /audio_to_blendshapes, a sound to a file."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from pydantic_core import to_json

from visaged.audio.file_reader import FileReader
from visaged.clock import RATE_HZ
from visaged.config import Settings
from visaged.curves import COUNT
from visaged.face.solver import FRAME_RATE_HZ
from visaged.recording import write
from visaged.render.blendshapes import BlendshapeMaker, speech_only
from visaged.render.offline import OfflineError, render
from visaged.web.solving.worker import LONGEST_S, JobError

Progress = Callable[[float], None]
"""Told 0..1."""


@lru_cache(1)
def _maker(roots: tuple[Path, ...]) -> BlendshapeMaker:
    return BlendshapeMaker(roots)


def blendshapes(job: dict[str, Any], roots: tuple[Path, ...], progress: Progress) -> dict[str, Any]:
    """Writes the JSON of the whole answer into ``out``. Raises JobError, FileUnusable, OfflineError, SessionError."""
    settings = speech_only(Settings.model_validate(job["settings"]), job["solver"], job["lookahead_ms"])
    maker = _maker(roots)
    try:
        maker.warm(settings)
    except OfflineError as error:
        raise JobError("unavailable", str(error), "solver") from None
    reader, length_s = _opened(job)
    try:
        rows = maker.rows(reader, settings, lambda done_s: progress(done_s / length_s))
        notices = [notice.replace(f"{reader.name}: ", "", 1) for notice in reader.notices]
    except OfflineError as error:
        code = "unavailable" if str(error).startswith("solver") else "invalid"
        raise JobError(code, str(error).replace(reader.name, "the sound"), None) from None
    finally:
        reader.close()
    if not job["emotions"]:
        rows = rows[:, :COUNT]
    answer = {
        # As exact as a float16 on the wire, and a third shorter than all digits.
        "blendshapes": np.round(rows.astype(np.float64), 5).tolist(),
        "num_frames": len(rows),
        "frame_rate": FRAME_RATE_HZ,
        "solver": settings.face.solver,
        "notices": notices,
    }
    Path(job["out"]).write_bytes(to_json(answer))
    return {"sound_s": length_s}


def render_file(job: dict[str, Any], roots: tuple[Path, ...], progress: Progress) -> dict[str, Any]:
    """Writes a recording into ``out``, whose name says the format. Raises as above, RecordingError."""
    settings = Settings.model_validate(job["settings"])
    if job["idle"]:
        face = settings.face.model_copy(
            update={name: job[name] for name in ("solver", "lookahead_ms") if job[name] is not None}
        )
        animation = settings.animation.model_copy(update={"seed": settings.animation.seed or 0})
        settings = settings.model_copy(update={"face": face, "animation": animation})
    else:
        settings = speech_only(settings, job["solver"], job["lookahead_ms"])
    reader, length_s = _opened(job)
    try:
        if Path(job["out"]).suffix == ".mp4":
            _film(job, reader, settings, roots, lambda done_s: progress(done_s / length_s))
        else:
            write(Path(job["out"]), render(reader, settings, roots, lambda done_s: progress(done_s / length_s)))
    finally:
        reader.close()
    return {"sound_s": length_s}


def _film(
    job: dict[str, Any], reader: FileReader, settings: Settings, roots: tuple[Path, ...], progress: Progress
) -> None:
    """The drawn face with its sound, where this box can draw."""
    raise JobError("unavailable", "this box cannot draw films; format csv or npz", "format")


def _opened(job: dict[str, Any]) -> tuple[FileReader, float]:
    """The sound and its length in s. Raises JobError when it is too long, FileUnusable."""
    path = Path(job["path"])
    # A header may say anything.
    length_s = _measured_s(path)
    if length_s > LONGEST_S:
        raise JobError("too_large", f"the sound is longer than {LONGEST_S / 60:g} minutes; send it in pieces", "body")
    return FileReader(path), max(length_s, 1 / FRAME_RATE_HZ)


def _measured_s(path: Path) -> float:
    """By reading it, at most a little over the limit."""
    reader, part, count = FileReader(path), np.zeros(RATE_HZ, np.float32), 0
    try:
        while count <= LONGEST_S * RATE_HZ:
            got = reader.read(part)
            count += got
            if got < len(part):
                break
    finally:
        reader.close()
    return count / RATE_HZ
