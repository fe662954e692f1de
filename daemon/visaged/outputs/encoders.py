"""From a pose on the board to the datagrams of each protocol: once per form and tick, in the sender's process."""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from fractions import Fraction
from typing import Final, NamedTuple

from visaged.outputs.board import Slot
from visaged.outputs.form import Form
from visaged.outputs.ifacialmocap import frame as ifacialmocap
from visaged.outputs.livelink.packet import COUNT, PacketWriter
from visaged.outputs.vmc.frame import FrameWriter

# The largest float32 below 1, as in livelink/scene_time.py.
_SUB_FRAME_MAX: Final = 1 - 2**-24

# Time constant of a change of mood.
_MOOD_S: Final = 0.3

_POSE: Final = struct.Struct(f">{COUNT}f")


class Moment(NamedTuple):
    """What is shown at one tick."""

    tick: int
    slot: Slot
    frame: int
    """Frames since local midnight at the face's own rate, whole part (``SceneTime.at``) …"""
    sub_frame: float
    """… and the rest."""
    mood: tuple[float, float]
    """Valence and arousal, -1..1."""
    time_s: float
    """CLOCK_MONOTONIC."""


class Encoder:
    """Of one form. A rate below the face's own leaves ticks out, as evenly as they allow."""

    def __init__(self, form: Form, rate_hz: Fraction) -> None:
        """``rate_hz``: of the face."""
        # A receiver that wants more than there is gets all that there is.
        self.rate_hz = min(form.rate_hz, rate_hz)
        self._share = self.rate_hz / rate_hz
        self._every = self._share == 1
        self._numerator, self._denominator = self._share.numerator, self._share.denominator

    def is_due(self, tick: int) -> bool:
        """Whether ``tick`` is one of those that are sent."""
        return self._every or tick * self._numerator % self._denominator < self._numerator

    def encode(self, moment: Moment) -> Sequence[bytes | bytearray]:
        """The datagrams of ``moment``, in order."""
        raise NotImplementedError


class _LiveLink(Encoder):
    def __init__(self, form: Form, rate_hz: Fraction) -> None:
        super().__init__(form, rate_hz)
        self._packet = PacketWriter(form.detail, form.name, self.rate_hz)
        self._datagrams = (self._packet.buffer,)
        self._shown: Slot | None = None

    def encode(self, moment: Moment) -> Sequence[bytearray]:
        if moment.slot is not self._shown:
            self._packet.write_curves(moment.slot.curves)
            self._shown = moment.slot
        frame, sub_frame = moment.frame, moment.sub_frame
        if not self._every:
            frame, rest = divmod(frame * self._numerator, self._denominator)
            sub_frame = min((rest + sub_frame * self._numerator) / self._denominator, _SUB_FRAME_MAX)
        self._packet.write_time(frame, sub_frame)
        return self._datagrams


class _Vmc(Encoder):
    def __init__(self, form: Form, rate_hz: Fraction) -> None:
        super().__init__(form, rate_hz)
        self._frame = FrameWriter(form.name, bones=form.detail == "bones")
        self._began_s: float | None = None
        self._valence = self._arousal = 0.0
        self._ease = 1 - math.exp(-1 / (_MOOD_S * float(self.rate_hz)))

    def encode(self, moment: Moment) -> Sequence[bytearray]:
        if self._began_s is None:
            self._began_s = moment.time_s
        # The daemon says its mood a few times a second only.
        self._valence += self._ease * (moment.mood[0] - self._valence)
        self._arousal += self._ease * (moment.mood[1] - self._arousal)
        mood = (self._valence, self._arousal)
        self._frame.write(_POSE.unpack(moment.slot.curves), mood, moment.time_s - self._began_s)
        return self._frame.datagrams


class _IFacialMocap(Encoder):
    def __init__(self, form: Form, rate_hz: Fraction) -> None:
        super().__init__(form, rate_hz)
        self._version = int(form.name)

    def encode(self, moment: Moment) -> Sequence[bytes]:
        return (ifacialmocap.encode(_POSE.unpack(moment.slot.curves), self._version),)


def make_encoder(form: Form, rate_hz: Fraction) -> Encoder:
    """The encoder of ``form`` for a face of ``rate_hz``."""
    kinds = {"livelink": _LiveLink, "vmc": _Vmc, "ifacialmocap": _IFacialMocap}
    return kinds[form.protocol](form, rate_hz)
