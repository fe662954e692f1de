from __future__ import annotations

import numpy as np

from models.lipsync.compact.spectrum import COLUMNS, POINTS, RESIDUES, banks, tables

BINS = 245


def test_two_stages_give_the_power_of_every_bin() -> None:
    sound = np.random.default_rng(1).standard_normal(600)
    inner, outer, where = tables(600 // COLUMNS, BINS)
    columns = (inner @ sound.reshape(-1, COLUMNS)).reshape(RESIDUES, 1, 2 * COLUMNS)
    squares = (columns @ outer)[:, 0] ** 2
    power = squares.ravel() @ banks(np.eye(BINS), where)
    np.testing.assert_allclose(power, np.abs(np.fft.rfft(sound, POINTS))[:BINS] ** 2, rtol=1e-9, atol=1e-9)


def test_every_bin_has_one_place() -> None:
    where = tables(25, BINS).bins
    assert sorted(where[where >= 0].tolist()) == list(range(BINS))
