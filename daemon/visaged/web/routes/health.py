"""Is it there, and how does it do: /health as LocalAPI's clients ask, /health/detailed as over MQTT."""

from __future__ import annotations

from functools import cache
from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field

from visaged import __version__
from visaged.control.protocol.commands.device import HEALTH_GET
from visaged.control.protocol.health_model import Health
from visaged.web.access import Context, Viewer
from visaged.web.errors import HttpRefusal
from visaged.web.solving.answers import CacheStats

router = APIRouter(tags=["health"])


class HealthSummary(BaseModel):
    """Enough for a load balancer, and what LocalAPI says."""

    status: Literal["operational", "degraded"]
    device: str = Field(description="Name of this box")
    model_loaded: bool = Field(description="A trained solver moves the face")
    cuda_available: bool = Field(description="A GPU is used")
    version: str
    solver: str | None
    fps: float | None
    problems: tuple[str, ...] = Field(description="Codes of what is wrong now")


class QueueFigures(BaseModel):
    """Sounds that are solved for others."""

    running: int
    waiting: int


class DetailedHealth(Health):
    """Health as over MQTT, and what the HTTP API does."""

    jobs: QueueFigures
    cache: CacheStats


@router.get("/health")
async def health(context: Context, who: Viewer) -> HealthSummary:
    """Whether the face moves. Without a running daemon: `degraded`."""
    device = context.settings.device.id
    try:
        found = Health.model_validate(await context.gateway.call(HEALTH_GET, {}))
    except HttpRefusal as refusal:
        return HealthSummary(
            status="degraded",
            device=device,
            model_loaded=False,
            cuda_available=_has_cuda(),
            version=__version__,
            solver=None,
            fps=None,
            problems=(refusal.code,),
        )
    providers = " ".join(found.solver.providers or ()).lower()
    return HealthSummary(
        status="operational" if found.state == "online" else "degraded",
        device=device,
        model_loaded=found.solver.precision is not None,
        cuda_available=_has_cuda() or "cuda" in providers or "tensorrt" in providers,
        version=found.version,
        solver=found.solver.name,
        fps=found.livelink.fps,
        problems=tuple(problem.code for problem in found.problems),
    )


@router.get("/health/detailed")
async def detailed(context: Context, who: Viewer) -> DetailedHealth:
    """Every figure and problem."""
    found = await context.gateway.call(HEALTH_GET, {})
    pool = context.pool
    queue = QueueFigures(running=pool.running, waiting=pool.waiting)
    return DetailedHealth.model_validate({**found, "jobs": queue, "cache": context.answers.stats()})


@cache
def _has_cuda() -> bool:
    # Without importing the inference library, which takes half a second: its driver's device is enough.
    from pathlib import Path  # noqa: PLC0415

    return any(Path(device).exists() for device in ("/dev/nvidia0", "/dev/nvhost-gpu", "/dev/nvgpu"))
