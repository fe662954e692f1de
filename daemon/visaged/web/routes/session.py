"""Logging in and out: for browsers. Programs send tokens."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from visaged.web.access import Context, Door, Who
from visaged.web.auth.password import LONGEST, BadPassword
from visaged.web.auth.scopes import Scope
from visaged.web.auth.sessions import COOKIE, LONGEST_S
from visaged.web.errors import HttpRefusal

router = APIRouter(tags=["session"])


class PasswordBody(BaseModel):
    """A password."""

    password: str = Field(min_length=1, max_length=LONGEST)


class WhoAmI(BaseModel):
    """What this browser may do."""

    name: str = Field(description="local, session, token NAME or nobody")
    scopes: list[Scope]
    csrf: str | None = Field(description="To send as X-CSRF-Token with everything that changes something")
    password_set: bool


@router.get("/session")
async def session(context: Context, who: Who) -> WhoAmI:
    """Who am I?"""
    return WhoAmI(
        name=who.name,
        scopes=sorted(who.rights, key=list(Scope).index),
        csrf=who.csrf,
        password_set=context.passwords.known(),
    )


@router.post("/login")
async def login(body: PasswordBody, request: Request, response: Response, context: Context, door: Door) -> WhoAmI:
    """Begin a session; the cookie is for this browser alone."""
    address = request.client.host if request.client else ""
    wait_s = door.throttle.wait_s(address)
    if wait_s:
        raise HttpRefusal("busy", f"too many wrong passwords; wait {wait_s:.0f} s", "password", retry_s=wait_s)
    # Counted before it is known: many at once are as many tries.
    door.throttle.failed(address)
    if not await asyncio.to_thread(context.passwords.check, body.password):
        raise HttpRefusal("unauthorized", "the password is wrong", "password")
    door.throttle.succeeded(address)
    begun = door.sessions.begin()
    secure = request.url.scheme == "https"
    response.set_cookie(COOKIE, begun.key, max_age=int(LONGEST_S), httponly=True, samesite="strict", secure=secure)
    return WhoAmI(name="session", scopes=list(Scope), csrf=begun.csrf, password_set=True)


@router.post("/logout", status_code=204)
async def logout(response: Response, who: Who, door: Door) -> None:
    """End the session."""
    if who.session is not None:
        door.sessions.end(who.session)
    response.delete_cookie(COOKIE, httponly=True, samesite="strict")


@router.post("/password", status_code=204)
async def set_password(body: PasswordBody, context: Context, who: Who, door: Door) -> None:
    """Set the password: on the first visit from the box itself, later within a session. Other sessions end."""
    if who.name not in ("local", "session"):
        raise HttpRefusal("forbidden", "the password is set on the box (visaged web password), or within a session")
    try:
        await asyncio.to_thread(context.passwords.set, body.password)
    except BadPassword as error:
        raise HttpRefusal("invalid", f"the password: {error}", "password") from None
    except OSError as error:
        raise HttpRefusal("failed", f"the password cannot be stored: {error.strerror}", "password") from None
    door.sessions.end_all()
