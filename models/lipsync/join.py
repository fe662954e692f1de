"""Several trained networks -> one file in which they answer together, with thresholds chosen anew."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import torch

from models.lipsync import cache as cache_folder
from models.lipsync import weights
from models.lipsync.crops import load_shards
from models.lipsync.ensemble import Ensemble
from models.lipsync.model import LipNet
from models.lipsync.thresholds import tune


@torch.no_grad()
def halved(net: LipNet) -> LipNet:
    """``net`` with its weights rounded to what half precision holds, in place: two then fit into the package."""
    for weight in net.parameters():
        weight.copy_(weight.half().float())
    return net


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    cache_folder.add_arguments(parser)
    parser.add_argument("weights", nargs="+", type=Path, metavar="FILE", help="weights as `train` writes them")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="where they go together")


def main(arguments: argparse.Namespace) -> int:
    """Join, tune, and print what it costs; returns an exit status."""
    shards = load_shards(arguments.cache, "validate")
    if not shards:
        print(
            f"{arguments.cache / 'streams'} holds no validation streams; make them: python -m models.lipsync streams",
            file=sys.stderr,
        )
        return 1
    try:
        nets = [halved(net) for path in arguments.weights for net in weights.load(path)[0].members]
    except (OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    thresholds, cost, report = tune(Ensemble(nets), shards)
    weights.save(arguments.out, nets, thresholds)
    print(f"cost {cost:.4f}")
    for name, line in report.items():
        print(f"{name}: {line}")
    return 0
