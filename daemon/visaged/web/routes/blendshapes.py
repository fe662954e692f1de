"""POST /audio_to_blendshapes: LocalAPI's call. A sound in, rows of blendshapes out; what was solved is remembered."""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, Field

from visaged.web.access import Context, Mover
from visaged.web.context import WebContext
from visaged.web.errors import HttpRefusal
from visaged.web.solving.sound_body import pcm_form
from visaged.web.uploads import Upload

router = APIRouter(tags=["sound to face"])

LOOKAHEADS: Final = (0, 40, 80)

SOUND_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "description": "A sound file: WAV, FLAC, OGG, MP3 (M4A, WebM and more where PyAV is installed); or PCM without "
        "a header, signed 16 bits (`rate_hz`, or as NeuroSync's programs send it: 22,050 Hz mono). At most 64 MiB and "
        "10 minutes.",
        "content": {
            "audio/wav": {"schema": {"type": "string", "format": "binary"}},
            "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
        },
    }
}


class SoundQuery(BaseModel):
    """How to solve a sound; what is left out is as the face's own settings."""

    solver: Literal["lipsync", "neurosync", "energy"] | None = Field(default=None, description="See `face.solver`")
    lookahead_ms: int | None = Field(default=None, ge=0, le=80, description="0, 40 or 80: how far it hears ahead")
    rate_hz: int | None = Field(default=None, ge=4000, le=384_000, description="The body is PCM of that rate")
    channels: int | None = Field(default=None, ge=1, le=8, description="With `rate_hz`; default 1")

    def checked(self) -> SoundQuery:
        """Raises HttpRefusal."""
        if self.lookahead_ms not in (None, *LOOKAHEADS):
            raise HttpRefusal("invalid", f"lookahead_ms is {self.lookahead_ms}; accepted: 0, 40, 80", "lookahead_ms")
        return self


class BlendshapeAnswer(BaseModel):
    """Rows of curves."""

    blendshapes: list[list[float]] = Field(
        description="One row a frame: 61 curves of ARKit and Live Link Face, then Angry, Disgusted, Fearful, Happy, "
        "Neutral, Sad, Surprised"
    )
    num_frames: int
    frame_rate: int = Field(description="Frames a second")
    solver: str
    notices: list[str] = Field(description="What is odd about the sound")


@router.post(
    "/audio_to_blendshapes",
    response_model=BlendshapeAnswer,
    openapi_extra=SOUND_BODY,
    responses={
        200: {
            "content": {
                "application/json": {
                    "example": {
                        "blendshapes": [[0.0] * 68],
                        "num_frames": 1,
                        "frame_rate": 60,
                        "solver": "lipsync",
                        "notices": [],
                    }
                }
            }
        }
    },
)
async def audio_to_blendshapes(
    request: Request,
    context: Context,
    who: Mover,
    query: Annotated[SoundQuery, Depends()],
    emotions: Annotated[bool, Query(description="false: the 61 curves alone")] = True,
) -> Response:
    """The face that a sound makes, without idle life. NeuroSync: the original's own numbers."""
    query.checked()
    upload = await context.uploads.receive(request)
    job = {**job_of(upload, query, context), "kind": "blendshapes", "emotions": emotions}
    key = key_of(upload, job)
    kept = context.answers.get(key)
    if kept is None:
        shared = context.solving.get(key)
        if shared is None:
            shared = context.solving[key] = asyncio.ensure_future(_solve(context, upload, job, key))
            shared.add_done_callback(lambda _: context.solving.pop(key, None))
        else:
            upload.remove()
        # Whoever hangs up must not take it from others who wait for the same.
        kept, remembered = await asyncio.shield(shared), "miss"
    else:
        upload.remove()
        remembered = "hit"
    return Response(kept, media_type="application/json", headers={"X-Cache": remembered})


def job_of(upload: Upload, query: SoundQuery, context: WebContext) -> dict[str, Any]:
    """What every job of a worker says of its sound and its solver."""
    pcm = pcm_form(upload.head, upload.content_type, query.rate_hz, query.channels)
    return {
        "path": str(upload.path),
        "settings": context.settings.model_dump(mode="json"),
        "pcm": None if pcm is None else pcm.model_dump(),
        "solver": query.solver,
        "lookahead_ms": query.lookahead_ms,
    }


def key_of(upload: Upload, job: dict[str, Any]) -> str:
    """The same key, the same answer: sound, solver, and the settings that matter."""
    settings = {name: job["settings"][name] for name in ("face", "inference", "animation")}
    matters = {name: value for name, value in job.items() if name not in ("path", "settings")}
    text = json.dumps([upload.sha256, matters, settings, job["settings"]["audio"]["input"]["block_ms"]], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


async def _solve(context: WebContext, upload: Upload, job: dict[str, Any], key: str) -> bytes:
    out = context.uploads.new_path()
    try:
        began_s = time.monotonic()
        done = await context.pool.run({**job, "out": str(out)})
        answer = out.read_bytes()
        context.counts.solved += 1
        context.counts.solved_sound_s += float(done["sound_s"])
        context.counts.solving_s += time.monotonic() - began_s
        context.answers.put(key, answer)
        return answer
    finally:
        upload.remove()
        out.unlink(missing_ok=True)
