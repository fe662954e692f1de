"""PoseBoard: the shared memory between the daemon, which forms poses, and the sender, which shows them.

Nobody waits for anybody. Poses lie in a ring of slots addressed by tick number; figures and control words are 64-bit
cells with one writer each. A slot or address carries a checksum: the reader copies first and checks the copy, so that
a half-written one is never used. (Counting writes before and after, a seqlock, is not enough here: Python has no
memory barrier and the box's ARM cores reorder stores.)

Works between threads and between processes. No numpy: the sender's process stays small.
"""

from __future__ import annotations

import mmap
import os
import struct
import zlib
from collections.abc import MutableSequence, Sequence
from enum import IntEnum
from fractions import Fraction
from typing import Final, NamedTuple, cast

from visaged.clock import TickSchedule
from visaged.metrics import HISTOGRAM_CELLS
from visaged.outputs.form import MAX_BYTES
from visaged.outputs.livelink.packet import COUNT

SLOTS: Final = 8
"""Poses kept: how far the daemon may work ahead, and how far back the sender may find one."""

FIRST: Final[dict[str, int]] = {"livelink": 0, "vmc": 16, "ifacialmocap": 24}
"""Number of each protocol's first target; as many places follow as its settings accept targets."""

MAX_TARGETS: Final = 32
"""Receivers of one face, of all protocols."""

MILLION: Final = 1_000_000
"""Cells are whole numbers: the mood is kept in millionths."""

NEVER: Final = 2**62
"""A tick that does not come."""


class Cell(IntEnum):
    """The control words and counters. S: written by the sender, D: by the daemon."""

    RATE_NUMERATOR = 0  # D
    RATE_DENOMINATOR = 1  # D
    EPOCH_NS = 2  # D: when tick 0 is due
    STOP_TICK = 3  # D: the last tick to send
    ADDRESSES = 4  # D: grows when an address changed
    PUBLISHED_TICK = 5  # D: newest tick with a pose, -1 before the first
    SENT_TICK = 6  # S: newest tick sent, -1 before the first
    SENT_NS = 7  # S: when that was
    TICKS = 8  # S: ticks sent
    LATE = 9  # S: of these, sent without a pose of their own
    SKIPPED = 10  # S: ticks that went by unsent because the sender did not get to run
    SCHEDULING = 11  # S: 1 SCHED_FIFO, 0 not known yet, else -errno of asking for it
    SCENE_KNOWN = 12  # S: the next three hold a SceneState
    SCENE_OFFSET_NS = 13  # S
    SCENE_LEAD_NS = 14  # S
    SCENE_DAY = 15  # S
    VALENCE = 16  # D: the mood, in millionths
    AROUSAL = 17  # D


class TargetCell(IntEnum):
    """Per target, all written by the sender."""

    SENT = 0  # datagrams handed to the network
    ERRORS = 1  # sends and replies that failed
    ERRNO = 2  # of the newest failure


class Slot(NamedTuple):
    """One pose as the sender sees it."""

    tick: int
    media_time_ns: int
    """When the audio it shows was captured (CLOCK_MONOTONIC); 0: it shows none."""
    curves: bytes
    """As they lie in a packet."""


_SLOT: Final = struct.Struct(f">qq{COUNT}f")
_SLOT_HEAD: Final = struct.Struct(">qq")
_TICK: Final = struct.Struct(">q")
_CRC: Final = struct.Struct("=I")

# An address record holds a family, what sendto() wants (a numeric host and a port), and what is sent there.
_ADDRESS: Final = struct.Struct(f"=iiiii64s{MAX_BYTES}s")

_TARGET_AT: Final = len(Cell)
_GAP_AT: Final = _TARGET_AT + MAX_TARGETS * len(TargetCell)
_LATENCY_AT: Final = _GAP_AT + HISTOGRAM_CELLS
_CELLS: Final = _LATENCY_AT + HISTOGRAM_CELLS
_SLOT_AT: Final = 8 * _CELLS
_SLOT_STRIDE: Final = 320  # _SLOT and its checksum, up to the next cache line
_ADDRESS_AT: Final = _SLOT_AT + SLOTS * _SLOT_STRIDE
_ADDRESS_STRIDE: Final = 320
_BYTES: Final = _ADDRESS_AT + MAX_TARGETS * _ADDRESS_STRIDE


class Address(NamedTuple):
    """Where a target is right now."""

    family: int
    host: str
    port: int
    scope_id: int
    form: str = ""
    """What it is sent: ``Form.to_text()``."""


class PoseBoard:
    """One face's shared memory. ``PoseBoard.create`` in the daemon, ``PoseBoard(fd)`` in the sender."""

    def __init__(self, fd: int, *, read_only: bool = False) -> None:
        """Map the board behind ``fd``, which stays the caller's. ``read_only``: for one who only watches the face."""
        self._map = mmap.mmap(fd, _BYTES, access=mmap.ACCESS_READ if read_only else mmap.ACCESS_WRITE)
        self._bytes = memoryview(self._map)
        self._cells = self._bytes[: 8 * _CELLS].cast("q")
        self.cells = cast("MutableSequence[int]", self._cells)
        """Indexed by ``Cell``. One writer each, so a plain ``+=`` is enough."""
        self._slots = [_Record(self._bytes, at, _SLOT) for at in range(_SLOT_AT, _ADDRESS_AT, _SLOT_STRIDE)]
        addresses = range(_ADDRESS_AT, _BYTES, _ADDRESS_STRIDE)
        self._addresses = [_Record(self._bytes, at, _ADDRESS) for at in addresses]

    @classmethod
    def create(cls, rate_hz: Fraction, epoch_ns: int) -> tuple[PoseBoard, int]:
        """A new board and its file descriptor (anonymous memory: nothing is left behind, however the daemon ends)."""
        fd = os.memfd_create("visaged-poses")
        os.ftruncate(fd, _BYTES)
        board = cls(fd)
        board.cells[Cell.RATE_NUMERATOR] = rate_hz.numerator
        board.cells[Cell.RATE_DENOMINATOR] = rate_hz.denominator
        board.cells[Cell.EPOCH_NS] = epoch_ns
        board.cells[Cell.STOP_TICK] = NEVER
        board.cells[Cell.PUBLISHED_TICK] = board.cells[Cell.SENT_TICK] = -1
        return board, fd

    def continue_from(self, before: PoseBoard) -> None:
        """Take over counters, histograms and scene time of a board whose place this one takes (before it is used)."""
        for cell in (Cell.TICKS, Cell.LATE, Cell.SKIPPED, Cell.SENT_NS):
            self.cells[cell] = before.cells[cell]
        for cell in (Cell.SCENE_OFFSET_NS, Cell.SCENE_LEAD_NS, Cell.SCENE_DAY, Cell.SCENE_KNOWN):
            self.cells[cell] = before.cells[cell]
        self._cells[_GAP_AT:_CELLS] = before._cells[_GAP_AT:_CELLS]

    @property
    def schedule(self) -> TickSchedule:
        """When each tick is due: the animator and the sender go by the same."""
        cells = self.cells
        rate_hz = Fraction(cells[Cell.RATE_NUMERATOR], cells[Cell.RATE_DENOMINATOR])
        return TickSchedule(rate_hz, cells[Cell.EPOCH_NS])

    @property
    def gap_error_cells(self) -> MutableSequence[int]:
        """Histogram (S): how much the time between two sends differed from the period."""
        return cast("MutableSequence[int]", self._cells[_GAP_AT : _GAP_AT + HISTOGRAM_CELLS])

    @property
    def voice_to_packet_cells(self) -> MutableSequence[int]:
        """Histogram (S): from the capture of the audio that a pose shows to its send."""
        return cast("MutableSequence[int]", self._cells[_LATENCY_AT : _LATENCY_AT + HISTOGRAM_CELLS])

    def publish(self, tick: int, pose: Sequence[float], media_time_ns: int = 0) -> None:
        """Put up the pose [61] for ``tick`` (D). Ticks grow; a pose put up too late is shown at the next tick."""
        self._slots[tick % SLOTS].write(tick, media_time_ns, *pose)
        self.cells[Cell.PUBLISHED_TICK] = tick

    def slot(self, tick: int) -> Slot | None:
        """The pose for ``tick``; None when it is not there, or not yet whole."""
        copy = self._slots[tick % SLOTS].read()
        if copy is None:
            return None
        found, media_time_ns = _SLOT_HEAD.unpack_from(copy)
        return Slot(found, media_time_ns, copy[_SLOT_HEAD.size :]) if found == tick else None

    def newest_slot(self, tick: int) -> Slot | None:
        """The newest pose that is there for ``tick`` or an earlier one."""
        candidates = sorted((found for record in self._slots if (found := record.peek(_TICK)) <= tick), reverse=True)
        return next((slot for found in candidates if (slot := self.slot(found)) is not None), None)

    def target_cell(self, target: int, cell: TargetCell) -> int:
        """Index in ``cells`` of a figure about target number ``target``."""
        return _TARGET_AT + target * len(TargetCell) + cell

    def set_address(self, target: int, address: Address) -> None:
        """Say where target number ``target`` is (D; one thread at a time)."""
        host, form = address.host.encode(), address.form.encode()
        if len(form) > MAX_BYTES:
            raise ValueError(f"form: {len(form)} bytes, at most {MAX_BYTES} fit")
        record = self._addresses[target]
        record.write(address.family, address.port, address.scope_id, len(host), len(form), host, form)
        self.cells[Cell.ADDRESSES] += 1

    def clear_address(self, target: int) -> None:
        """Say that there is no target number ``target`` any more (D)."""
        if self.address(target) is not None:
            self._addresses[target].write(0, 0, 0, 0, 0, b"", b"")
            self.cells[Cell.ADDRESSES] += 1

    def address(self, target: int) -> Address | None:
        """Where target number ``target`` is; None while that is not known, or being written."""
        copy = self._addresses[target].read()
        if copy is None:
            return None
        family, port, scope_id, length, form_length, host, form = _ADDRESS.unpack(copy)
        if not length:
            return None
        return Address(family, host[:length].decode(), port, scope_id, form[:form_length].decode())

    def is_vacant(self, target: int) -> bool:
        """Whether target number ``target`` is known not to be: unlike an address that is being written."""
        copy = self._addresses[target].read()
        return copy is not None and _ADDRESS.unpack(copy)[3] == 0


class _Record:
    """Fixed bytes with a checksum behind them."""

    def __init__(self, memory: memoryview, at: int, layout: struct.Struct) -> None:
        self._layout = layout
        self._content = memory[at : at + layout.size]
        self._crc = memory[at + layout.size : at + layout.size + _CRC.size]

    def write(self, *values: object) -> None:
        self._layout.pack_into(self._content, 0, *values)
        _CRC.pack_into(self._crc, 0, zlib.crc32(self._content))

    def read(self) -> bytes | None:
        # The checksum is taken before the content: the writer puts it last, so a mismatch means "being written".
        (crc,) = _CRC.unpack(self._crc)
        copy = bytes(self._content)
        return copy if zlib.crc32(copy) == crc else None

    def peek(self, head: struct.Struct) -> int:
        value: int = head.unpack_from(self._content)[0]
        return value
