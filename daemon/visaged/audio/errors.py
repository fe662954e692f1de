"""What can be wrong with a sound device or sound file: one sentence of what, one of what to do."""

from __future__ import annotations


class AudioError(Exception):
    """Sound cannot be had from, or given to, a device or file. ``remedy`` is a sentence for an installer."""

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(message)
        self.remedy = remedy


class DeviceMissing(AudioError):
    """There is no such device (yet)."""


class DeviceBusy(AudioError):
    """The device is there, but another program holds it."""


class DeviceUnusable(AudioError):
    """The device is there, but cannot be used: rights, or a format that is not understood."""


class DeviceLost(AudioError):
    """The device was open and is gone, or has stopped delivering."""


class OpenAnew(AudioError):
    """Nothing new is wrong: the device is to be closed, chosen and opened again at once."""

    def __init__(self, why: str) -> None:
        super().__init__(why, "")


class FileUnusable(AudioError):
    """The sound file cannot be read, is empty, or has a form that is not understood."""


class ChannelMissing(AudioError):
    """The device or file has fewer channels than the settings ask for."""
