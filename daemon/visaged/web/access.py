"""What the functions of the calls ask for: the context, and a visitor with the right to do it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import Depends
from starlette.requests import HTTPConnection

from visaged.web.auth.guard import Doorman, Visitor
from visaged.web.auth.scopes import Scope
from visaged.web.context import WebContext
from visaged.web.errors import HttpRefusal


def context_of(connection: HTTPConnection) -> WebContext:
    """The context of the process."""
    context: WebContext = connection.app.state.context
    return context


def doorman_of(connection: HTTPConnection) -> Doorman:
    """Who knows sessions and tokens."""
    doorman: Doorman = connection.app.state.doorman
    return doorman


def visitor_of(connection: HTTPConnection) -> Visitor:
    """Who asks."""
    visitor: Visitor = connection.scope["visitor"]
    return visitor


def check(visitor: Visitor, right: Scope) -> Visitor:
    """``visitor``, if it may. Raises HttpRefusal."""
    if right in visitor.rights:
        return visitor
    if not visitor.rights:
        raise HttpRefusal("unauthorized", "log in (POST /login), or send a token (Authorization: Bearer …)")
    raise HttpRefusal("forbidden", f"this takes a token with the scope '{right.value}'")


def needs(right: Scope) -> Callable[[Visitor], Visitor]:
    """A dependency: whoever asks has that right."""

    def checked(visitor: Annotated[Visitor, Depends(visitor_of)]) -> Visitor:
        return check(visitor, right)

    return checked


Context = Annotated[WebContext, Depends(context_of)]
Door = Annotated[Doorman, Depends(doorman_of)]
Who = Annotated[Visitor, Depends(visitor_of)]
Viewer = Annotated[Visitor, Depends(needs(Scope.VIEW))]
Mover = Annotated[Visitor, Depends(needs(Scope.FACE))]
Speaker = Annotated[Visitor, Depends(needs(Scope.SPEAK))]
Setter = Annotated[Visitor, Depends(needs(Scope.SETTINGS))]
