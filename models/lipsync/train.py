"""Trains the network on the streams: several processes that share their gradients, checkpoints, thresholds."""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from torch.multiprocessing.spawn import spawn

from models.lipsync import cache as cache_folder
from models.lipsync.crops import CROP, Crops, Shard, disturbed, load_shards
from models.lipsync.losses import loss
from models.lipsync.model import LipNet
from models.lipsync.thresholds import tune
from models.lipsync.weights import load_one, save
from models.lipsync.widen import widen
from visaged.realtime import die_with

logger = logging.getLogger(__name__)

_AVERAGE_DECAY: Final = 0.998
# New streams are looked for, and the average so far is kept and judged, this often.
_REFRESH_STEPS: Final = 150
_CHECKPOINT_MINUTES: Final = 12.0


@dataclass(frozen=True)
class Settings:
    """One training run."""

    minutes: float = 40.0
    hidden: int = 192
    batch: int = 24
    """Crops per process and step."""
    rate: float = 2.5e-3
    seed: int = 1
    workers: int = 2
    scores: bool = True
    """False: mels alone, for comparison."""
    start: str = ""
    """Weights to go on from, as wide as ``hidden`` or less."""


def train(cache: Path, out: Path, settings: Settings) -> None:
    """Train for ``settings.minutes`` in ``settings.workers`` processes; weights to ``out``, their scores beside it."""
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as meeting:
        spawn(_work, args=(cache, out, settings, f"file://{meeting}/ranks"), nprocs=settings.workers)


def _work(rank: int, cache: Path, out: Path, settings: Settings, meeting: str) -> None:
    """One of several processes that draw their own crops and average their gradients; the first one keeps the books."""
    # One that is killed must not leave the others to train on, unseen.
    die_with(os.getppid())
    logging.basicConfig(level=logging.INFO if rank == 0 else logging.WARNING, format="%(asctime)s %(message)s")
    torch.set_num_threads(1)
    torch.distributed.init_process_group("gloo", init_method=meeting, rank=rank, world_size=settings.workers)
    torch.manual_seed(settings.seed)
    net = widen(load_one(Path(settings.start)), settings.hidden) if settings.start else LipNet(settings.hidden)
    average = LipNet(settings.hidden)
    average.load_state_dict(net.state_dict())
    torch.manual_seed(1000 * settings.seed + rank)
    crops = Crops(cache, np.random.default_rng((settings.seed, rank)), (rank, settings.workers))
    validation = load_shards(cache, "validate") if rank == 0 else []
    optimiser = torch.optim.AdamW(net.parameters(), lr=settings.rate, weight_decay=0.01)
    started = kept_at = time.monotonic()
    running, step, done, best = 0.0, 0, 0.0, float("inf")
    with Progress(TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn(), disable=rank > 0) as progress:
        task = progress.add_task("training", total=1.0)
        while done < 1.0:
            for group in optimiser.param_groups:
                group["lr"] = settings.rate * min(1.0, step / 100) * (0.5 + 0.5 * float(np.cos(np.pi * done))) + 1e-5
            x, y = crops.draw(settings.batch)
            net.train()
            missed = loss(net(disturbed(net.normal(x), settings.scores)), y)
            optimiser.zero_grad()
            missed.backward()
            # The clock of the first process counts for all, so that they stop at the same step.
            done = _average_gradients(net, (time.monotonic() - started) / 60 / settings.minutes if rank == 0 else 0.0)
            torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimiser.step()
            blend(average, net, 1.0 - min(_AVERAGE_DECAY, step / (step + 20)))
            running = 0.98 * running + 0.02 * missed.item() if step else missed.item()
            step += 1
            progress.update(task, completed=done, description=f"step {step} loss {running:.4f}")
            if step % _REFRESH_STEPS == 0:
                logger.info("step %d, %.0f %%, loss %.4f", step, 100 * done, running)
                crops.refresh()
            if rank == 0 and (time.monotonic() - kept_at) / 60 > _CHECKPOINT_MINUTES:
                kept_at = time.monotonic()
                best = _keep(average, validation, settings, {"steps": step, "loss": running}, out, best=best)
    if rank == 0:
        _keep(average, validation, settings, {"steps": step, "loss": running}, out, best=best)
    torch.distributed.destroy_process_group()


def _average_gradients(net: LipNet, done: float) -> float:
    """Mean gradients over the processes, in place; returns the ``done`` of the one process that gave it."""
    gradients = [p.grad for p in net.parameters() if p.grad is not None]
    flat = torch.cat([g.flatten() for g in gradients] + [torch.tensor([done])])
    torch.distributed.all_reduce(flat)
    position = 0
    for gradient in gradients:
        part = flat[position : position + gradient.numel()]
        gradient.copy_(part.view_as(gradient) / torch.distributed.get_world_size())
        position += gradient.numel()
    return float(flat[-1])


def _keep(
    net: LipNet, validation: list[Shard], settings: Settings, facts: dict[str, float], out: Path, *, best: float
) -> float:
    """Weights and thresholds to ``out``, what they score beside it, if they cost no more than the ``best`` before.

    Returns the best cost so far.
    """
    thresholds, cost, report = tune(net, validation, settings.scores)
    logger.info("step %d costs %.4f", facts["steps"], cost)
    if cost > best:
        return best
    facts = {**facts, "cost": cost}
    hours = facts["steps"] * settings.batch * settings.workers * CROP / 216_000
    save(out, [net], thresholds)
    about = {"settings": asdict(settings), **facts, "hours_heard": hours, "report": report}
    out.with_suffix(".json").write_text(json.dumps(about, indent=1))
    for name, line in report.items():
        logger.info("%s: %s", name, line)
    return cost


@torch.no_grad()
def blend(net: LipNet, other: LipNet, share: float) -> None:
    """Move ``net`` by ``share`` (0..1) of the way to ``other``, in place.

    Two nets of which one was trained on from the other may be averaged (Wortsman et al. 2022, model soups).
    """
    for own, others in zip(net.parameters(), other.parameters(), strict=True):
        own.lerp_(others, share)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    cache_folder.add_arguments(parser)
    parser.add_argument("--minutes", type=float, default=Settings.minutes, help="default %(default)s")
    parser.add_argument(
        "--hidden", type=int, default=Settings.hidden, help="width of the network (default %(default)s)"
    )
    parser.add_argument(
        "--workers", type=int, default=Settings.workers, help="processes, one core each (default %(default)s)"
    )
    parser.add_argument(
        "--batch", type=int, default=Settings.batch, help="crops per process and step (default %(default)s)"
    )
    parser.add_argument(
        "--no-scores", action="store_true", help="leave the acoustic model's scores out, for comparison"
    )
    parser.add_argument("--tune-only", action="store_true", help="choose the thresholds of existing weights anew")
    parser.add_argument(
        "--blend",
        nargs=2,
        metavar=("FILE", "SHARE"),
        help="with --tune-only: first move the weights by this share towards those of FILE",
    )
    parser.add_argument("--start", default="", metavar="FILE", help="weights to go on from; made wider for --hidden")
    parser.add_argument("--rate", type=float, default=Settings.rate, help="highest step size (default %(default)s)")
    parser.add_argument("--out", type=Path, metavar="FILE", help="default: CACHE/model.pt")


def main(arguments: argparse.Namespace) -> int:
    """Train; returns an exit status."""
    out = arguments.out or arguments.cache / "model.pt"
    if arguments.tune_only:
        try:
            net = load_one(out)
            if arguments.blend:
                blend(net, load_one(Path(arguments.blend[0])), float(arguments.blend[1]))
        except (OSError, ValueError) as error:
            print(f"--tune-only: {error}", file=sys.stderr)
            return 1
        thresholds, cost, report = tune(net, load_shards(arguments.cache, "validate"))
        save(out, [net], thresholds)
        print(f"cost {cost:.4f}")
        for name, line in report.items():
            print(f"{name}: {line}")
        return 0
    settings = Settings(
        minutes=arguments.minutes,
        hidden=arguments.hidden,
        batch=arguments.batch,
        rate=arguments.rate,
        seed=arguments.seed,
        workers=arguments.workers,
        scores=not arguments.no_scores,
        start=arguments.start,
    )
    if settings.start:
        try:
            widen(load_one(Path(settings.start)), settings.hidden)
        except (OSError, ValueError) as error:
            print(f"--start {settings.start}: {error}", file=sys.stderr)
            return 1
    if not any((arguments.cache / "streams").glob("train-*.npz")):
        print(
            f"{arguments.cache / 'streams'} holds no streams; make them: python -m models.lipsync streams",
            file=sys.stderr,
        )
        return 1
    train(arguments.cache, out, settings)
    return 0
