"""The starter pack: what is promised is in it, it is what the pose files say, and every face could be a face."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from models.capsules.build import PACK, bake_all, build
from models.capsules.keyposes import PoseError, bake
from tests.capsules.making import JAW, SMILE
from visaged.capsules.file.capsule import SUFFIX, Capsule, decode
from visaged.capsules.file.ids import CapsuleKind
from visaged.capsules.file.pack import PackReader
from visaged.capsules.library.catalogue import Catalogue
from visaged.capsules.library.library import BUILT_IN, Library
from visaged.curves import INDEX

BAKED = {capsule.header.cid: capsule for capsule in bake_all()}
FACES = {cid: capsule for cid, capsule in BAKED.items() if capsule.header.kind is CapsuleKind.FACE}
REMEDY = "run: python -m models.capsules build"
LOOPS = {cid: capsule for cid, capsule in BAKED.items() if capsule.header.kind is CapsuleKind.LOOP}


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Catalogue]:
    yield Library(tmp_path_factory.mktemp("none") / "library").load()


def test_the_pack_in_the_program_is_what_the_pose_files_say(tmp_path: Path) -> None:
    """Capsule by capsule: compressed bytes and last bits differ between machines."""
    again = tmp_path / "again.zip"
    assert build(again) == len(BAKED)
    assert BUILT_IN == (PACK,)
    with PackReader(again) as made, PackReader(PACK) as shipped:
        assert made.manifest.files.keys() == shipped.manifest.files.keys(), REMEDY
        for name in made.manifest.files:
            if not name.endswith(SUFFIX):
                assert made.read(name) == shipped.read(name), REMEDY
                continue
            one, other = decode(made.read(name)), decode(shipped.read(name))
            assert one.header == other.header, REMEDY
            if one.curves is not None and other.curves is not None:
                np.testing.assert_allclose(one.curves, other.curves, atol=2e-3, err_msg=REMEDY)


def test_it_holds_what_is_promised(catalogue: Catalogue) -> None:
    assert not catalogue.refused
    assert sorted(catalogue.entries) == sorted(BAKED)
    assert len(FACES) >= 60
    assert len(LOOPS) >= 12
    assert {"VF_NEUTRAL", "CID_NEUTRAL_LOOP"} <= BAKED.keys()
    assert PACK.stat().st_size < 2_000_000
    assert {entry.header.licence for entry in catalogue.entries.values()} == {"CC0-1.0"}


def test_its_tables_name_what_is_in_it(catalogue: Catalogue) -> None:
    tables = catalogue.tables
    named = {cid for event in tables.events.values() for cid in (event.face, event.hand, event.voice)}
    named |= {blend.cid for profile in tables.profiles.values() for blend in profile.capsules}
    named |= {context.base for context in tables.contexts.values()}
    named |= {gesture.cid for context in tables.contexts.values() for gesture in context.gestures}
    assert named - {None} <= BAKED.keys()
    assert {"listening", "thinking", "reading", "typing"} <= tables.contexts.keys()


def _curves(capsule: Capsule) -> np.ndarray:
    assert capsule.curves is not None
    return capsule.curves.astype(np.float32)


def _name(capsule: Capsule) -> str:
    return capsule.header.cid


@pytest.mark.parametrize("capsule", FACES.values(), ids=_name)
def test_a_face_begins_and_ends_at_rest(capsule: Capsule) -> None:
    curves, header = _curves(capsule), capsule.header
    if header.blend_mode == "override":
        assert capsule.mask is not None
        assert header.fade_in_ms >= 100
        return
    rest = 1.0 if header.blend_mode == "multiply" else 0.0
    assert np.abs(curves[[0, -1]] - rest).max() < 0.01
    assert header.emotion is not None or header.blend_mode == "multiply"


@pytest.mark.parametrize("capsule", FACES.values(), ids=_name)
def test_a_face_is_anatomically_possible(capsule: Capsule) -> None:
    if capsule.header.blend_mode != "additive":
        return
    curves = _curves(capsule)

    def peak(name: str) -> float:
        return float(np.abs(curves[:, INDEX[name]]).max())

    # Recorded ranges: see the reference on human ranges; angles stay within what a neck does in a gesture.
    assert (curves[:, INDEX["JawOpen"]] - curves[:, INDEX["MouthClose"]]).min() >= -0.07
    assert max(peak("HeadYaw"), peak("HeadPitch"), peak("HeadRoll")) <= 0.35
    assert curves[:, :52].min() >= 0
    for side in ("Left", "Right"):
        wide, squint = curves[:, INDEX[f"EyeWide{side}"]], curves[:, INDEX[f"EyeSquint{side}"]]
        assert (np.minimum(wide, squint) < 0.3).all()
        if capsule.header.title.startswith("felt"):
            assert peak(f"CheekSquint{side}") > 0.3
    # No faster than a blink: a lid closes within four frames, most else moves in six or more.
    limit = 0.45 if peak("EyeBlinkLeft") > 0.5 or peak("EyeBlinkRight") > 0.5 else 0.3
    assert np.abs(np.diff(curves, axis=0)).max() < limit


@pytest.mark.parametrize("capsule", LOOPS.values(), ids=_name)
def test_a_loop_has_no_seam(capsule: Capsule) -> None:
    curves = _curves(capsule)
    steps = np.abs(np.diff(np.concatenate([curves, curves[:1]]), axis=0)).max(axis=1)
    assert steps[-1] <= steps.max() * 1.01 + 1e-3
    assert steps.max() < 0.02


def test_nods_nod_and_smirks_are_crooked() -> None:
    assert _curves(BAKED["VF_NOD"])[:, INDEX["HeadPitch"]].max() > 0.1
    smirk = _curves(BAKED["VF_SMIRK_LEFT"]).max(axis=0)
    assert smirk[SMILE] > 3 * smirk[INDEX["MouthSmileRight"]]
    assert _curves(BAKED["VF_YAWN"])[:, JAW].max() > 0.6


@pytest.mark.parametrize(
    "table",
    [
        {"pose": {"Mouth": 0.5}, "times": [100, 100, 100]},
        {"pose": {"Nose": 0.5}, "times": [100, 100, 100]},
        {"keys": [{"at": 0}, {"at": 200, "pose": {"JawOpen": 0.2}}, {"at": 200}]},
    ],
)
def test_a_bad_pose_is_named(table: dict[str, object]) -> None:
    with pytest.raises(PoseError, match="VF_X"):
        bake("VF_X", {"title": "x"} | table)
