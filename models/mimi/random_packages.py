"""Packages of random weights without figures, made in a second where narrow: for tests of all that is around them."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from models.mimi.dims import NARROW, TRUE, Dims
from models.mimi.packaging import Plan, draft
from models.mimi.steps import DecoderStep, EncoderStep
from models.mimi.transformer import Memory
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


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("folder", type=Path, metavar="DIR", help="folder of packages (--models) to write into")
    parser.add_argument("--narrow", action="store_true", help="two small layers instead of the true sizes")
    parser.add_argument("--codebooks", type=int, default=8, choices=range(1, 33), metavar="N", help="1 to 32")
    parser.add_argument("--gpu", action="store_true", help="the form for GPUs")


def main(arguments: argparse.Namespace) -> int:
    """Write both packages; returns an exit status."""
    gpu = Plan(name="mimi-gpu", memory=Memory.SHIFT, codebooks=arguments.codebooks)
    plan = gpu if arguments.gpu else Plan(codebooks=arguments.codebooks)
    names = [arguments.folder / f"{plan.name}-{direction}" for direction in ("encoder", "decoder")]
    for folder in names:
        if folder.exists():
            print(f"'{folder}' is there already; remove it first", file=sys.stderr)
            return 1
    for package in write(arguments.folder, NARROW if arguments.narrow else TRUE, plan):
        print(package.folder)
    return 0
