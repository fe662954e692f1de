"""What is remembered of solved sounds."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel

from visaged.web.access import Context, Setter, Viewer
from visaged.web.solving.answers import CacheStats

router = APIRouter(prefix="/cache", tags=["cache"])


class Cleared(BaseModel):
    """How much was forgotten."""

    entries: int


@router.get("/stats")
async def stats(context: Context, who: Viewer) -> CacheStats:
    """Entries, bytes, hits and misses. Capsules have theirs in /health/detailed."""
    return context.answers.stats()


@router.delete("")
async def clear(context: Context, who: Setter) -> Cleared:
    """Forget all answers."""
    return Cleared(entries=context.answers.clear())
