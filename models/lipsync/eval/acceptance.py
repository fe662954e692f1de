"""The acceptance set: the reserved synthetic voices, recorded people, and sounds in which nobody speaks."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
from scipy.signal import butter, sosfilt

from models.lipsync import festival, flite
from models.lipsync.eval.clip import RATE_HZ, SYNTHESISED, Clip, Sound, at_house_rate
from models.lipsync.eval.conditions import pink_noise
from models.lipsync.eval.label import Labeller
from models.lipsync.eval.recordings import PROMPTS, Recording, prompts, sphinx
from models.lipsync.eval.sentences import PLAIN, RICH
from models.lipsync.phones import BILABIALS
from models.lipsync.utterance import RATE_HZ as UTTERANCE_RATE_HZ
from models.lipsync.utterance import Utterance

_log = logging.getLogger(__name__)

_CMU: Final = "CMU / Edinburgh permissive"
_QUIET_S: Final = 8.0


def synthetic() -> Iterator[Clip]:
    """The three reserved voices: flite slt, and festival's slt (HTS) and ked."""
    texts = [(f"plain-{n:02d}", text) for n, text in enumerate(PLAIN)]
    texts += [(f"rich-{n:02d}", text) for n, text in enumerate(RICH)]
    for name, text in texts:
        yield _said(flite.speak("slt", text, name), "flite-slt")
    for voice in ("cmu_us_slt_arctic_hts", "ked_diphone"):
        for utterance in festival.speak(voice, [text for _, text in texts], [name for name, _ in texts]):
            yield _said(utterance, f"festival-{voice}")


def people(cache: Path) -> Iterator[Clip]:
    """Recorded speech of five languages, phones by forced alignment; clips that do not align are passed over."""
    labeller = Labeller()
    yield from filter(None, (_aligned(recording, labeller) for recording in sphinx(cache)))
    for which in PROMPTS:
        found = 0
        for recording in prompts(which, cache):
            clip = _aligned(recording, labeller)
            if clip and any(p.symbol in BILABIALS for p in clip.phones):
                found += 1
                yield clip
            if found == which.clips:
                break
        _log.info("%s: %d clips", which.voice, found)


def nobody() -> Iterator[Clip]:
    """Silence and noises without speech: the mouth should rest. Seeded."""
    rng = np.random.default_rng(7)
    samples = int(_QUIET_S * RATE_HZ)
    times = np.arange(samples) / RATE_HZ
    hum = np.sin(2 * np.pi * 50 * times) + 0.4 * np.sin(2 * np.pi * 150 * times)
    low = sosfilt(butter(2, 400, fs=RATE_HZ, output="sos"), rng.standard_normal(samples))
    sounds = {
        "silence": np.zeros(samples),
        "room -60 dBFS": 10 ** (-60 / 20) * pink_noise(samples, rng),
        "noise -40 dBFS": 10 ** (-40 / 20) * pink_noise(samples, rng),
        "hum -40 dBFS": 10 ** (-40 / 20) * hum,
        "fan -35 dBFS": 10 ** (-35 / 20) * low / np.sqrt(np.mean(low**2)),
        "clicks": _clicks(samples, rng),
    }
    for name, sound in sounds.items():
        file_name = name.replace(" ", "_")
        yield Clip(file_name, "nobody", "none", "", sound.astype(np.float32), [], "given", "CC0-1.0", "made here")


def _said(utterance: Utterance, voice: str) -> Clip:
    sound = at_house_rate(utterance.sound, UTTERANCE_RATE_HZ)
    return Clip(utterance.name, voice, "en", utterance.text, sound, utterance.phones, "given", _CMU, SYNTHESISED)


def _aligned(recording: Recording, labeller: Labeller) -> Clip | None:
    phones = labeller.align(recording.sound, recording.text, recording.language)
    if phones is None:
        _log.info("%s/%s does not align", recording.voice, recording.name)
        return None
    return Clip(
        recording.name,
        recording.voice,
        recording.language,
        recording.text,
        recording.sound,
        phones,
        "aligned",
        recording.licence,
        recording.source,
    )


def _clicks(samples: int, rng: np.random.Generator) -> Sound:
    """Two key clicks a second over a quiet room: 5 ms of decaying noise at -20 dBFS."""
    sound = 10 ** (-60 / 20) * pink_noise(samples, rng)
    click = rng.standard_normal(240) * np.exp(-np.arange(240) / 60)
    for start in rng.integers(0, samples - len(click), int(2 * _QUIET_S)):
        sound[start : start + len(click)] += (0.1 * click).astype(np.float32)
    return sound
