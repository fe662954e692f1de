"""The figures that tell a mouth from a twitch, on made-up faces; and the command around them."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

torch = pytest.importorskip("torch", reason="torch is a build-time dependency: pip install 'visaged[build]'")
pytest.importorskip("safetensors", reason="pip install 'visaged[build]'")

from models.neurosync import importing, int8  # noqa: E402
from models.neurosync.compare import Comparison, Figures, judge  # noqa: E402
from models.neurosync.marks import Marks, mark, runs  # noqa: E402
from models.neurosync.shape import POSITION_ENCODINGS  # noqa: E402
from models.neurosync.twin import NARROW, random_weights  # noqa: E402
from visaged.audio.file_reader import read_all  # noqa: E402
from visaged.cli import main  # noqa: E402
from visaged.clock import RATE_HZ  # noqa: E402
from visaged.console import exit_codes  # noqa: E402
from visaged.curves import INDEX  # noqa: E402
from visaged.inference.package import load_package  # noqa: E402
from visaged.samples import speech_path  # noqa: E402

torch.set_num_threads(1)

FRAMES = 600
CLOSURES = tuple((first, first + 5) for first in range(30, 400, 40))


def _marks() -> Marks:
    """Syllables of a third of a second for 7 s, then silence."""
    time = np.arange(FRAMES)
    loudness = np.where(time < 420, -10 + 10 * np.sin(2 * np.pi * time / 20), -70).astype(np.float32)
    return Marks(loudness, time >= 420, CLOSURES, "hand")


def _face(rng: np.random.Generator) -> np.ndarray:
    """A mouth that does all it should."""
    marks, curves = _marks(), np.zeros((FRAMES, 68), np.float32)
    jaw = np.where(marks.silent, 0, 0.25 + 0.01 * marks.loudness_db)
    curves[:, INDEX["JawOpen"]] = jaw
    for first, end in CLOSURES:
        curves[first:end, INDEX["MouthClose"]] = jaw[first:end]
    return curves


def _shaken(rng: np.random.Generator) -> np.ndarray:
    return _face(rng) + rng.normal(0, 0.1, (FRAMES, 68)).astype(np.float32)


def _asleep(rng: np.random.Generator) -> np.ndarray:
    return _face(rng) * 0.05


def _elsewhere(rng: np.random.Generator) -> np.ndarray:
    """Moves well, but to another text."""
    return np.roll(_face(rng), 310, axis=0)


def _open(rng: np.random.Generator) -> np.ndarray:
    """Never shuts."""
    curves = _face(rng)
    curves[:, INDEX["MouthClose"]] = 0
    curves[:, INDEX["JawOpen"]] += 0.2
    return curves


@pytest.mark.parametrize("bad", [_shaken, _asleep, _elsewhere, _open])
def test_a_good_face_scores_clearly_higher(bad: object) -> None:
    good, other = (judge(make(np.random.default_rng(1)), _marks()) for make in (_face, bad))
    assert good.score > 0.9
    assert good.score > other.score + 0.1


def test_each_figure_sees_its_own_fault() -> None:
    rng = np.random.default_rng(1)
    good = judge(_face(rng), _marks())
    assert good.closure > 0.95
    assert good.follows > 0.8
    assert good.silence < 0.05
    assert judge(_open(rng), _marks()).closure < 0.3
    assert judge(_shaken(rng), _marks()).shakes > good.shakes + 0.3
    assert judge(_face(rng) * 8, _marks()).outside > 0.005
    assert judge(_elsewhere(rng), _marks()).silence > 0.5
    assert judge(_asleep(rng), _marks()).score == 0


@pytest.mark.parametrize("curves", [np.zeros((3, 68)), np.zeros((600, 68)), np.ones((900, 68))])
def test_a_face_that_does_nothing_is_judged_without_complaint(curves: np.ndarray) -> None:
    figures = judge(curves.astype(np.float32), _marks())
    assert figures.score == 0
    assert all(np.isfinite(value) for value in vars(figures).values())


def test_only_a_clear_lead_is_called_one() -> None:
    def figures(closure: float) -> Figures:
        return Figures(closure, 0.0, 0.5, 1.0, 0.0, 0.0)

    def comparison(*closures: float) -> Comparison:
        return Comparison({}, dict(zip(POSITION_ENCODINGS, map(figures, closures), strict=True)), _marks())

    assert comparison(0.1, 0.9, 0.2).best == "global+local"
    assert comparison(0.1, 0.9, 0.2).clear
    assert not comparison(0.8, 0.9, 0.2).clear
    silent = Comparison({}, {position: figures(0.0) for position in POSITION_ENCODINGS}, _marks())
    silent.figures["local"] = Figures(1.0, 0.0, 0.5, 0.1, 0.0, 0.0)
    assert not silent.clear


def test_closures_and_silence_are_heard_in_the_bundled_speech() -> None:
    marks = mark(speech_path())
    assert 10 <= len(marks.closures) <= 40
    assert 0.1 < marks.silent.mean() < 0.5
    assert marks.silent[:20].all()
    # "my": its m is the second sound of these lips after "Hello! My name is Bob".
    assert any(62 <= first <= 90 for first, _ in marks.closures)


def test_the_text_finds_closures_by_alignment(tmp_path: Path) -> None:
    pytest.importorskip("pocketsphinx", reason="pip install pocketsphinx")
    soundfile.write(tmp_path / "a.wav", read_all(speech_path())[: 46 * RATE_HZ // 10], RATE_HZ)
    marks = mark(tmp_path / "a.wav", "Hello my name is Bob and I move my mouth as you do")
    assert "pocketsphinx" in marks.heard_by
    # m, m, b, b, m, m, m: those next to each other may be one.
    assert 5 <= len(marks.closures) <= 7


def test_runs() -> None:
    assert runs(np.array([True, False, True, True])) == [(0, 1), (2, 4)]
    assert runs(np.zeros(3, bool)) == []


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    path = tmp_path / "model.pth"
    torch.save({name: torch.from_numpy(array) for name, array in random_weights(NARROW).items()}, path)
    return path


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    soundfile.write(tmp_path / "a.wav", read_all(speech_path())[: 3 * RATE_HZ], RATE_HZ)
    return tmp_path / "a.wav"


def test_random_weights_get_figures_a_picture_and_no_recommendation(
    tmp_path: Path, weights: Path, sample: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("matplotlib", reason="pip install 'visaged[build]'")
    picture = tmp_path / "a.png"
    words = ["models", "compare", "neurosync", str(weights), str(sample), "--heads", "4", "--picture", str(picture)]
    assert main(words) == 0
    said = capsys.readouterr().out
    for position in POSITION_ENCODINGS:
        assert position in said
    assert "no variant is clearly the best" in said
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_the_choice_is_recorded_in_the_package(
    tmp_path: Path, weights: Path, sample: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    windows = np.random.default_rng(7).standard_normal((2, 128, 256)).astype(np.float32)
    monkeypatch.setattr(importing, "held_out_windows", lambda: windows)
    monkeypatch.setattr(importing, "calibration_windows", lambda: windows)
    for room in (importing, int8):
        monkeypatch.setattr(room, "_SECONDS", 0.01)
    words = ["models", "compare", "neurosync", str(weights), str(sample), "--heads", "4"]
    words += ["--install", "--models", str(tmp_path / "box"), "--position-encoding", "sinusoidal"]
    assert main(words) == 0
    package = load_package(tmp_path / "box" / "neurosync-1.0.0")
    assert package.manifest.position_encoding == "sinusoidal"
    assert '"sample": "a.wav"' in (package.folder / "report.json").read_text()


@pytest.mark.parametrize("missing", ["weights", "sample"])
def test_files_that_are_not_there(
    tmp_path: Path, weights: Path, missing: str, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [str(tmp_path / "none"), str(weights)] if missing == "weights" else [str(weights), str(tmp_path / "none")]
    assert main(["models", "compare", "neurosync", *words]) == exit_codes.FAILED
    assert "there is no such file" in capsys.readouterr().err
