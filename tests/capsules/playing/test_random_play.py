"""Four minutes of random play in fast-forward (a day of it is in the benchmark)."""

from __future__ import annotations

import pytest

from tests.capsules.playing.random_play import RandomPlay
from tests.inference.slabs import KINDS, open_kind

# Less than half of the starter pack: something is evicted all the time.
CAP_BYTES = 1024 * 1024


@pytest.mark.parametrize("kind", KINDS)
def test_the_cap_is_held_and_nothing_tears_or_leaks(kind: str) -> None:
    play = RandomPlay(open_kind(kind, CAP_BYTES), seed=3)
    play.run(240)
    outcome = play.finish()
    assert (outcome.torn, outcome.over_cap, outcome.not_finite) == (0, 0, 0)
    assert outcome.leased_at_end == 1
    assert outcome.figures is not None
    assert int(outcome.figures["evictions"]) > 20
    assert int(outcome.figures["started"]) > 250
    assert int(outcome.figures["load_failed"]) == 0
    # The quickest that is authored is a blink, shut in three frames, and two capsules may move one curve at once; a cut
    # (a fade left out, a clip torn) is a step of 1 and more.
    assert outcome.largest_step < 0.8
    assert outcome.rss_end_kib - outcome.rss_start_kib < 16 * 1024
