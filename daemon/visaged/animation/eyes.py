"""The eyes' curves for a direction: look shapes, eyeball angles and lids, consistent with each other.

The relations are those of recorded faces (13,000 frames of Live Link Face): yaw is 0.57 to 0.63 rad per unit of
EyeLookIn or EyeLookOut, pitch -0.415 rad per unit of EyeLookUp and 0.585 per unit of EyeLookDown (correlations 0.92 to
0.998), roll is about yaw x pitch.
"""

from __future__ import annotations

from typing import Final

from visaged.curves import INDEX, Pose

_YAW_PER_LOOK: Final = 0.6
_PITCH_PER_DOWN: Final = 0.585
_PITCH_PER_UP: Final = 0.415
# Lids follow the gaze: EyeBlink is about 1.8 x EyeLookDown outside blinks, and never quite a closed eye.
LID_PER_DOWN: Final = 1.8
_LID_LIMIT: Final = 0.7
# Looking up lifts the lids. Recordings have 0.57 per unit, with surprise in it; half of that without.
_WIDE_PER_UP: Final = 0.3

# Looking to the subject's right (positive yaw) turns the left eye in and the right eye out.
_RIGHTWARDS: Final = (INDEX["EyeLookInLeft"], INDEX["EyeLookOutRight"])
_LEFTWARDS: Final = (INDEX["EyeLookOutLeft"], INDEX["EyeLookInRight"])
_DOWN: Final = (INDEX["EyeLookDownLeft"], INDEX["EyeLookDownRight"])
_UP: Final = (INDEX["EyeLookUpLeft"], INDEX["EyeLookUpRight"])
_BLINK: Final = (INDEX["EyeBlinkLeft"], INDEX["EyeBlinkRight"])
_WIDE: Final = (INDEX["EyeWideLeft"], INDEX["EyeWideRight"])
_YAW: Final = (INDEX["LeftEyeYaw"], INDEX["RightEyeYaw"])
_PITCH: Final = (INDEX["LeftEyePitch"], INDEX["RightEyePitch"])
_ROLL: Final = (INDEX["LeftEyeRoll"], INDEX["RightEyeRoll"])


def write_eyes(pose: Pose, yaw: float, pitch: float) -> None:
    """Turn both eyes of ``pose`` to ``yaw`` (to the subject's right +) and ``pitch`` (down +), in radians."""
    side = _RIGHTWARDS if yaw > 0 else _LEFTWARDS
    look = abs(yaw) / _YAW_PER_LOOK
    for index in side:
        pose[index] += look
    if pitch > 0:
        down = pitch / _PITCH_PER_DOWN
        lid = min(LID_PER_DOWN * down, _LID_LIMIT)
        for look_down, blink in zip(_DOWN, _BLINK, strict=True):
            pose[look_down] += down
            pose[blink] += lid
    else:
        up = -pitch / _PITCH_PER_UP
        for look_up, wide in zip(_UP, _WIDE, strict=True):
            pose[look_up] += up
            pose[wide] += _WIDE_PER_UP * up
    roll = yaw * pitch
    for eye in (0, 1):
        pose[_YAW[eye]] += yaw
        pose[_PITCH[eye]] += pitch
        pose[_ROLL[eye]] += roll
