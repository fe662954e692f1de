from __future__ import annotations

from visaged.clock import NS_PER_S
from visaged.codec.down.playout import FRAME_NS
from visaged.codec.down.rate_watch import PROBLEM, RateWatch
from visaged.metrics import Metrics
from visaged.problems import Problems


class Watched:
    """A watch, and a peer that sends to it."""

    def __init__(self) -> None:
        self.metrics, self.problems = Metrics(), Problems()
        self.watch = RateWatch(self.metrics, self.problems)
        self.now_ns, self.sequence = 0, 0

    def send(self, seconds: float, rate: float, harm: str = "") -> None:
        """Frames at ``rate`` times the right one; each does ``harm`` (a counter)."""
        for _ in range(round(seconds * NS_PER_S / FRAME_NS * rate)):
            self.sequence += 1
            self.now_ns += round(FRAME_NS / rate)
            if harm:
                self.metrics.counter(f"codec.{harm}").add()
            self.watch.hear(self.sequence, self.now_ns)

    @property
    def message(self) -> str:
        return "".join(problem.message for problem in self.problems.current() if problem.code == PROBLEM)


def test_the_right_rate_is_no_problem_whatever_is_lost() -> None:
    peer = Watched()
    peer.send(30, 1.0, "concealed")
    assert not peer.message


def test_a_wrong_rate_that_does_harm_is_named_until_it_is_right() -> None:
    for rate, harm in ((2.0, "dropped"), (0.8, "concealed")):
        peer = Watched()
        peer.send(12, rate, harm)
        assert f"{12.5 * rate:.2f} frames a second; accepted: 12.5" in peer.message
        peer.send(12, 1.0)
        assert not peer.message


def test_an_answer_sent_ahead_does_no_harm_and_is_no_problem() -> None:
    peer = Watched()
    peer.send(12, 3.0)
    assert not peer.message


def test_after_a_while_of_silence_it_is_forgotten() -> None:
    peer = Watched()
    peer.send(12, 2.0, "dropped")
    peer.watch.idle(peer.now_ns + NS_PER_S)
    assert peer.message
    peer.watch.idle(peer.now_ns + 6 * NS_PER_S)
    assert not peer.message
