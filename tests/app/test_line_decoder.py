from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.capsules.making import capsule, files
from tests.patience import wait_until
from visaged.app.capsules import start_capsules
from visaged.app.line_decoder import PROBLEM, LineDecoder
from visaged.audio.line_voice import LineVoice
from visaged.capsules.file.pack import write_pack
from visaged.capsules.playing.side_effects import Notice
from visaged.clock import now_ns
from visaged.config import Settings
from visaged.inference.package import Package
from visaged.problems import Problems

TOKENS = np.arange(80, dtype=np.uint16).reshape(10, 8)


def decoder(root: Path, problems: Problems) -> LineDecoder:
    return LineDecoder(lambda: Settings.model_validate({}), [root], problems)


def test_tokens_become_a_voice_the_same_every_time(mimi_root: Path) -> None:
    problems = Problems()
    says = decoder(mimi_root, problems)
    pcm = says(TOKENS)
    assert pcm is not None
    assert (pcm.dtype, pcm.shape) == (np.int16, (19_200,))
    assert pcm.any()
    again = says(TOKENS)
    assert again is not None
    np.testing.assert_array_equal(again, pcm)
    assert not problems.current()


def test_a_line_may_have_fewer_codebooks_than_the_package(mimi_root: Path) -> None:
    pcm = decoder(mimi_root, Problems())(TOKENS[:, :3])
    assert pcm is not None
    assert pcm.any()


def test_without_a_codec_the_line_is_silent_and_a_problem_says_why(tmp_path: Path) -> None:
    problems = Problems()
    assert decoder(tmp_path, problems)(TOKENS) is None
    (problem,) = problems.current()
    assert problem.code == PROBLEM
    assert "mimi-decoder" in problem.message


@pytest.mark.parametrize("codec", [True, False])
def test_a_line_of_tokens_is_decoded_when_it_is_cached(
    mimi_packages: tuple[Package, ...], tmp_path: Path, codec: bool
) -> None:
    root = mimi_packages[0].folder.parent if codec else tmp_path / "none"
    began_ns = now_ns()
    # To this voice no time passes: a line that it was given plays on.
    problems, voice, told = Problems(), LineVoice(lambda: began_ns), list[Notice]()
    library = tmp_path / "library"
    library.mkdir()
    settings = Settings.model_validate({"capsules": {"library": library, "pinned": [], "device": "host"}}).capsules
    capsules = start_capsules(settings, voice, told.append, problems, decoder(root, problems))
    try:
        pack = tmp_path / "lines.pack"
        pack.write_bytes(write_pack("lines", "1.0", files(capsule("VL_TOKENS", frames=48, tokens=TOKENS)))[0])
        capsules.install_pack(pack, unsigned=True)
        capsules.prefetch(["VL_TOKENS"])
        wait_until(lambda: capsules.statistics()["cached"] and (codec or problems.current()), "the line to be cached")
        capsules.play("VL_TOKENS")

        def played() -> bool:
            # The player hands the voice out when the animator asks for poses.
            capsules.layer.apply(np.zeros(61, np.float32), now_ns())
            over = any((notice["kind"], notice["cid"]) == ("capsule_end", "VL_TOKENS") for notice in told)
            return voice.playing if codec else over

        wait_until(played, "the line to be heard" if codec else "the line to be over")
        assert voice.playing is codec
    finally:
        capsules.stop()
