"""``visaged render --compat`` gives what the original makes of a file: the torch module in the original's pipeline."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr

torch = pytest.importorskip("torch", reason="torch is a build-time dependency: pip install 'visaged[build]'")

from models.neurosync import module, reference  # noqa: E402
from models.neurosync.packaging import write_random  # noqa: E402
from models.neurosync.shape import POSITION_ENCODINGS, PositionEncoding  # noqa: E402
from models.neurosync.twin import NARROW, random_weights  # noqa: E402
from visaged.audio.file_reader import read_all  # noqa: E402
from visaged.clock import RATE_HZ  # noqa: E402
from visaged.config import Settings  # noqa: E402
from visaged.face.neurosync.features.clip import features, normalise  # noqa: E402
from visaged.face.neurosync.features.mel import RATE_HZ as FEATURE_HZ  # noqa: E402
from visaged.render.original_neurosync import render_compat  # noqa: E402
from visaged.samples import speech_path  # noqa: E402

torch.set_num_threads(1)


@pytest.mark.parametrize("position", POSITION_ENCODINGS)
def test_a_file_is_rendered_as_the_original_would(tmp_path: Path, position: PositionEncoding) -> None:
    write_random(tmp_path / "models" / "neurosync", position=position)
    sound = np.asarray(soxr.resample(read_all(speech_path())[: 4 * RATE_HZ], RATE_HZ, FEATURE_HZ), np.float32)
    soundfile.write(tmp_path / "a.wav", sound, FEATURE_HZ, subtype="FLOAT")
    net = module.build(random_weights(NARROW), NARROW, position)
    heard = features(normalise(sound))
    expected = reference.render(lambda window: module.run(net, window[None])[0], heard)
    rendered = render_compat(tmp_path / "a.wav", Settings(), [tmp_path / "models"]).curves
    assert expected[:, :61].std() > 0.02
    np.testing.assert_allclose(rendered, expected[:, :61], atol=1e-3)
