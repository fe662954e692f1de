"""The application: every call, the guard before them, one form of errors behind them."""

from __future__ import annotations

from typing import Final

from fastapi import FastAPI

from visaged import __version__
from visaged.web import errors
from visaged.web.auth.guard import Doorman, Guard
from visaged.web.context import WebContext
from visaged.web.errors import HttpFailure
from visaged.web.routes import blendshapes, cache, commands, health, metrics, page, session, settings, streams

_ABOUT: Final = (
    "A voice becomes a living face. The calls of LocalAPI and NeuroSync work unchanged. Errors are "
    '`{"error": {"code", "message", "field"}}` with the codes of docs/mqtt.md. On loopback nobody is asked who he is, '
    "as long as there is no password; else log in, or send a token as `Authorization: Bearer …`."
)


def create_app(context: WebContext) -> FastAPI:
    """The application of one process."""
    app = FastAPI(
        title="visaged",
        version=__version__,
        description=_ABOUT,
        license_info={"name": "Apache-2.0"},
        # Its pages load scripts from elsewhere; ours is routes/page.py.
        docs_url=None,
        redoc_url=None,
        responses={
            "default": {"model": HttpFailure, "description": "It was not carried out: `error` says why"},
        },
    )
    app.state.context = context
    app.state.doorman = Doorman(context)
    errors.install(app)
    for family in (health, metrics, blendshapes, cache, commands, session, settings, streams):
        app.include_router(family.router)
    page.install(app)
    app.add_middleware(Guard, doorman=app.state.doorman)
    return app
