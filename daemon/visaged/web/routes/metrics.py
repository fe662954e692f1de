"""GET /metrics, for Prometheus."""

from __future__ import annotations

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST

from visaged import __version__
from visaged.control.protocol.commands.device import HEALTH_GET
from visaged.web.access import Context, Viewer
from visaged.web.errors import HttpRefusal
from visaged.web.prometheus import expose

router = APIRouter(tags=["health"])


@router.get("/metrics", response_class=Response)
async def metrics(context: Context, who: Viewer) -> Response:
    """The figures of health in Prometheus' text format."""
    if not context.settings.metrics.prometheus:
        raise HttpRefusal("not_found", "metrics.prometheus is false", "metrics.prometheus")
    try:
        health = await context.gateway.call(HEALTH_GET, {})
    except HttpRefusal:
        # Prometheus is to see that, not a scrape that failed.
        health = None
    return Response(expose(health, context.settings.device.id, __version__), media_type=CONTENT_TYPE_LATEST)
