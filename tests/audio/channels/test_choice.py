"""What ``audio.input.channel`` means for a sound with so many channels."""

from __future__ import annotations

import numpy as np
import pytest

from visaged.audio.channels.choice import needed_channels, used_channels
from visaged.audio.convert import MonoConverter
from visaged.audio.errors import ChannelMissing


@pytest.mark.parametrize(
    ("channel", "used", "needed"), [("mix", None, 1), (1, [0], 1), (6, [5], 6), ([2, 5], [1, 4], 5), ([3], [2], 3)]
)
def test_channels_are_counted_from_one(channel: object, used: list[int] | None, needed: int) -> None:
    assert used_channels(channel, 6, "'x'") == used
    assert needed_channels(channel) == needed


@pytest.mark.parametrize(("channel", "channels", "to"), [(3, 2, "1 to 2"), ([1, 2], 1, "to 1")])
def test_a_channel_that_is_not_there_is_named(channel: object, channels: int, to: str) -> None:
    with pytest.raises(ChannelMissing, match=r"'x' has .* channel") as raised:
        used_channels(channel, channels, "'x'")
    assert to in raised.value.remedy


def test_the_channels_that_are_used_are_averaged_and_the_others_do_not_matter() -> None:
    """Not even where they are no numbers, or in antiphase."""
    frames = np.stack([np.full(9600, value, np.float32) for value in (0.5, -0.5, 0.2, 0.4)], axis=1)
    frames[:, 1] = np.nan
    converter = MonoConverter(48_000, 4, 9600, 0.0, live=True, used=[2, 3])
    np.testing.assert_allclose(converter.convert(frames), 0.3, atol=1e-6)
    assert converter.bad_samples == 0
    assert not converter.channels.cancel
