"""Key poses to curves: reads one table of a pose file and bakes it into a capsule at 60 fps.

A face capsule has ``pose`` and ``times = [attack, hold, release]`` (ms), or ``keys``: ``{at, pose}`` is the whole pose
at that time, ``{at, scale}`` the last pose times a factor, ``{at}`` rest. A loop has ``duration_ms``, ``pose`` (the
mean) and ``waves = [curve, amplitude, whole cycles, phase]``, with "positive" as a fifth for waves that only add. Names
without Left / Right mean both sides; ``Gaze = [yaw, pitch]`` (radians, right and down +) turns both eyes and lids.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from visaged.animation.eyes import write_eyes
from visaged.capsules.file.capsule import Capsule
from visaged.capsules.file.header import FRAME_RATE_HZ, ExpressedEmotion, Header, Trigger, VoiceDelta
from visaged.capsules.file.ids import CapsuleKind, kind_of
from visaged.curves import COUNT, CURVES, INDEX, REGIONS, Pose, neutral

# What is held sinks a little: nobody keeps an expression at its peak.
_SETTLE: Final = 0.86
# A face is no door: cheeks follow the mouth, the head follows the face. ms, for keys that are neither first nor last.
_LAG_MS: Final = {"brows": 0, "eyes": 10, "nose": 15, "mouth": 20, "jaw": 20, "cheeks": 40, "head": 45}
# No face is symmetric; a twentieth is below what is seen as crooked.
_RIGHT_SHARE: Final = 0.95
_EDGE_FADE_MS: Final = 33
_LOOP_FADE_MS: Final = 700
_LAYER_OF_TAG: Final = {"gesture": "gesture", "micro": "micro"}
_PRIORITY_OF_LAYER: Final = {"base": 1, "face": 5, "gesture": 6, "micro": 7}


class PoseError(ValueError):
    """A pose file that cannot be baked: names capsule and key."""


def bake(cid: str, table: Mapping[str, Any]) -> Capsule:
    """The capsule of one table. Raises PoseError; CapsuleError comes later, from encoding."""
    table = dict(table)
    kind = kind_of(cid)
    mode = table.get("blend_mode", "additive")
    rest = np.ones(COUNT, np.float32) if mode == "multiply" else neutral()
    tags = tuple(table.get("tags", ()))
    layer = (
        "base"
        if kind is CapsuleKind.LOOP
        else next((_LAYER_OF_TAG[tag] for tag in tags if tag in _LAYER_OF_TAG), "face")
    )
    curves: NDArray[np.float32] | None
    mask = None
    if kind is CapsuleKind.LOOP:
        curves = _bake_loop(cid, table)
    elif kind is CapsuleKind.FACE:
        keys = _keys(cid, table, rest)
        if mode == "override":
            mask = _named(cid, table)
            keys = [(at, keys[1][1]) for at, _ in keys]  # held from the first frame; the fades do the rest
        elif mode == "multiply":
            mask = _named(cid, table)
        curves = _bake_keys(keys)
    else:
        curves = None
    duration_ms = table["duration_ms"] if curves is None else round(len(curves) * 1000 / FRAME_RATE_HZ)
    held = mode == "override"
    times = table.get("times", (0, 0, 0))
    header = Header(
        cid=cid,
        title=table["title"],
        layer=layer,  # type: ignore[arg-type]
        duration_ms=duration_ms,
        loop=kind is CapsuleKind.LOOP,
        blend_mode=mode,
        priority=table.get("priority", _PRIORITY_OF_LAYER[layer]),
        fade_in_ms=_LOOP_FADE_MS if kind is CapsuleKind.LOOP else times[0] if held else _fade(curves),
        fade_out_ms=_LOOP_FADE_MS if kind is CapsuleKind.LOOP else times[2] if held else _fade(curves),
        trigger=Trigger(**table["trigger"]) if "trigger" in table else None,
        emotion=_emotion(table.get("emotion")),
        voice_delta=VoiceDelta(**table["voice_delta"]) if "voice_delta" in table else None,
        tags=tags,
        licence="CC0-1.0",
        source="authored",
    )
    return Capsule(header, None if curves is None else curves.astype(np.float16), mask)


def _emotion(vector: Sequence[float] | None) -> ExpressedEmotion | None:
    return None if vector is None else ExpressedEmotion(valence=vector[0], arousal=vector[1], dominance=vector[2])


def _fade(curves: NDArray[np.float32] | None) -> int:
    return 0 if curves is None else _EDGE_FADE_MS


def _keys(cid: str, table: Mapping[str, Any], rest: Pose) -> list[tuple[float, Pose]]:
    """[(ms, pose)], first and last at rest for what is not held."""
    if "pose" in table:
        attack, hold, release = table["times"]
        peak = _pose(cid, table["pose"], rest)
        settled = rest + (peak - rest) * np.float32(_SETTLE)
        return [
            (0.0, rest),
            (float(attack), peak),
            (float(attack + hold), settled),
            (float(attack + hold + release), rest),
        ]
    keys: list[tuple[float, Pose]] = []
    last = rest
    for key in table["keys"]:
        if "pose" in key:
            last = pose = _pose(cid, key["pose"], rest)
        else:
            pose = rest + (last - rest) * np.float32(key.get("scale", 0))
        if keys and key["at"] <= keys[-1][0]:
            raise PoseError(f"{cid}: keys: at = {key['at']} does not come after {keys[-1][0]:g}")
        keys.append((float(key["at"]), pose))
    return keys


def _pose(cid: str, values: Mapping[str, Any], rest: Pose) -> Pose:
    pose = rest.copy()
    for name, value in values.items():
        if name == "Gaze":
            write_eyes(pose, float(value[0]), float(value[1]))
            continue
        for index in _indices(cid, name):
            right = CURVES[index].endswith("Right") and name not in INDEX and not rest.any()
            pose[index] = value * (_RIGHT_SHARE if right else 1.0)
    return pose


def _indices(cid: str, name: str) -> tuple[int, ...]:
    if name in INDEX:
        return (INDEX[name],)
    sides = (f"{name}Left", f"{name}Right")
    # JawLeft and MouthLeft are directions, not sides.
    if name in ("Jaw", "Mouth") or any(side not in INDEX for side in sides):
        raise PoseError(f"{cid}: pose: '{name}' is neither a curve nor the name of a pair")
    return INDEX[sides[0]], INDEX[sides[1]]


def _named(cid: str, table: Mapping[str, Any]) -> NDArray[np.uint8]:
    mask = np.zeros(COUNT, np.uint8)
    for name in table["pose"]:
        mask[list(_indices(cid, name))] = 1
    return mask


def _bake_keys(keys: Sequence[tuple[float, Pose]]) -> NDArray[np.float32]:
    """[T, 61]: between keys each curve eases in and out; regions lag behind each other at the inner keys."""
    end_ms = keys[-1][0]
    times = np.arange(round(end_ms * FRAME_RATE_HZ / 1000) + 1) * 1000 / FRAME_RATE_HZ
    curves = np.zeros((len(times), COUNT), np.float32)
    for region, indices in REGIONS.items():
        lag = _LAG_MS.get(region, 0)
        at = np.array([keys[0][0], *(min(ms + lag, end_ms - 17) for ms, _ in keys[1:-1]), end_ms])
        poses = np.array([pose for _, pose in keys])
        after = np.clip(np.searchsorted(at, times, side="right"), 1, len(at) - 1)
        span = np.maximum(at[after] - at[after - 1], 1e-6)
        share = np.clip((times - at[after - 1]) / span, 0, 1)
        # The smoothest way from rest to rest (minimum jerk, Flash & Hogan 1985).
        eased = share**3 * (10 - 15 * share + 6 * share**2)
        columns = list(indices)
        curves[:, columns] = (
            poses[after - 1][:, columns] * (1 - eased[:, None]) + poses[after][:, columns] * eased[:, None]
        )
    return curves


def _bake_loop(cid: str, table: Mapping[str, Any]) -> NDArray[np.float32]:
    count = round(table["duration_ms"] * FRAME_RATE_HZ / 1000)
    curves = np.tile(_pose(cid, table["pose"], neutral()), (count, 1))
    turn = np.arange(count) / count
    for name, amplitude, cycles, phase, *how in table["waves"]:
        if cycles != int(cycles) or cycles < 1:
            raise PoseError(f"{cid}: waves: {cycles} cycles of {name}; whole cycles leave no seam")
        wave = np.sin(2 * np.pi * (cycles * turn + phase))
        if how == ["positive"]:
            wave = np.maximum(wave, 0) ** 2
        for index in _indices(cid, name):
            curves[:, index] += np.float32(amplitude) * wave
    return curves
