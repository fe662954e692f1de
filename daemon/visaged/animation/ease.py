"""Easing: how a share goes from 0 to 1 without a kink at either end."""

from __future__ import annotations


def smoothstep(share: float) -> float:
    """0 at 0, 1 at 1, flat at both ends; clamps outside. Steepest slope 1.5, in the middle."""
    if share <= 0.0:
        return 0.0
    if share >= 1.0:
        return 1.0
    return share * share * (3.0 - 2.0 * share)


def towards(value: float, goal: float, step: float) -> float:
    """``value`` moved by at most ``step`` towards ``goal``."""
    if value < goal:
        return min(value + step, goal)
    return max(value - step, goal)
