"""The page itself: GET / for browsers and for programs, /docs, and the files under /static."""

from __future__ import annotations

import html
import json
from pathlib import Path
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse, Response
from starlette.staticfiles import StaticFiles

from visaged import __version__

STATIC: Final = Path(__file__).parents[1] / "static"


def install(app: FastAPI) -> None:
    """Serve them."""

    @app.get("/", include_in_schema=False)
    async def root(request: Request) -> Response:
        """A browser gets the page; a program its name, version and the list of calls."""
        if "text/html" in request.headers.get("accept", ""):
            return FileResponse(STATIC / "index.html", headers={"Cache-Control": "no-cache"})
        return JSONResponse(
            {
                "message": "visaged: a voice becomes a living face",
                "name": "visaged",
                "version": __version__,
                "endpoints": [f"{method} {path}" for path, method, _ in _calls(app)],
                "openapi": "/openapi.json",
            }
        )

    @app.get("/docs", include_in_schema=False)
    async def docs() -> HTMLResponse:
        """Every call with its example; plain, without anything from elsewhere."""
        rows = "".join(_row(path, method, call) for path, method, call in _calls(app))
        title = f"visaged {__version__}: HTTP API"
        return HTMLResponse(
            f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>'
            '<meta name="viewport" content="width=device-width"><link rel="stylesheet" href="/static/page/page.css">'
            f'<main class="docs"><h1>{title}</h1><p><a href="/">The page</a> · <a href="/openapi.json">openapi.json</a>'
            f"</p>{rows}</main></html>"
        )

    app.mount("/static", StaticFiles(directory=STATIC), name="static")


def _calls(app: FastAPI) -> list[tuple[str, str, dict[str, Any]]]:
    paths: dict[str, dict[str, Any]] = app.openapi()["paths"]
    return [(path, method.upper(), call) for path, methods in paths.items() for method, call in methods.items()]


def _row(path: str, method: str, call: dict[str, Any]) -> str:
    body = call.get("requestBody", {}).get("content", {}).get("application/json", {}).get("example")
    text = "" if body is None else f"<pre>{html.escape(json.dumps(body, indent=1))}</pre>"
    about = html.escape(call.get("description", ""))
    summary = html.escape(call.get("summary", ""))
    return f"<section><h2>{method} {html.escape(path)}</h2><p>{summary}</p><p>{about}</p>{text}</section>"
