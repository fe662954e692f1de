"""Errors of the rooms as refusals of commands."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from visaged.capsules.errors import BusyError, CapsuleError, UnknownError
from visaged.control.protocol.refusal import Refusal
from visaged.conversation.answer import ConverseError
from visaged.inference.errors import PackageConflict, PackageError, UntrustedPackage


@contextmanager
def converse_refusals(field: str | None = None) -> Iterator[None]:
    """What mode converse raises, as Refusal. ``field`` of the request; None: the setting that is in the way."""
    try:
        yield
    except ConverseError as error:
        raise Refusal("unavailable", f"{error} ({error.key})", field or f"settings.{error.key}") from None


@contextmanager
def capsule_refusals() -> Iterator[None]:
    """What capsules raise, as Refusal."""
    try:
        yield
    except BusyError as error:
        raise Refusal("busy", error.problem, error.field) from None
    except UnknownError as error:
        raise Refusal("not_found", str(error), error.field) from None
    except CapsuleError as error:
        raise Refusal("invalid", str(error), error.field) from None


@contextmanager
def package_refusals(field: str) -> Iterator[None]:
    """What installing a model package raises, as Refusal of ``field``."""
    try:
        yield
    except (PackageConflict, UntrustedPackage) as error:
        where = error.folder.name if isinstance(error, PackageConflict) else error.where
        raise Refusal("refused", f"{where} {error.problem}", field) from None
    except PackageError as error:
        raise Refusal("failed", f"{error.where}: {error.problem}", field) from None
    except OSError as error:
        raise Refusal("failed", f"the disk refuses it: {error.strerror or error}", field) from None
