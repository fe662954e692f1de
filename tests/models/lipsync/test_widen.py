"""A wider network answers as the one that it was made from."""

import pytest

torch = pytest.importorskip("torch", reason="torch is a build-time dependency: pip install 'visaged[build]'")
pytest.importorskip("pocketsphinx", reason="the front end's tables are in the pocketsphinx package (extra: build)")

from models.lipsync.frontend import FEATURES  # noqa: E402
from models.lipsync.model import LipNet  # noqa: E402
from models.lipsync.widen import widen  # noqa: E402

torch.set_num_threads(1)


@pytest.mark.parametrize("hidden", [8, 11, 16, 21])
def test_the_wider_one_answers_alike(hidden: int) -> None:
    torch.manual_seed(3)
    net = LipNet(8).eval()
    wider = widen(net, hidden).eval()
    features = torch.randn(2, 30, FEATURES)
    for own, others in zip(net(features), wider(features), strict=True):
        torch.testing.assert_close(own, others, rtol=1e-4, atol=1e-5)
    assert wider.hidden == hidden


def test_copies_part_in_training() -> None:
    torch.manual_seed(3)
    wider = widen(LipNet(8), 16)
    wider(torch.randn(4, 30, FEATURES)).curves.square().mean().backward()
    gradient = wider.enter.weight.grad
    assert gradient is not None
    assert not torch.allclose(gradient[:8], gradient[8:])


def test_it_does_not_become_narrower() -> None:
    with pytest.raises(ValueError, match="hidden 4: the weights have 8"):
        widen(LipNet(8), 4)
