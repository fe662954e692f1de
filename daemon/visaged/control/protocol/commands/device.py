"""Commands about the box itself: ping, health.get, selftest, restart, snapshot."""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime, Field

from visaged.control.protocol.envelope import Data, Nothing, QuickCommand, Request, SlowCommand
from visaged.control.protocol.health_model import Health


class Ping(Request):
    """Are you there?"""


class Pong(Data):
    """I am."""

    version: str
    uptime_s: float = Field(ge=0)
    time: AwareDatetime = Field(description="The box's clock, UTC")


class HealthGet(Request):
    """The same figures as on the health topic, now."""


class SelfTest(Request):
    """Check devices, models, target, clock and disk, as ``visaged doctor`` does."""


class Check(Data):
    """One line of the self-test."""

    name: str
    result: Literal["ok", "warn", "fail"]
    message: str
    remedy: str | None = None


class SelfTested(Data):
    """All lines; ``passed`` is false when one of them is ``fail``."""

    passed: bool
    checks: tuple[Check, ...]


class Restart(Request):
    """Stop cleanly and start again; the service manager brings the daemon back."""

    delay_s: float = Field(default=0.0, ge=0, le=60, description="Wait before stopping, s")


class Snapshot(Request):
    """The last seconds of curves, as they were sent."""

    seconds: float = Field(default=2.0, gt=0, le=5)


class Curves(Data):
    """Curves as they went out: little-endian float16 [frames, 61] in ``curves_base64``."""

    fps: str = Field(description="Packets per second; a fraction as '30000/1001'")
    frames: int = Field(ge=0)
    names: tuple[str, ...]
    newest: AwareDatetime | None = Field(description="When the last frame was sent; null without frames")
    curves_base64: str


PING = QuickCommand("ping", "Are you there, since when, with what clock", Ping, Pong, '{"transaction": "t1"}')
HEALTH_GET = QuickCommand("health.get", "The health figures, now", HealthGet, Health, '{"transaction": "t2"}')
SELFTEST = SlowCommand(
    "selftest", "Check the box as visaged doctor does", SelfTest, SelfTested, '{"transaction": "t3"}'
)
RESTART = QuickCommand(
    "restart", "Stop cleanly and start again", Restart, Nothing, '{"transaction": "t4", "delay_s": 1}'
)
SNAPSHOT = QuickCommand(
    "snapshot", "The last seconds of curves", Snapshot, Curves, '{"transaction": "t5", "seconds": 1}'
)
