"""The door: every request and WebSocket passes here first. Host, origin, rate, and who it is.

Host: a name that is not the box's is a page elsewhere whose name was pointed at this box (DNS rebinding). Origin: what
a browser sends from another site's page is refused, with a password or without.
"""

from __future__ import annotations

import ipaddress
import socket
import time
from collections import OrderedDict
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from visaged.web.auth.scopes import EVERYTHING
from visaged.web.auth.scopes import Scope as Right
from visaged.web.auth.sessions import COOKIE, Sessions, Throttle
from visaged.web.auth.tokens import Tokens
from visaged.web.context import WebContext
from visaged.web.errors import HttpRefusal

PER_SECOND: Final = 120
"""Requests of one address, as on the control socket."""
_MAX_ADDRESSES: Final = 512
_SAFE: Final = ("GET", "HEAD", "OPTIONS")

HEADERS: Final = (
    (
        b"content-security-policy",
        b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
        b"media-src 'self' blob:; font-src 'self'; worker-src 'self'; manifest-src 'self'; base-uri 'none'; "
        b"form-action 'self'; frame-ancestors 'none'",
    ),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(self)"),
)


@dataclass(frozen=True)
class Visitor:
    """Who asks, and what they may do."""

    rights: frozenset[Right]
    name: str
    """For the audit and the log: ``local``, ``session``, ``token NAME``, ``nobody``."""
    csrf: str | None = None
    """Of its session."""
    session: str | None = None
    address: str = ""


class Doorman:
    """What the guard knows; the calls that log in use it, too."""

    def __init__(self, context: WebContext) -> None:
        self.context = context
        self.sessions = Sessions()
        self.throttle = Throttle()
        self.tokens = Tokens(context.state_folder)
        self._names = {"localhost", socket.gethostname().lower(), *context.settings.web.names}
        self._names |= {f"{socket.gethostname().lower()}.local", context.settings.web.host.lower()}
        self._seconds: OrderedDict[str, tuple[int, int]] = OrderedDict()

    @property
    def open(self) -> bool:
        """Nobody is asked who he is: there is no password, and only programs of this machine get here."""
        opened = self.context.listening_on
        return (opened is None or opened.loopback) and not self.context.passwords.known()

    def check_host(self, headers: Headers) -> str:
        """The Host header, of which the host is known. Raises HttpRefusal."""
        host = headers.get("host", "")
        name = _host_of(host)
        if name is None or not (name in self._names or _is_address(name)):
            raise HttpRefusal("forbidden", "this box has no such name; add it to web.names, or use its address", "Host")
        return host

    def check_origin(self, headers: Headers, host: str) -> None:
        """Raises HttpRefusal when another site's page asks."""
        origin = headers.get("origin")
        if origin is not None and urlsplit(origin).netloc.lower() != host.lower():
            raise HttpRefusal("forbidden", "a page of another site may not do this", "Origin")
        if origin is None and headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
            raise HttpRefusal("forbidden", "a page of another site may not do this", "Sec-Fetch-Site")

    def check_rate(self, address: str) -> None:
        """Raises HttpRefusal busy."""
        second = int(time.monotonic())
        counted, count = self._seconds.pop(address, (second, 0))
        count = count + 1 if counted == second else 1
        self._seconds[address] = second, count
        if len(self._seconds) > _MAX_ADDRESSES:
            self._seconds.popitem(last=False)
        if count > PER_SECOND:
            raise HttpRefusal("busy", f"more than {PER_SECOND} requests a second; send again in a second")

    def visitor(self, headers: Headers, address: str) -> Visitor:
        """Who it is. Raises HttpRefusal for a token that is none."""
        kind, _, secret = headers.get("authorization", "").partition(" ")
        if kind.lower() == "bearer":
            wait_s = self.throttle.wait_s(address)
            if wait_s:
                raise HttpRefusal("busy", "too many wrong tokens; wait", "Authorization", retry_s=wait_s)
            token = self.tokens.find(secret.strip())
            if token is None:
                self.throttle.failed(address)
                raise HttpRefusal("unauthorized", "no such token, or it is over", "Authorization")
            return Visitor(frozenset(token.scopes), f"token {token.name}", address=address)
        key = _cookie(headers)
        session = self.sessions.find(key) if key else None
        if session is not None:
            return Visitor(EVERYTHING, "session", session.csrf, session.key, address)
        if self.open:
            return Visitor(EVERYTHING, "local", address=address)
        return Visitor(frozenset(), "nobody", address=address)


class Guard:
    """The ASGI middleware."""

    def __init__(self, app: ASGIApp, doorman: Doorman) -> None:
        self._app = app
        self._doorman = doorman

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what may come in, with ``scope["visitor"]``; answer the rest."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        counts = self._doorman.context.counts
        counts.requests += 1

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", []), *HEADERS]
                route = getattr(scope.get("route"), "path", "-")
                counts.answers[route, message["status"]] += 1
            await send(message)

        try:
            scope["visitor"] = self._admit(scope, headers)
        except HttpRefusal as refusal:
            counts.refused[refusal.code] += 1
            if scope["type"] == "websocket":
                await _refuse_websocket(refusal, receive, send)
            else:
                await refusal.response()(scope, receive, send_guarded)
            return
        await self._app(scope, receive, send_guarded)

    def _admit(self, scope: Scope, headers: Headers) -> Visitor:
        doorman = self._doorman
        address = (scope.get("client") or ("",))[0]
        host = doorman.check_host(headers)
        doorman.check_rate(address)
        changes = scope["type"] == "websocket" or scope["method"] not in _SAFE
        if changes:
            doorman.check_origin(headers, host)
        visitor = doorman.visitor(headers, address)
        # A cookie comes along by itself, also with a form of another page on this box: the header does not.
        by_cookie = changes and scope["type"] == "http" and visitor.csrf is not None and scope["path"] != "/login"
        if by_cookie and headers.get("x-csrf-token") != visitor.csrf:
            raise HttpRefusal("forbidden", "send the csrf value of GET /session with it", "X-CSRF-Token")
        return visitor


async def _refuse_websocket(refusal: HttpRefusal, receive: Receive, send: Send) -> None:
    await receive()
    await send({"type": "websocket.close", "code": 1008, "reason": refusal.message[:100]})


def _host_of(header: str) -> str | None:
    try:
        return urlsplit(f"//{header}").hostname if header.isprintable() and "@" not in header else None
    except ValueError:
        return None


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        return False
    return True


def _cookie(headers: Headers) -> str | None:
    try:
        morsel = SimpleCookie(headers.get("cookie", "")[:4096]).get(COOKIE)
    except CookieError:
        return None
    return None if morsel is None else morsel.value
