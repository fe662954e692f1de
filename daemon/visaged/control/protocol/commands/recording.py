"""Commands about recordings of the live face: record.start, record.stop, record.list, record.remove.

Takes are CSV files in a folder of the box's own; no command names a path.
"""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import AwareDatetime, Field

from visaged.control.protocol.envelope import Data, Nothing, QuickCommand, Request
from visaged.text_form import form

LONGEST_S: Final = 3600
"""Of one take."""

TakeName = Annotated[str, form(r"^[A-Za-z0-9_-]{1,64}$", "1 to 64 letters, digits, '_' and '-'")]


class RecordStart(Request):
    """Record the face from now on, as it is sent."""

    name: TakeName | None = Field(default=None, description="Of the take, a new one; default: date and time")
    seconds: float = Field(default=60.0, ge=0.1, le=LONGEST_S, description="It ends by itself after this, s")


class RecordStop(Request):
    """End the take that is being recorded."""


class RecordList(Request):
    """The takes on the box, the oldest first."""


class RecordRemove(Request):
    """Remove a take."""

    name: TakeName


class Take(Data):
    """One recording: NAME.csv in the box's folder of recordings."""

    name: str
    file: str
    """Path on the box."""
    running: bool
    fps: str | None = Field(description="Frames a second, a fraction as '30000/1001'; null: of an earlier run")
    frames: int = Field(ge=0)
    seconds: float = Field(ge=0)
    lost: int = Field(default=0, ge=0, description="Frames that could not be written in time")
    bytes: int = Field(ge=0)
    time: AwareDatetime = Field(description="When it began")
    problem: str | None = Field(default=None, description="Why it ended before its time")


class Takes(Data):
    """All takes, the newest 200 of them."""

    takes: tuple[Take, ...]
    bytes: int = Field(description="Of all together")


RECORD_START = QuickCommand(
    "record.start",
    "Record the live face to a file of the box",
    RecordStart,
    Take,
    '{"transaction": "t1", "name": "greeting", "seconds": 20}',
)
RECORD_STOP = QuickCommand("record.stop", "End the recording", RecordStop, Take, '{"transaction": "t2"}')
RECORD_LIST = QuickCommand("record.list", "The recordings on the box", RecordList, Takes, '{"transaction": "t3"}')
RECORD_REMOVE = QuickCommand(
    "record.remove", "Remove a recording", RecordRemove, Nothing, '{"transaction": "t4", "name": "greeting"}'
)
