"""Callbacks that keep nobody alive: what is in no circle is gone, models and all, when it is let go of."""

from __future__ import annotations

import weakref
from collections.abc import Callable


def weakly(method: Callable[..., None]) -> Callable[..., None]:
    """``method``, bound, while its object lives; nothing afterwards."""
    reference = weakref.WeakMethod(method)

    def call(*arguments: object) -> None:
        found = reference()
        if found is not None:
            found(*arguments)

    return call
