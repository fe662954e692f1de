"""How one curve, or the curves of a region, answer: the values of ``face.scale``."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, SerializerFunctionWrapHandler, WrapSerializer, model_validator

from visaged.config.section import Section


class CurveResponse(Section):
    """``gain * |x| ** gamma``, with the sign of x, plus ``offset``, held within ``min`` and ``max``."""

    gain: float = Field(default=1.0, ge=0, le=4, description="Factor")
    offset: float = Field(default=0.0, ge=-1, le=1, description="Added after the factor")
    min: float = Field(default=-1.0, ge=-1, le=1, description="Never below; shapes are never below 0 anyhow")
    max: float = Field(default=1.0, ge=-1, le=1, description="Never above")
    gamma: float = Field(default=1.0, ge=0.1, le=10, description="Below 1: small movements grow; above 1: they shrink")

    @model_validator(mode="after")
    def _in_order(self) -> CurveResponse:
        if self.min > self.max:
            raise ValueError(f"min = {self.min:g} is above max = {self.max:g}")
        return self


def _of_number(value: Any) -> Any:
    """A plain number is a gain."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return {"gain": value}
    if isinstance(value, (dict, CurveResponse)):
        return value
    raise ValueError("expected a factor from 0 to 4, or a table of gain, offset, min, max and gamma")


def _shortest(value: CurveResponse, serialize: SerializerFunctionWrapHandler) -> Any:
    """As a person writes it: only what is set, and a plain number where that is the gain alone."""
    told: dict[str, Any] = serialize(value)
    told = {key: told[key] for key, field in CurveResponse.model_fields.items() if told[key] != field.default}
    return value.gain if not told.keys() - {"gain"} else told


ResponseSetting = Annotated[CurveResponse, BeforeValidator(_of_number), WrapSerializer(_shortest)]
"""A number, or a table of what is not as it comes."""
