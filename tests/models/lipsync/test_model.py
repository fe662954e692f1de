"""Front end, network, decoder and the exported graph: streaming equals offline, and nothing breaks them."""

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is a build-time dependency: pip install 'visaged[build]'")
pytest.importorskip("pocketsphinx", reason="the front end's tables are in the pocketsphinx package (extra: build)")
pytest.importorskip("onnx", reason="onnx is a build-time dependency: pip install 'visaged[build]'")

from models.lipsync import export  # noqa: E402
from models.lipsync.decode import Decoder  # noqa: E402
from models.lipsync.ensemble import Ensemble  # noqa: E402
from models.lipsync.frontend import FEATURES, FRAME, MELS, FrontEnd  # noqa: E402
from models.lipsync.model import OUTPUTS, Answer, LipNet  # noqa: E402
from models.lipsync.parity import run_onnx  # noqa: E402
from models.lipsync.stream_step import StreamStep  # noqa: E402
from models.lipsync.targets import CLOSURE, CONTACT, SPEECH  # noqa: E402
from models.lipsync.thresholds import Thresholds  # noqa: E402
from models.lipsync.utterance import RATE_HZ  # noqa: E402
from models.lipsync.visemes import CHANNELS, OVR, typical  # noqa: E402
from models.lipsync.weights import save  # noqa: E402
from visaged.curves import CURVES, INDEX  # noqa: E402

# Two threads that wait for each other on a busy machine are slower than one.
torch.set_num_threads(1)

AT = Thresholds([0.5, 0.45, 0.4], [0.4, 0.4, 0.4], [0.3, 0.3, 0.3], [0.3, 0.3, 0.3])


def sound(seconds: float = 0.6) -> np.ndarray:
    """Bursts of noise and tones: enough to move every state."""
    rng = np.random.default_rng(3)
    time = np.arange(int(seconds * 60) * FRAME) / RATE_HZ
    return (
        0.2 * np.sin(2 * np.pi * 300 * time) * (np.sin(12 * time) > 0) + 0.02 * rng.standard_normal(len(time))
    ).astype(np.float32)


@pytest.fixture(scope="module")
def net() -> LipNet:
    torch.manual_seed(0)
    return LipNet(32).eval()


@pytest.fixture(scope="module")
def package(net: LipNet, tmp_path_factory: pytest.TempPathFactory) -> export.Package:
    folder = tmp_path_factory.mktemp("package")
    weights = folder / "model.pt"
    save(weights, [net], AT)
    return export.export(weights, folder / "lipsync", "0.0.1", sound())


def decoded(logits: torch.Tensor) -> torch.Tensor:
    """Curves [frames, look-aheads, 61] of logits [frames, look-aheads, OUTPUTS], frame by frame."""
    decoder, shown, curves = Decoder(AT), torch.zeros(2, 3), []
    for frame in logits:
        row, _, shown = decoder(frame[None], shown)
        curves.append(row[0])
    return torch.stack(curves)


def test_mels_match_a_plain_computation() -> None:
    x = sound()
    front = FrontEnd()
    frame = x[4000:4600]
    power = np.abs(np.fft.rfft(frame * np.hamming(600) * 32768.0, 768)) ** 2
    bands = front.bands.numpy()
    expected = np.log(power[: len(bands)] @ bands + 100.0)
    got = front.spectra(torch.from_numpy(frame)[None]).numpy()[0]
    assert np.allclose(got, expected, atol=2e-3)


def test_level_does_not_matter_to_the_features_once_the_level_is_found() -> None:
    x = torch.from_numpy(sound(2.0))[None]
    loud, soft = FrontEnd()(x), FrontEnd()(x * 10 ** (-12 / 20))
    late = slice(60, None)
    assert (loud[0, late, :MELS] - soft[0, late, :MELS]).abs().mean() < 0.15


def test_the_stream_equals_the_whole_utterance(net: LipNet) -> None:
    x = sound()
    with torch.no_grad():
        features = FrontEnd()(torch.from_numpy(x)[None])
        logits = net(net.normal(features)).agreed()[0]
        curves = decoded(logits)
    streamed = export.run_torch(StreamStep(Ensemble([net]), AT).eval(), x)
    assert features.shape == (1, len(x) // FRAME, FEATURES)
    assert np.abs(streamed[:, :-1].reshape(curves.shape) - curves.numpy()).max() < 1e-5


def test_the_exported_graphs_equal_the_stream(package: export.Package) -> None:
    assert package.manifest.parity["fp32"] < 1e-4
    assert package.manifest.parity["int8"] < 0.05
    assert sum(p.stat().st_size for p in package.folder.iterdir()) < 8e6


def decode(**logits: float) -> dict[str, float]:
    """Curves at 40 ms for the given decisions; channels all at 0.3."""
    row = torch.full((1, 3, OUTPUTS), float(np.log(0.3 / 0.7)))
    for name, column in (("closure", CLOSURE), ("contact", CONTACT), ("speech", SPEECH)):
        row[:, :, column] = logits.get(name, -10.0)
    return dict(zip(CURVES, decoded(row)[0, 1].tolist(), strict=True))


def test_a_closure_shuts_the_lips_and_presses_them() -> None:
    shut = decode(closure=3.0, speech=5.0)
    assert shut["JawOpen"] - shut["MouthClose"] <= 0.02
    assert shut["MouthPressLeft"] >= 0.2
    apart = decode(closure=-3.0, speech=5.0)
    assert apart["JawOpen"] - apart["MouthClose"] > 0.05


def test_contact_rolls_the_lip_under_the_teeth_without_closing() -> None:
    touching = decode(contact=3.0, speech=5.0)
    assert touching["MouthRollLower"] >= 0.3
    assert touching["JawOpen"] - touching["MouthClose"] > 0.02


def test_without_speech_the_mouth_rests() -> None:
    assert max(decode(closure=3.0, contact=3.0, speech=-6.0).values()) == 0.0


def test_only_the_mouth_moves_and_the_sides_differ_a_little() -> None:
    shown = decode(speech=5.0)
    assert shown["EyeBlinkLeft"] == shown["HeadYaw"] == 0.0
    left, right = shown["MouthStretchLeft"], shown["MouthStretchRight"]
    assert 0 < abs(left - right) < 0.05


@pytest.mark.parametrize(
    "bad",
    [
        np.zeros(RATE_HZ, np.float32),
        np.ones(RATE_HZ, np.float32),
        np.sign(np.sin(np.arange(RATE_HZ) / 30)).astype(np.float32),
        np.random.default_rng(1).uniform(-1, 1, RATE_HZ).astype(np.float32),
        np.sin(2 * np.pi * 20 * np.arange(RATE_HZ) / RATE_HZ).astype(np.float32),
    ],
    ids=["silence", "direct voltage", "square wave", "white noise", "20 Hz hum"],
)
def test_the_graph_stays_bounded_on_bad_input(package: export.Package, bad: np.ndarray) -> None:
    answer = run_onnx(package.model_path("fp32"), bad)
    assert np.isfinite(answer).all()
    assert answer.min() >= 0.0
    assert answer.max() <= 1.05
    assert (answer[:, INDEX["JawOpen"]] - answer[:, INDEX["MouthClose"]]).min() >= -1e-6


def test_model_paths_are_files(package: export.Package) -> None:
    assert all(isinstance(package.model_path(p), Path) and package.model_path(p).is_file() for p in ("fp32", "int8"))


def test_closure_contact_and_roundness_are_what_both_heads_say() -> None:
    torch.manual_seed(2)
    answer = Answer(torch.randn(2, 5, 3, OUTPUTS), torch.randn(2, 5, 3, len(OVR)))
    agreed = answer.agreed()
    chance = torch.softmax(answer.visemes, dim=-1)
    for column, viseme, share in ((CLOSURE, "PP", 0.75), (CONTACT, "FF", 0.5)):
        own = chance[..., OVR.index(viseme)]
        wanted = (1 - share) * answer.curves[..., column] + share * torch.log(own / (1 - own))
        assert torch.allclose(agreed[..., column], wanted, atol=1e-5)
    looks = torch.from_numpy(typical())
    for name in ("MouthFunnel", "MouthPucker"):
        column = CHANNELS.index(name)
        wanted = 0.5 * torch.sigmoid(answer.curves[..., column]) + 0.5 * chance @ looks[:, column]
        assert torch.allclose(torch.sigmoid(agreed[..., column]), wanted, atol=1e-5)
    mixed = (CLOSURE, CONTACT, CHANNELS.index("MouthFunnel"), CHANNELS.index("MouthPucker"))
    others = [i for i in range(OUTPUTS) if i not in mixed]
    assert torch.equal(agreed[..., others], answer.curves[..., others])
