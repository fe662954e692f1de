"""The head that is committed: whole, small, and with lips that meet."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from models.head.__main__ import ASSET
from models.head.asset import NOTICE, decode
from models.head.light import normals_of, openness
from models.head.shape import PARTS
from visaged.curves import CURVES, SHAPE_COUNT

DATA = ASSET.read_bytes()


def shapes() -> dict[str, NDArray[np.float64]]:
    """Displacement of every vertex [n, 3], dm, by shape."""
    about, arrays = decode(DATA)
    deltas = arrays["deltas"].reshape(3, -1).T * about["delta_step"]
    found, at = {}, 0
    for name, count in about["morphs"]:
        moves = np.zeros((about["vertices"], 3))
        moves[np.cumsum(arrays["gaps"][at : at + count].astype(int))] = deltas[at : at + count]
        found[name] = moves
        at += count
    assert at == len(arrays["gaps"])
    return found


def test_it_is_small_and_says_where_it_is_from() -> None:
    about, arrays = decode(DATA)
    assert len(DATA) <= 1_000_000
    assert about["notice"] == NOTICE
    assert tuple(part[0] for part in about["parts"]) == PARTS
    assert len(arrays["masks"]) == 8 * about["vertices"]
    assert len(arrays["positions"]) == 3 * about["vertices"]


def test_the_shapes_are_the_curves_in_their_order() -> None:
    about, _ = decode(DATA)
    assert [name for name, _ in about["morphs"]] == list(CURVES[:SHAPE_COUNT])
    for name, moves in shapes().items():
        assert 0.005 < np.linalg.norm(moves, axis=1).max() < 0.6, name


def test_jaw_and_lips_do_what_their_names_say() -> None:
    about, arrays = decode(DATA)
    rest, found = arrays["positions"].reshape(-1, 3) * about["step"], shapes()
    chin = rest[: about["parts"][0][2], 1] < -0.45
    near = np.abs(rest[: about["parts"][0][2], 0]) < 0.2
    front = rest[: about["parts"][0][2], 2] > 0.7
    assert found["JawOpen"][: about["parts"][0][2]][chin & near & front][:, 1].mean() < -0.05
    # What the left eye does is on the subject's left, +x.
    moved = np.linalg.norm(found["EyeBlinkLeft"], axis=1) > 0.01
    assert rest[moved][:, 0].mean() > 0.15
    both = found["MouthSmileLeft"] * (-1, 1, 1)
    assert np.abs(both).max() == pytest.approx(np.abs(found["MouthSmileRight"]).max(), rel=0.05)


@pytest.mark.parametrize(
    ("data", "words"),
    [(b"", "VHED"), (b"PNG\0" + bytes(8), "VHED"), (DATA[:100], "the text has"), (DATA[:-9], "deltas has")],
)
def test_what_is_no_head_is_refused(data: bytes, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        decode(data)


def test_light_is_baked_darker_where_something_is_in_front() -> None:
    # A floor, and a roof of small triangles close above its middle, as those of a head are.
    steps = np.linspace(-0.5, 0.5, 41)
    roof = np.array([(x, 0.2, z) for x in steps for z in steps])
    row = len(steps)
    starts = np.array([i * row + j for i in range(row - 1) for j in range(row - 1)])
    triangles = np.concatenate([starts[:, None] + (0, 1, row), starts[:, None] + (1, row + 1, row)])
    positions = np.concatenate([roof, [(0.0, 0.0, 0.0), (1.8, 0.0, 1.8)]])
    normals = np.tile((0.0, 1.0, 0.0), (len(positions), 1))
    light = openness(positions, normals, triangles)
    assert light[-2] < 0.6
    assert light[-1] > 0.9
    assert np.allclose(normals_of(positions, triangles)[: len(roof)], (0, 1, 0))
