"""One evaluation: every contender on every clip in every condition, figures per condition, voice, language and kind."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from models.lipsync.eval.clip import RATE_HZ, SYNTHESISED, Clip, Sound
from models.lipsync.eval.conditions import CONDITIONS, pink_noise
from models.lipsync.eval.contenders import Contender
from models.lipsync.eval.metrics import Figures, Tally, sum_up, tally
from models.lipsync.eval.others import Other
from models.lipsync.eval.reference import heard_pause, phones_alone, target_jaw
from models.lipsync.eval.signals import Signals
from models.lipsync.phones import Phone
from visaged.curves import COUNT
from visaged.face.solver import HOP

# A microphone is open before anybody speaks: every spoken clip starts with this much of a quiet room.
LEAD_S: Final = 0.25
# No converter gives digital silence; a quiet one hisses at -70 dBFS.
LEAD_LEVEL: Final = np.float32(10 ** (-70 / 20))
CLEAN: Final = "clean"
REFERENCE: Final = "phones alone"

GroupKey = tuple[str, str, str]
"""(contender, condition, group); a group is ``all``, a kind of clip (``groups``), a voice, or ``language LL``."""


@dataclass
class Result:
    """Figures by group, and what each contender took."""

    figures: dict[GroupKey, Figures] = field(default_factory=dict)
    ms_per_frame: dict[str, float] = field(default_factory=dict)
    """Solvers only: median wall time of a step on this machine as it was."""


def evaluate(
    clips: list[Clip],
    contenders: list[Contender],
    others: list[Other],
    *,
    conditions: Iterable[str],
    other_conditions: Iterable[str],
    progress: Callable[[str], None],
) -> Result:
    """Judge all. ``progress`` is told what is being done."""
    tallies: defaultdict[GroupKey, Tally] = defaultdict(Tally)
    result = Result()
    padded = [_with_lead(clip) for clip in clips]
    for condition in conditions:
        if condition == CLEAN:
            for clip in padded:
                if clip.phones:
                    _count(tallies, REFERENCE, condition, clip, phones_alone(clip))
        progress(f"{', '.join(contender.name for contender in contenders)}: {condition}")
        for number, clip in enumerate(padded):
            if clip.phones or condition == CLEAN:
                sound = _apply(condition, clip, number)
                for contender in contenders:
                    _count(tallies, contender.name, condition, clip, contender.hear(sound))
        for other in others if condition in other_conditions else ():
            progress(f"{other.name}: {condition}")
            sounds = [_apply(condition, clip, number) for number, clip in enumerate(padded)]
            for clip, shown in zip(padded, other.hear_all(sounds), strict=True):
                _count(tallies, other.name, condition, clip, shown)
    result.figures = {key: sum_up(counts) for key, counts in tallies.items()}
    result.ms_per_frame = {c.name: _step_ms(c, padded[0].sound) for c in contenders}
    return result


def groups(clip: Clip) -> list[str]:
    """What a clip counts towards."""
    if not clip.phones:
        return ["all", clip.voice, f"rest {clip.name}"]
    kinds: list[str] = []
    if clip.voice.startswith("people-"):
        kinds = ["people", "people English" if clip.language == "en" else "people, other languages"]
    elif clip.source == SYNTHESISED:
        # The acceptance set names its texts: rich-NN, plain-NN.
        kinds = ["synthetic", f"synthetic, {clip.name.partition('-')[0]} text"]
    return ["all", *kinds, clip.voice, f"language {clip.language}"]


def _count(tallies: defaultdict[GroupKey, Tally], contender: str, condition: str, clip: Clip, shown: Signals) -> None:
    times_s = shown.times_s
    if clip.phones:
        counts = tally(shown, clip.phones, target_jaw(clip, times_s), heard_pause(clip, times_s))
    else:
        counts = tally(shown, clip.phones)
    for group in groups(clip):
        tallies[contender, condition, group] += counts


def _step_ms(contender: Contender, sound: Sound) -> float:
    solver, pose = contender.solver, np.zeros(COUNT, np.float32)
    state = solver.initial_state()
    spent = []
    for start in range(0, len(sound) - HOP, HOP):
        started = time.perf_counter()
        state = solver.step(sound[start : start + HOP], state, pose)
        spent.append(time.perf_counter() - started)
    return 1e3 * float(np.median(spent))


def _with_lead(clip: Clip) -> Clip:
    if not clip.phones:
        return clip
    lead = LEAD_LEVEL * pink_noise(int(LEAD_S * RATE_HZ), np.random.default_rng(1))
    phones = [Phone(p.symbol, p.start_s + LEAD_S, p.end_s + LEAD_S) for p in clip.phones]
    return replace(clip, sound=np.concatenate([lead, clip.sound]), phones=phones)


def _apply(condition: str, clip: Clip, number: int) -> Sound:
    return CONDITIONS[condition](clip.sound, np.random.default_rng([number, *condition.encode()]))
