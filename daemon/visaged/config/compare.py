"""Which keys differ between two versions of the settings."""

from __future__ import annotations

from pydantic import BaseModel


def differences(old: BaseModel, new: BaseModel) -> tuple[str, ...]:
    """Keys whose value differs: ``face.intensity``."""
    changed: list[str] = []
    for name in type(new).model_fields:
        before, after = getattr(old, name), getattr(new, name)
        if isinstance(after, BaseModel):
            changed += [f"{name}.{key}" for key in differences(before, after)]
        elif before != after:
            changed.append(name)
    return tuple(changed)
