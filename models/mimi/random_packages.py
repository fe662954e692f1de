"""Packages of random weights without figures, made in a second where narrow: for tests of all that is around them."""

from __future__ import annotations

from pathlib import Path

from models.mimi.dims import NARROW, Dims
from models.mimi.packaging import Plan, draft
from models.mimi.steps import DecoderStep, EncoderStep
from models.mimi.twin import random_weights
from visaged.inference.package import Package


def write(folder: Path, dims: Dims = NARROW, plan: Plan | None = None, small: bool = True) -> tuple[Package, Package]:
    """An encoder's and a decoder's package in ``folder``, named as the settings' default model.."""
    plan = plan or Plan()
    weights = random_weights(dims)
    folder.mkdir(parents=True, exist_ok=True)
    encoder = EncoderStep(weights, dims, plan.codebooks, plan.memory).eval()
    decoder = DecoderStep(weights, dims, plan.codebooks, plan.memory).eval()
    return (
        draft(encoder, plan, folder / f"{plan.name}-encoder", small),
        draft(decoder, plan, folder / f"{plan.name}-decoder", small),
    )
