"""What the watchdog looks at: each stage with what it is to be fresh, idle by design, or wedged."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

from visaged.app.stages import Stages
from visaged.clock import NS_PER_S
from visaged.system.watchdog import Watched

# Stages show a sign of life at least every 0.5 s, whatever they wait for.
_ALIVE_NS: Final = 2 * NS_PER_S
# Poses and packets come every 10 to 40 ms; a second without one is seen by everybody.
_POSE_NS: Final = NS_PER_S
# The sender's own supervisor needs a second to see that it is stuck, and leaves the next one five to start.
_PACKET_NS: Final = 7 * NS_PER_S


def watched(stages: Stages) -> tuple[Watched, ...]:
    """The stages that the face cannot do without, in the order of the data's flow."""

    def capture(time_ns: int) -> str | None:
        # A microphone that is not there is waited for, and what delivers no sound is said by the source itself.
        return _silent(stages.capture.alive_ns, time_ns)

    deaf = _Deafness()

    def solver(time_ns: int) -> str | None:
        stage, capture = stages.solver, stages.capture
        hears = capture.last_block_ns - stage.heard_ns < _ALIVE_NS
        excused = not capture.running or not stages.converse.listens_to_microphone
        return _silent(stage.alive_ns, time_ns) or deaf.check(time_ns, hears=hears or excused)

    def animation(time_ns: int) -> str | None:
        return _older(stages.animation.last_render_ns, time_ns, _POSE_NS, "no pose was made")

    def sender(time_ns: int) -> str | None:
        # How long a start may take is systemd's to say (TimeoutStartSec): a slow one is not begun anew from here.
        if stages.output.ticks == 0:
            return None
        return _older(stages.output.sent_ns, time_ns, _PACKET_NS, "no packet was sent")

    def playback(time_ns: int) -> str | None:
        return _silent(stages.playback.alive_ns, time_ns)

    def codec(time_ns: int) -> str | None:
        return _silent(stages.converse.alive_ns, time_ns)

    return (
        Watched("audio input", capture, _restart(stages.capture)),
        Watched("solver", solver, _restart(stages.solver)),
        Watched("animation", animation, lambda: stages.animation.start(stages.output.schedule)),
        Watched("Live Link sender", sender, None),
        Watched("audio output", playback, _restart(stages.playback)),
        Watched("codec", codec, stages.converse.restart),
    )


def failures_of(stages: Stages) -> frozenset[str]:
    """What a change of settings may have brought about, a sentence each: stages restarted, threads that fell over."""
    restarts = stages.metrics.counter("watchdog.restarts").value
    counted = {f"a stage was restarted ({count} since the start)" for count in range(1, restarts + 1)}
    return frozenset(counted | {p.message for p in stages.problems.current() if p.code.startswith("thread_failed_")})


class _Restartable(Protocol):
    def start(self) -> None: ...
    def stop(self) -> None: ...


def _restart(stage: _Restartable) -> Callable[[], None]:
    """Stop and start in place, with a fresh state; what hangs in a driver is left behind. Within 5 s."""

    def restart() -> None:
        stage.stop()
        stage.start()

    return restart


class _Deafness:
    """Blocks come and the solver does not take them in. The first block after a pause is no sign of that: it lasts."""

    def __init__(self) -> None:
        self._since_ns = 0

    def check(self, time_ns: int, *, hears: bool) -> str | None:
        """What is wrong at ``time_ns``, if anything."""
        self._since_ns = 0 if hears else self._since_ns or time_ns
        return _older(self._since_ns, time_ns, _ALIVE_NS, "no sound was taken in")


def _silent(alive_ns: int, time_ns: int) -> str | None:
    return _older(alive_ns, time_ns, _ALIVE_NS, "no sign of life")


def _older(last_ns: int, time_ns: int, limit_ns: int, what: str) -> str | None:
    """``what`` and for how long, when ``last_ns`` (0: not started, idle) is older than ``limit_ns``."""
    age_ns = time_ns - last_ns
    return f"{what} for {age_ns / NS_PER_S:.1f} s" if last_ns and age_ns > limit_ns else None
