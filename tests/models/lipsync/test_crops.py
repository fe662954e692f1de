"""What crops are disturbed with."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch", reason="torch is a build-time dependency: pip install 'visaged[build]'")

from models.lipsync.crops import _warped, _warps, disturbed  # noqa: E402
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
