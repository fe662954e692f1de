"""Errors of the API: ``{"error": {"code", "message", "field"}}`` with MQTT's codes, and the two that only HTTP has."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, Final, Literal

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from visaged.control.protocol.refusal import Code, Refusal
from visaged.guard import describe
from visaged.printable import printable

log = logging.getLogger(__name__)

HttpCode = Code | Literal["unauthorized", "forbidden"]
"""unauthorized: log in, or bring a token. forbidden: known, but not allowed this; or from another site."""

STATUS: Final[Mapping[str, int]] = {
    "malformed": 400,
    "invalid": 422,
    "too_large": 413,
    "unknown_command": 404,
    "not_found": 404,
    "busy": 429,
    "retained": 400,
    "expired": 408,
    "transaction_reused": 409,
    "unavailable": 503,
    "refused": 409,
    "failed": 500,
    "internal": 500,
    "unauthorized": 401,
    "forbidden": 403,
}
_SHOWN: Final = 80


class HttpError(BaseModel):
    """Why a call was not carried out."""

    code: HttpCode
    message: str
    field: str | None = Field(default=None, description="Which field of the request is meant")


class HttpFailure(BaseModel):
    """The body of every answer that is no success."""

    error: HttpError


class HttpRefusal(Exception):
    """A call is not carried out; nothing was changed."""

    def __init__(self, code: HttpCode, message: str, field: str | None = None, retry_s: float | None = None) -> None:
        """``retry_s``: when to ask again."""
        super().__init__(message)
        self.code: HttpCode = code
        self.message = message
        self.field = field
        self.retry_s = retry_s if retry_s is not None or code != "busy" else 1.0

    def body(self) -> dict[str, Any]:
        """As it is sent."""
        return {"error": {"code": self.code, "message": self.message, "field": self.field}}

    def response(self) -> JSONResponse:
        """The answer."""
        headers = {} if self.retry_s is None else {"Retry-After": str(max(round(self.retry_s), 1))}
        if self.code == "unauthorized":
            headers["WWW-Authenticate"] = "Bearer"
        return JSONResponse(self.body(), STATUS[self.code], headers)


def install(app: FastAPI) -> None:
    """Answer every error in that form."""

    @app.exception_handler(HttpRefusal)
    async def refused(request: Request, error: HttpRefusal) -> JSONResponse:
        return error.response()

    @app.exception_handler(Refusal)
    async def refused_by_command(request: Request, error: Refusal) -> JSONResponse:
        return HttpRefusal(error.code, error.message, error.field).response()

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        return _invalid(error).response()

    @app.exception_handler(HTTPException)
    async def of_http(request: Request, error: HTTPException) -> JSONResponse:
        if error.status_code == 404:
            what = printable(request.url.path, _SHOWN)
            return HttpRefusal("not_found", f"there is no {what}; GET /docs lists the calls").response()
        response = HttpRefusal("malformed", printable(str(error.detail), 200)).response()
        response.status_code = error.status_code
        response.headers.update(error.headers or {})
        return response

    @app.exception_handler(ClientDisconnect)
    async def gone(request: Request, error: ClientDisconnect) -> JSONResponse:
        # Nobody reads it: the browser closed the page in the middle of a request.
        return HttpRefusal("malformed", "the request is cut off").response()

    @app.exception_handler(Exception)
    async def defect(request: Request, error: Exception) -> JSONResponse:
        log.error("%s %s: %s", request.method, printable(request.url.path, _SHOWN), describe(error))
        return HttpRefusal("internal", "a defect; the log of the box has the details").response()


def _invalid(error: RequestValidationError) -> HttpRefusal:
    first = error.errors()[0]
    place = [str(part) for part in first["loc"]]
    field = ".".join(place[1:] if place[:1] in (["query"], ["path"], ["body"], ["header"]) else place)
    if first["type"] == "json_invalid":
        return HttpRefusal("malformed", "the body is not JSON in UTF-8", "body")
    message = str(first["msg"]).removeprefix("Value error, ")
    got = first.get("input")
    shown = "" if got is None or isinstance(got, dict | list) else f"; got {ascii(got)[:_SHOWN]}"
    return HttpRefusal("invalid", f"{field or 'the request'}: {message}{shown}", field or None)
