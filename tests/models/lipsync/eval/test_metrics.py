from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from models.lipsync.eval.clip import RATE_HZ
from models.lipsync.eval.metrics import Tally, sum_up, tally
from models.lipsync.eval.reference import heard_pause
from models.lipsync.phones import ROUNDED
from tests.models.lipsync.eval.made import SENTENCE, between, clip, frames, signals

TIMES = frames()
PAUSES = ((0.0, 0.3), (1.4, 2.0))


def figures(shown, phones=SENTENCE, target=None):  # type: ignore[no-untyped-def]
    return sum_up(tally(shown, phones, target))


def test_a_mouth_that_closes_on_b_and_in_pauses_is_faultless() -> None:
    made = figures(signals(between(TIMES, *PAUSES, (0.5, 0.6))))
    assert made.closure_recall == 1.0
    assert made.false_closure_share == 0.0
    assert made.false_closures_per_min == 0.0
    assert made.onset_p50_ms == pytest.approx(0.0, abs=1.0)


def test_a_closure_on_n_is_false_and_counted_per_minute_of_speech() -> None:
    made = figures(signals(between(TIMES, *PAUSES, (0.5, 0.6), (1.1, 1.2))))
    assert made.closure_recall == 1.0
    assert made.false_closure_share == pytest.approx(0.5, abs=0.05)
    assert made.false_closures_per_min == pytest.approx(60 / 1.1, rel=0.01)


@pytest.mark.parametrize(("shift_s", "found"), [(-0.2, False), (-0.08, True), (0.0, True), (0.08, True), (0.12, False)])
def test_the_window_is_50_ms_before_to_100_ms_after_the_start(shift_s: float, found: bool) -> None:
    made = figures(signals(between(TIMES, (0.5 + shift_s, 0.54 + shift_s))))
    assert made.closure_recall == (1.0 if found else 0.0)


def test_the_onset_is_where_the_closure_starts() -> None:
    assert figures(signals(between(TIMES, (0.55, 0.6)))).onset_p50_ms == pytest.approx(50.0, abs=17)
    assert figures(signals(between(TIMES, (0.4, 0.6)))).onset_p50_ms == pytest.approx(-100.0, abs=17)


def test_a_shut_mouth_finds_all_and_is_mostly_false() -> None:
    made = figures(signals(np.ones(len(TIMES), bool)))
    assert made.closure_recall == 1.0
    assert made.false_closure_share is not None and made.false_closure_share > 0.8


def test_one_frame_is_not_seen_as_a_closure() -> None:
    made = figures(signals(between(TIMES, (1.11, 1.13))))
    assert made.false_closures_per_min == 0.0
    assert made.false_closure_share == 1.0


def test_contact_on_f() -> None:
    assert figures(signals(between(TIMES), between(TIMES, (0.82, 0.88)))).contact_recall == 1.0
    assert figures(signals(between(TIMES), between(TIMES, (0.5, 0.6)))).contact_recall == 0.0


def test_rounding_is_ranked() -> None:
    spans = [(p.start_s, p.end_s) for p in SENTENCE if p.symbol in ROUNDED]
    rounded = between(TIMES, *spans).astype(np.float32)
    assert figures(signals(between(TIMES), rounding=rounded)).rounding_auc == 1.0
    assert figures(signals(between(TIMES), rounding=-rounded)).rounding_auc == 0.0
    assert figures(signals(between(TIMES))).rounding_auc == 0.5


def test_the_jaw_is_correlated_with_its_target_and_a_still_jaw_scores_nothing() -> None:
    target = np.sin(TIMES * 20).astype(np.float32)
    assert figures(signals(between(TIMES), jaw=0.3 + 0.1 * target), target=target).jaw_correlation == pytest.approx(1.0)
    still = np.full(len(TIMES), 0.3, np.float32)
    assert figures(signals(between(TIMES), jaw=still), target=target).jaw_correlation == 0.0


def test_jitter_is_the_second_difference_in_speech() -> None:
    shaking = np.where(np.arange(len(TIMES)) % 2, 0.31, 0.30).astype(np.float32)
    assert figures(signals(between(TIMES), jaw=shaking)).jitter_milli == pytest.approx(20.0, rel=0.01)
    ramp = np.linspace(0.1, 0.5, len(TIMES)).astype(np.float32)
    assert figures(signals(between(TIMES), jaw=ramp)).jitter_milli == pytest.approx(0.0, abs=0.01)


def test_where_nobody_speaks_only_rest_is_judged() -> None:
    made = figures(signals(between(TIMES), jaw=np.full(len(TIMES), 0.02, np.float32)), phones=[])
    assert made.rest_jaw_milli == pytest.approx(20.0)
    assert made.closure_recall is None and made.false_closure_share is None


def test_tallies_add_up() -> None:
    both = Tally()
    both += tally(signals(between(TIMES, (0.5, 0.6))), SENTENCE, None)
    both += tally(signals(between(TIMES)), SENTENCE, None)
    made = sum_up(both)
    assert (made.bilabials, made.closure_recall) == (2, 0.5)
    assert made.speech_s == pytest.approx(2.2)


def test_a_rest_in_a_silence_that_the_labels_do_not_mark_is_not_false() -> None:
    shown = signals(between(TIMES, *PAUSES, (0.5, 0.6), (1.1, 1.2)))
    made = sum_up(tally(shown, SENTENCE, None, between(TIMES, (1.1, 1.2))))
    assert made.false_closure_share == 0.0


def test_silence_in_the_sound_is_a_pause_when_it_outlasts_a_stop() -> None:
    sound = np.full(2 * RATE_HZ, 0.1, np.float32) * np.resize([1, -1], 2 * RATE_HZ)
    sound[int(0.5 * RATE_HZ) : int(0.58 * RATE_HZ)] *= 1e-3
    sound[int(1.0 * RATE_HZ) : int(1.2 * RATE_HZ)] *= 1e-3
    pause = heard_pause(replace(clip(), sound=sound), TIMES)
    assert pause[(TIMES > 1.0) & (TIMES < 1.2)].all()
    assert not pause[(TIMES < 0.98) | (TIMES > 1.22)].any()
