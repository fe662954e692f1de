"""Trains the network on the streams: crops, feature-level disturbances, losses, validation, thresholds."""

from __future__ import annotations

import argparse
import json
import logging
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from torch import Tensor

from models.lipsync import cache as cache_folder
from models.lipsync.frontend import MELS
from models.lipsync.model import Answer, LipNet
from models.lipsync.score import BILABIAL, LABIODENTAL, Closures, closures
from models.lipsync.targets import CLOSURE, CONTACT, LOOKAHEADS_MS, SPEECH, VISEME_CLASS
from models.lipsync.visemes import OVR

logger = logging.getLogger(__name__)

# Short crops in large batches: a GRU on a CPU spends its time on the steps, not on the products.
_CROP: Final = 96
# A crop starts with an empty memory in the middle of speech: its first frames are not held against it.
_UNJUDGED: Final = 8
# Sounds that read as closures to a model that listens badly: their frames count more when they are not closed.
_HARD: Final = tuple(OVR.index(name) for name in ("nn", "kk", "FF", "DD", "TH"))
_HARD_WEIGHT: Final = 2.0
# Closed frames are 1 in 25.
_CLOSED_WEIGHT: Final = 3.0
_CONTACT_WEIGHT: Final = 4.0
_AVERAGE_DECAY: Final = 0.998
# How often a voice's streams are drawn: many people in one folder more, labels by a foreign aligner less.
_SHARES: Final = {"train-recorded-kerstin": 0.45, "train-recorded-precise": 1.3, "train-flite": 1.3}
# New streams are looked for, and the average so far is kept and judged, this often.
_REFRESH_STEPS: Final = 150
_CHECKPOINT_MINUTES: Final = 7.0
# Thresholds that are tried, and what a missed sound costs against a false one.
_TRIED: Final = np.arange(0.1, 0.9, 0.025)
_MISS_WEIGHT: Final = {"closure": 1.2, "contact": 1.6}
# Fewer sounds than this say nothing about a threshold (Indonesian has hardly an f).
_ENOUGH: Final = 10


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
    """Weights to go on from."""


@dataclass(frozen=True)
class Thresholds:
    """Probabilities from which the lips are closed, or touch the teeth: one per look-ahead."""

    closure: list[float]
    contact: list[float]


@dataclass
class Shard:
    """Streams of one file: ``x`` float16 [streams, frames, features], ``y`` uint8 [streams, heads, frames, width]."""

    name: str
    x: NDArray[np.float16]
    y: NDArray[np.uint8]


def load_shards(cache: Path, prefix: str, known: list[Shard] | None = None) -> list[Shard]:
    """All shards under ``cache/streams`` whose name starts with ``prefix``; those ``known`` are not read again."""
    shards = {shard.name: shard for shard in known or []}
    for path in sorted((cache / "streams").glob(f"{prefix}-*.npz")):
        if ".part" not in path.name and path.stem not in shards:
            with np.load(path) as kept:
                shards[path.stem] = Shard(path.stem, kept["x"], kept["y"])
    return [shards[name] for name in sorted(shards)]


class Crops:
    """Draws crops from whatever streams are there; training may start before all are made."""

    def __init__(self, cache: Path, rng: np.random.Generator) -> None:
        self._cache, self._rng = cache, rng
        self._shards: list[Shard] = []
        self.refresh()

    def refresh(self) -> None:
        """Take in shards made since."""
        before = len(self._shards)
        self._shards = load_shards(self._cache, "train", self._shards)
        if len(self._shards) == before:
            return
        self._places = np.array([(i, s) for i, shard in enumerate(self._shards) for s in range(len(shard.x))])
        shares = [next((v for k, v in _SHARES.items() if shard.name.startswith(k)), 1.0) for shard in self._shards]
        weights = np.repeat(shares, [len(shard.x) for shard in self._shards])
        self._chance = weights / weights.sum()
        logger.info("%d streams, %.1f h", len(weights), len(weights) * self._shards[0].x.shape[1] / 216_000)

    def draw(self, batch: int) -> tuple[Tensor, Tensor]:
        """Features [batch, crop, FEATURES] and targets uint8 [batch, crop, look-aheads, WIDTH]."""
        xs, ys = [], []
        for shard, stream in self._places[self._rng.choice(len(self._places), size=batch, p=self._chance)]:
            x, y = self._shards[shard].x[stream], self._shards[shard].y[stream]
            start = int(self._rng.integers(len(x) - _CROP + 1))
            xs.append(x[start : start + _CROP])
            ys.append(y[:, start : start + _CROP].transpose(1, 0, 2))
        return torch.from_numpy(np.stack(xs)).float(), torch.from_numpy(np.stack(ys))


def train(cache: Path, out: Path, settings: Settings) -> None:
    """Train for ``settings.minutes`` in ``settings.workers`` processes; weights to ``out``, their scores beside it."""
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as meeting:
        torch.multiprocessing.spawn(
            _work, args=(cache, out, settings, f"file://{meeting}/ranks"), nprocs=settings.workers
        )


def _work(rank: int, cache: Path, out: Path, settings: Settings, meeting: str) -> None:
    """One of several processes that draw their own crops and average their gradients; the first one keeps the books."""
    logging.basicConfig(level=logging.INFO if rank == 0 else logging.WARNING, format="%(asctime)s %(message)s")
    torch.set_num_threads(1)
    torch.distributed.init_process_group("gloo", init_method=meeting, rank=rank, world_size=settings.workers)
    torch.manual_seed(settings.seed)
    net = load(Path(settings.start))[0] if settings.start else LipNet(settings.hidden)
    average = LipNet(settings.hidden)
    average.load_state_dict(net.state_dict())
    torch.manual_seed(1000 * settings.seed + rank)
    crops = Crops(cache, np.random.default_rng((settings.seed, rank)))
    validation = load_shards(cache, "validate") if rank == 0 else []
    optimiser = torch.optim.AdamW(net.parameters(), lr=settings.rate, weight_decay=0.01)
    started = kept_at = time.monotonic()
    running, step, done = 0.0, 0, 0.0
    with Progress(TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn(), disable=rank > 0) as progress:
        task = progress.add_task("training", total=1.0)
        while done < 1.0:
            for group in optimiser.param_groups:
                group["lr"] = settings.rate * min(1.0, step / 100) * (0.5 + 0.5 * float(np.cos(np.pi * done))) + 1e-5
            x, y = crops.draw(settings.batch)
            net.train()
            loss = _loss(net(_disturbed(net.normal(x), settings.scores)), y)
            optimiser.zero_grad()
            loss.backward()
            # The clock of the first process counts for all, so that they stop at the same step.
            done = _average_gradients(net, (time.monotonic() - started) / 60 / settings.minutes if rank == 0 else 0.0)
            torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimiser.step()
            _follow(average, net, min(_AVERAGE_DECAY, step / (step + 20)))
            running = 0.98 * running + 0.02 * loss.item() if step else loss.item()
            step += 1
            progress.update(task, completed=done, description=f"step {step} loss {running:.4f}")
            if step % _REFRESH_STEPS == 0:
                logger.info("step %d, %.0f %%, loss %.4f", step, 100 * done, running)
                crops.refresh()
            if rank == 0 and (time.monotonic() - kept_at) / 60 > _CHECKPOINT_MINUTES:
                kept_at = time.monotonic()
                _keep(average, validation, settings, {"steps": step, "loss": running}, out)
    if rank == 0:
        _keep(average, validation, settings, {"steps": step, "loss": running}, out)
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


def _keep(net: LipNet, validation: list[Shard], settings: Settings, facts: dict[str, float], out: Path) -> None:
    """Weights and thresholds to ``out``, what they score beside it."""
    thresholds, report = tune(net, validation, settings.scores)
    hours = facts["steps"] * settings.batch * settings.workers * _CROP / 216_000
    torch.save({"weights": net.state_dict(), "hidden": settings.hidden, "thresholds": asdict(thresholds)}, out)
    about = {"settings": asdict(settings), **facts, "hours_heard": hours, "report": report}
    out.with_suffix(".json").write_text(json.dumps(about, indent=1))
    for name, line in report.items():
        logger.info("%s: %s", name, line)


def load(path: Path) -> tuple[LipNet, Thresholds]:
    """The trained network and its thresholds."""
    kept = torch.load(path, weights_only=True)
    net = LipNet(kept["hidden"])
    net.load_state_dict(kept["weights"])
    return net.eval(), Thresholds(**kept["thresholds"])


def _disturbed(x: Tensor, scores: bool) -> Tensor:
    """Features with parts missing, so that the network learns to use whatever is there."""
    batch, time_, _ = x.shape
    x = x.clone()
    mels = 2 * (MELS + 1)
    x[:, :, :mels] += 0.1 * torch.randn(batch, time_, mels) + 0.25 * torch.randn(batch, 1, mels)
    for row in range(batch):
        if torch.rand(()) < 0.3:
            # Another vocal tract: the mels move up or down by one band.
            shift = 1 if torch.rand(()) < 0.5 else -1
            for first in (0, MELS + 1):
                x[row, :, first : first + MELS] = torch.roll(x[row, :, first : first + MELS], shift, dims=1)
        if torch.rand(()) < 0.5:
            low, width = int(torch.randint(MELS, ())), int(torch.randint(1, 9, ()))
            for first in (0, MELS + 1):
                x[row, :, first + low : first + min(low + width, MELS)] = 0.0
        if torch.rand(()) < 0.12:
            x[row, :, :mels] = 0.0
        elif not scores or torch.rand(()) < 0.12:
            x[row, :, mels:] = 0.0
    if not scores:
        x[:, :, mels:] = 0.0
    return x


def _loss(answer: Answer, wanted: Tensor) -> Tensor:
    """``wanted`` uint8 [batch, time, look-aheads, WIDTH]."""
    answer = Answer(answer.curves[:, _UNJUDGED:], answer.visemes[:, _UNJUDGED:])
    wanted = wanted[:, _UNJUDGED:]
    values = wanted[..., :VISEME_CLASS].float() / 255
    said = torch.sigmoid(answer.curves[..., :CLOSURE])
    miss = said - values[..., :CLOSURE]
    # The jaw matters most to the eye, then all lips alike.
    shape = (miss**2).mean() * 12 + (miss[..., 0] ** 2).mean() * 12
    move = ((miss[:, 1:] - miss[:, :-1]) ** 2).mean() * 40
    kind = wanted[..., VISEME_CLASS].long()
    hard = torch.isin(kind, torch.tensor(_HARD))
    weight = torch.where(values[..., CLOSURE] > 0.5, _CLOSED_WEIGHT, torch.where(hard, _HARD_WEIGHT, 1.0))
    closed = F.binary_cross_entropy_with_logits(answer.curves[..., CLOSURE], values[..., CLOSURE], weight)
    touch = F.binary_cross_entropy_with_logits(
        answer.curves[..., CONTACT], values[..., CONTACT], 1 + (_CONTACT_WEIGHT - 1) * values[..., CONTACT]
    )
    speech = F.binary_cross_entropy_with_logits(answer.curves[..., SPEECH], values[..., SPEECH])
    viseme = F.cross_entropy(answer.visemes.reshape(-1, len(OVR)), kind.reshape(-1))
    return shape + move + 3.0 * closed + 0.7 * touch + 0.3 * speech + 0.35 * viseme


@torch.no_grad()
def _follow(average: LipNet, net: LipNet, decay: float) -> None:
    for slow, fast in zip(average.parameters(), net.parameters(), strict=True):
        slow.lerp_(fast, 1.0 - decay)


@torch.no_grad()
def tune(net: LipNet, shards: list[Shard], scores: bool = True) -> tuple[Thresholds, dict[str, str]]:
    """Thresholds per look-ahead from the validation streams, and a table of what they give."""
    net.eval()
    answers = []
    for shard in shards:
        x = net.normal(torch.from_numpy(shard.x).float())
        if not scores:
            x[:, :, 2 * (MELS + 1) :] = 0.0
        answers.append(torch.sigmoid(net(x).curves).numpy())
    chosen: dict[str, list[float]] = {}
    report = {}
    for what, column, viseme in (("closure", CLOSURE, BILABIAL), ("contact", CONTACT, LABIODENTAL)):
        # One threshold for all look-aheads: chosen apart they follow the chances of a few hundred sounds.
        tried = {float(t): _each(shards, answers, column, float(t), viseme) for t in _TRIED}
        best = min(tried, key=lambda t, miss=_MISS_WEIGHT[what]: _cost(tried[t], miss))
        chosen[what] = [best] * len(LOOKAHEADS_MS)
        report |= {f"{what} at {best:.3f} {name}": str(result) for name, result in tried[best].items()}
    for head, lookahead_ms in enumerate(LOOKAHEADS_MS):
        for shard, answer in zip(shards, answers, strict=True):
            jaw = np.corrcoef(answer[:, :, head, 0].ravel(), shard.y[:, head, :, 0].ravel())[0, 1]
            report[f"jaw {lookahead_ms} ms {shard.name}"] = f"{jaw:.3f}"
    return Thresholds(**chosen), report


def _each(
    shards: list[Shard], answers: list[NDArray[np.float32]], column: int, threshold: float, viseme: int
) -> dict[str, Closures]:
    return {
        f"{lookahead_ms} ms {shard.name}": closures(answer[:, :, head, column] > threshold, shard.y[:, head], viseme)
        for head, lookahead_ms in enumerate(LOOKAHEADS_MS)
        for shard, answer in zip(shards, answers, strict=True)
    }


def _cost(results: dict[str, Closures], miss_weight: float) -> float:
    """Misses against false frames over clean and disturbed speech; people count half as much again."""
    judged = {name: r for name, r in results.items() if r.bilabials >= _ENOUGH} or results
    weights = [1.5 if "recorded" in name else 1.0 for name in judged]
    recall = float(np.average([r.recall for r in judged.values()], weights=weights))
    false = float(np.average([r.false_share for r in judged.values()], weights=weights))
    return miss_weight * (1 - recall) + false


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
    parser.add_argument("--start", default="", metavar="FILE", help="weights to go on from")
    parser.add_argument("--out", type=Path, metavar="FILE", help="default: CACHE/model.pt")


def main(arguments: argparse.Namespace) -> int:
    """Train; returns an exit status."""
    out = arguments.out or arguments.cache / "model.pt"
    if arguments.tune_only:
        net, _ = load(out)
        thresholds, report = tune(net, load_shards(arguments.cache, "validate"))
        torch.save({"weights": net.state_dict(), "hidden": net.hidden, "thresholds": asdict(thresholds)}, out)
        for name, line in report.items():
            print(f"{name}: {line}")
        return 0
    settings = Settings(
        minutes=arguments.minutes,
        hidden=arguments.hidden,
        batch=arguments.batch,
        seed=arguments.seed,
        workers=arguments.workers,
        scores=not arguments.no_scores,
        start=arguments.start,
    )
    train(arguments.cache, out, settings)
    return 0
