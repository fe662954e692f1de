"""Networks that answer together: the mean of what each says, whole or step by step, on disk and back."""

import argparse
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is a build-time dependency: pip install 'visaged[build]'")
pytest.importorskip("pocketsphinx", reason="the front end's tables are in the pocketsphinx package (extra: build)")

from models.lipsync import join, weights  # noqa: E402
from models.lipsync.ensemble import Ensemble  # noqa: E402
from models.lipsync.frontend import FEATURES  # noqa: E402
from models.lipsync.model import LipNet  # noqa: E402
from models.lipsync.thresholds import Thresholds  # noqa: E402
from tests.models.lipsync.test_train import shard  # noqa: E402

torch.set_num_threads(1)

AT = Thresholds([0.5, 0.45, 0.4], [0.4, 0.4, 0.4], [0.3, 0.3, 2.0], [0.3, 0.3, 2.0])


def nets(*hidden: int) -> list[LipNet]:
    torch.manual_seed(5)
    return [LipNet(width).eval() for width in hidden]


@torch.no_grad()
def test_the_answer_is_the_mean() -> None:
    one, other = nets(8, 12)
    features = torch.randn(2, 30, FEATURES)
    for mean, a, b in zip(Ensemble([one, other])(features), one(features), other(features), strict=True):
        torch.testing.assert_close(mean, (a + b) / 2)


@torch.no_grad()
def test_steps_give_what_the_whole_gives() -> None:
    together = Ensemble(nets(8, 12))
    raw = torch.randn(1, 20, FEATURES)
    whole = together(together.normal(raw))
    state = torch.zeros(1, together.state_width)
    for frame in range(raw.shape[1]):
        answer, state = together.step(raw[:, frame], state)
        for stepped, wanted in zip(answer, whole, strict=True):
            torch.testing.assert_close(stepped, wanted[:, frame], rtol=1e-4, atol=1e-5)
    assert state.shape == (1, 2 * (8 + 12))


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    both = nets(8, 12)
    weights.save(tmp_path / "both.pt", both, AT)
    loaded, thresholds = weights.load(tmp_path / "both.pt")
    assert thresholds == AT
    assert [net.hidden for net in loaded.members] == [8, 12]
    assert torch.equal(loaded.members[1].enter.weight, both[1].enter.weight)
    with pytest.raises(ValueError, match="holds 2 networks that answer together; accepted: one"):
        weights.load_one(tmp_path / "both.pt")


def test_joined_weights_are_what_half_precision_holds(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = shard()
    (tmp_path / "streams").mkdir()
    np.savez(tmp_path / "streams" / "validate-tiny-clean.npz", x=made.x, y=made.y)
    files = [tmp_path / "a.pt", tmp_path / "b.pt"]
    for path, net in zip(files, nets(8, 12), strict=True):
        weights.save(path, [net], AT)
    assert run_join(tmp_path, *files) == 0
    assert capsys.readouterr().out.startswith("cost ")
    for net in weights.load(tmp_path / "out.pt")[0].members:
        for weight in net.parameters():
            assert torch.equal(weight, weight.half().float())


def test_joining_without_validation_streams_says_what_to_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_join(tmp_path, tmp_path / "a.pt") == 1
    assert "python -m models.lipsync streams" in capsys.readouterr().err


def test_joining_a_file_that_is_not_there_names_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = shard()
    (tmp_path / "streams").mkdir()
    np.savez(tmp_path / "streams" / "validate-tiny-clean.npz", x=made.x, y=made.y)
    assert run_join(tmp_path, tmp_path / "gone.pt") == 1
    assert "gone.pt" in capsys.readouterr().err
    assert not (tmp_path / "out.pt").exists()


@pytest.mark.parametrize("content", [b"", b"junk", b"PK\x03\x04 not quite"])
def test_other_bytes_are_refused_by_name(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.pt").write_bytes(content)
    with pytest.raises(ValueError, match=r"a.pt does not hold weights; accepted: files of `train` and `join`"):
        weights.load(tmp_path / "a.pt")


def test_weights_of_an_earlier_layout_are_refused_by_name(tmp_path: Path) -> None:
    torch.save({"weights": {}, "hidden": 8, "thresholds": {}}, tmp_path / "a.pt")
    with pytest.raises(ValueError, match=r"a.pt does not hold weights"):
        weights.load(tmp_path / "a.pt")


def test_a_write_that_fails_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    weights.save(tmp_path / "a.pt", nets(8), AT)
    before = (tmp_path / "a.pt").read_bytes()

    def full(kept: object, file: BinaryIO) -> None:
        file.write(b"half of it")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(weights.torch, "save", full)
    with pytest.raises(OSError, match="No space left"):
        weights.save(tmp_path / "a.pt", nets(12), AT)
    assert (tmp_path / "a.pt").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["a.pt"]


def run_join(cache: Path, *files: Path) -> int:
    parser = argparse.ArgumentParser()
    join.add_arguments(parser)
    named = [str(path) for path in files]
    return join.main(parser.parse_args(["--cache", str(cache), "--out", str(cache / "out.pt"), *named]))
