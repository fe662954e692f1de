"""What all commands share: the request envelope, the answer, and the description of a command."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Generic, Literal, TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, SerializeAsAny

from visaged.control.protocol.refusal import Code
from visaged.text_form import ShortAscii

Transaction = ShortAscii
"""Chosen by the asker: 1-64 printable ASCII characters, new for every request (a UUID is good)."""

# Room for an id, a list of ids or a few dozen curves; every command that needs more says so.
DEFAULT_MAX_BYTES: Final = 4096

PATIENCE_S: Final = 60.0
"""How long a slow command may take before it counts as stuck; those that take longer say so."""
ENGINE_S: Final = 1800.0
"""For one that opens a model: TensorRT may have to build an engine first."""


class Part(BaseModel):
    """A table inside a request or an answer; unknown fields are errors."""

    # cache_strings: transactions are all different, and pydantic would keep 16,384 of them for good.
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, cache_strings="keys")


class Request(Part):
    """Fields that every request may carry."""

    transaction: Transaction | None = Field(
        default=None,
        description="Comes back in the answer. The same request again within 60 s gets the same answer and is not "
        "carried out again; without one there is no such protection",
    )
    expires_at: AwareDatetime | None = Field(
        default=None, description="Refuse the request after this time (ISO 8601), for brokers without message expiry"
    )
    command: str | None = Field(default=None, max_length=64, description="On the local socket only: the command")
    progress: bool = Field(
        default=False, description="On the local socket only: lines with the progress come before the answer"
    )


class Data(BaseModel):
    """The ``data`` of an answer. More fields may be added by later versions: readers ignore what they do not know."""

    model_config = ConfigDict(frozen=True, allow_inf_nan=False)


class Nothing(Data):
    """A command whose answer is only that it was done."""


class ErrorBody(Data):
    """Why a request was not carried out."""

    code: Code
    message: str
    field: str | None = None
    """Which field of the request is meant: ``curves.JawOpen``."""


DataT = TypeVar("DataT", bound=Data)


class Response(BaseModel, Generic[DataT]):
    """What every request is answered with. ``data`` is null in an error, ``error`` null otherwise."""

    model_config = ConfigDict(frozen=True)

    transaction: str | None
    command: str
    device: str
    """Which box answers: requests to a group have many answers."""
    status: Literal["ok", "error"]
    data: SerializeAsAny[DataT] | None
    error: ErrorBody | None


RequestT = TypeVar("RequestT", bound=Request)
AnswerT = TypeVar("AnswerT", bound=Data)


@dataclass(frozen=True, eq=False)
class Command(Generic[RequestT, AnswerT]):
    """One command of the contract. Each is a QuickCommand or a SlowCommand."""

    name: str
    summary: str
    request: type[RequestT]
    data: type[AnswerT]
    example: str
    """A request as JSON, for the documents and the contract test."""
    max_bytes: int = DEFAULT_MAX_BYTES

    @property
    def slow(self) -> bool:
        """Whether it runs on the worker."""
        return isinstance(self, SlowCommand)


@dataclass(frozen=True, eq=False)
class QuickCommand(Command[RequestT, AnswerT]):
    """Answered within a millisecond or two, on the control thread."""


@dataclass(frozen=True, eq=False)
class SlowCommand(Command[RequestT, AnswerT]):
    """Takes longer: runs on the worker, answers when it is through, tells its progress by events."""

    patience_s: float = PATIENCE_S
    """It is stuck, and the worker is replaced, when it has not returned by then."""


AnyCommand = Command[Any, Any]
