"""Training pieces on a tiny shard: crops, thresholds, and that a network can learn a closure at all."""

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is a build-time dependency: pip install 'visaged[build]'")
pytest.importorskip("pocketsphinx", reason="the front end's tables are in the pocketsphinx package (extra: build)")

from models.lipsync import crops, losses, thresholds, train  # noqa: E402
from models.lipsync.frontend import FEATURES  # noqa: E402
from models.lipsync.model import OUTPUTS, Answer, LipNet  # noqa: E402
from models.lipsync.targets import CLOSURE, CONTACT, SPEECH, VISEME_CLASS, WIDTH  # noqa: E402
from models.lipsync.visemes import OVR  # noqa: E402

# Two threads that wait for each other on a busy machine are slower than one.
torch.set_num_threads(1)


def shard(streams: int = 2, frames: int = 240) -> crops.Shard:
    """A closure of 6 frames every 40, announced by one feature."""
    x = np.zeros((streams, frames, FEATURES), np.float16)
    y = np.zeros((streams, 3, frames, WIDTH), np.uint8)
    y[..., SPEECH] = 255
    y[..., VISEME_CLASS] = OVR.index("aa")
    for start in range(20, frames - 10, 40):
        x[:, start : start + 6, -1] = 8.0
        y[:, :, start : start + 6, CLOSURE] = 255
        y[:, :, start : start + 6, VISEME_CLASS] = OVR.index("PP")
        touching = slice(start + 15, start + 21)
        x[:, touching, -2] = 8.0
        y[:, :, touching, CONTACT] = 255
        y[:, :, touching, VISEME_CLASS] = OVR.index("FF")
    return crops.Shard("validate-tiny-clean", x, y)


class Oracle:
    """A network that reads the announcement straight off the feature."""

    def eval(self) -> None:
        """Nothing to switch."""

    def normal(self, features: torch.Tensor) -> torch.Tensor:
        return features

    def __call__(self, features: torch.Tensor) -> Answer:
        closed = (features[..., -1:] - 4.0).unsqueeze(2).repeat(1, 1, 3, OUTPUTS)
        closed[..., CONTACT] = features[..., -2:-1] - 4.0
        return Answer(closed, torch.zeros(*closed.shape[:3], len(OVR)))


def test_thresholds_are_chosen_where_closures_separate() -> None:
    chosen, cost, report = thresholds.tune(Oracle(), [shard()])  # type: ignore[arg-type]
    assert cost == 0.0
    assert len(chosen.closure) == len(chosen.contact) == 3
    assert report[f"closure 40 ms at {(chosen.closure[1], chosen.late_closure[1])} validate-tiny-clean"].startswith(
        "1.000 / 0.0 %"
    )


def test_a_few_steps_lower_the_loss() -> None:
    torch.manual_seed(0)
    made = shard(streams=1, frames=60)
    net = LipNet(8)
    optimiser = torch.optim.AdamW(net.parameters(), lr=0.01)
    x, y = net.normal(torch.from_numpy(made.x).float()), torch.from_numpy(made.y.transpose(0, 2, 1, 3).copy())
    seen = []
    for _ in range(6):
        lost = losses.loss(net(x), y)
        optimiser.zero_grad()
        lost.backward()
        optimiser.step()
        seen.append(lost.item())
    assert seen[-1] < 0.95 * seen[0]


def test_crops_are_drawn_from_what_is_on_disk_and_take_in_what_comes_later(tmp_path: Path) -> None:
    folder = tmp_path / "streams"
    folder.mkdir()
    made = shard()
    np.savez(folder / "train-espeak-a-00000.npz", x=made.x, y=made.y)
    np.savez(folder / "train-espeak-b-00000.part.npz", x=made.x, y=made.y)
    drawn = crops.Crops(tmp_path, np.random.default_rng(1))
    x, y = drawn.draw(5)
    assert x.shape == (5, 96, FEATURES)
    assert y.shape == (5, 96, 3, WIDTH)
    assert len(drawn._places) == 2
    np.savez(folder / "train-flite-c-00000.npz", x=made.x, y=made.y)
    drawn.refresh()
    assert len(drawn._places) == 4


def test_disturbing_keeps_shape_and_can_silence_the_scores() -> None:
    x = torch.ones(6, 20, FEATURES)
    assert crops.disturbed(x, True).shape == x.shape
    assert not crops.disturbed(x, False)[:, :, 82:].any()
    assert x.eq(1).all()


def test_blending_moves_all_weights_part_of_the_way() -> None:
    one, other = LipNet(8), LipNet(8)
    before = [p.clone() for p in one.parameters()]
    train.blend(one, other, 0.25)
    for was, now, aim in zip(before, one.parameters(), other.parameters(), strict=True):
        assert torch.allclose(now, 0.75 * was + 0.25 * aim, atol=1e-6)
