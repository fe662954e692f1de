"""Which channels of a sound are the voice: what the setting ``audio.input.channel`` means for a sound that is there."""

from __future__ import annotations

from visaged.audio.errors import ChannelMissing
from visaged.config.sound import Channel


def used_channels(channel: Channel, channels: int, name: str) -> list[int] | None:
    """The channels to average, counted from 0; None: all of them.

    ``name``: what to call the sound, which has ``channels``. Raises ChannelMissing.
    """
    if channel == "mix":
        return None
    wanted = channel if isinstance(channel, list) else [channel]
    if max(wanted) > channels:
        last = f"1 to {channels}" if channels > 1 else "1"
        raise ChannelMissing(
            f"{name} has {channels} channel{'s' if channels > 1 else ''}, and audio.input.channel = {channel} "
            "asks for another",
            f"Set audio.input.channel to 'mix' or to {last}. Of a sound card, name the card itself (hw:…): "
            "default and plughw: show only what they convert to.",
        )
    return [number - 1 for number in wanted]


def needed_channels(channel: Channel) -> int:
    """How many channels a device is asked for, so that those that are wanted are among them."""
    if channel == "mix":
        return 1
    return max(channel) if isinstance(channel, list) else channel
