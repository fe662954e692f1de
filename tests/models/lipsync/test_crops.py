"""What crops are disturbed with."""

from __future__ import annotations

import zlib
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is a build-time dependency: pip install 'visaged[build]'")
pytest.importorskip("pocketsphinx", reason="the front end's tables are in the pocketsphinx package (extra: build)")

from models.lipsync.crops import Crops, _warped, _warps, disturbed, load_shards  # noqa: E402
from models.lipsync.frontend import MELS  # noqa: E402


def test_bands_read_where_they_are_stay_as_they_are() -> None:
    mels = torch.randn(3, 5, MELS)
    same = torch.arange(MELS, dtype=torch.float32).expand(3, MELS)
    assert torch.equal(_warped(mels, same), mels)


def test_half_a_band_is_the_middle_of_two_and_each_row_has_its_own() -> None:
    mels = torch.arange(MELS, dtype=torch.float32).expand(2, 4, MELS)
    warp = torch.stack([torch.arange(MELS) + 0.5, torch.arange(MELS) - 1.0]).clamp(0, MELS - 1)
    said = _warped(mels, warp)
    assert torch.allclose(said[0, :, :-1], mels[0, :, :-1] + 0.5) and torch.all(said[0, :, -1] == MELS - 1)
    assert torch.allclose(said[1, :, 1:], mels[1, :, 1:] - 1) and torch.all(said[1, :, 0] == 0)


def test_warps_stay_within_two_bands_rise_and_leave_some_crops_alone() -> None:
    torch.manual_seed(1)
    warps = _warps(400)
    moved = warps - torch.arange(MELS)
    assert float(moved.abs().max()) <= 2.0
    assert torch.all(warps.diff(dim=1) >= 0)
    unmoved = float((moved.abs().amax(dim=1) == 0).float().mean())
    assert 0.3 < unmoved < 0.5


def test_disturbed_keeps_its_shape_and_its_input() -> None:
    torch.manual_seed(1)
    x = torch.randn(6, 9, 2 * (MELS + 1) + 126)
    before = x.clone()
    out = disturbed(x, scores=True)
    assert out.shape == x.shape and torch.equal(x, before) and bool(torch.isfinite(out).all())
    assert torch.all(disturbed(x, scores=False)[:, :, 2 * (MELS + 1) :] == 0)


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """Twelve shards of one stream each, as long as a crop and one frame, that hold their own number."""
    (tmp_path / "streams").mkdir()
    for number in range(12):
        x = np.full((1, 97, 4), number, np.float16)
        np.savez(tmp_path / "streams" / f"train-voice-{number:05d}.npz", x=x, y=np.zeros((1, 3, 97, 2), np.uint8))
    (tmp_path / "streams" / "train-voice-00099.part.npz").write_bytes(b"not done yet")
    return tmp_path


def test_processes_share_the_shards_among_them(cache: Path) -> None:
    parts = [{shard.name for shard in load_shards(cache, "train", part=(rank, 2))} for rank in (0, 1)]
    assert parts[0] and parts[1] and not parts[0] & parts[1]
    assert parts[0] | parts[1] == {shard.name for shard in load_shards(cache, "train")}
    assert len(parts[0] | parts[1]) == 12


def test_crops_come_from_ones_own_part_and_what_is_made_later(cache: Path) -> None:
    crops = Crops(cache, np.random.default_rng(1), part=(1, 2))
    own = {int(shard.name[-5:]) for shard in load_shards(cache, "train", part=(1, 2))}
    x, y = crops.draw(200)
    assert x.shape == (200, 96, 4) and y.shape == (200, 96, 3, 2)
    assert set(x[:, 0, 0].int().tolist()) == own
    name = next(f"train-voice-{n:05d}" for n in range(100, 200) if _is_in_part_one(f"train-voice-{n:05d}"))
    np.savez(
        cache / "streams" / f"{name}.npz", x=np.full((50, 97, 4), 99, np.float16), y=np.zeros((50, 3, 97, 2), "u1")
    )
    crops.refresh()
    assert 99 in crops.draw(200)[0][:, 0, 0].int().tolist()


def test_of_one_shard_every_process_has_all(cache: Path) -> None:
    for path in sorted((cache / "streams").glob("*.npz"))[1:]:
        path.unlink()
    for rank in (0, 1):
        assert Crops(cache, np.random.default_rng(1), part=(rank, 2)).draw(3)[0].shape == (3, 96, 4)


def _is_in_part_one(name: str) -> bool:
    return zlib.crc32(name.encode()) % 2 == 1
