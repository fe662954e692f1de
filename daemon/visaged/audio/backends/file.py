"""A sound file as if it were a microphone: paced in real time on the absolute clock."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from visaged.audio.backends.pacing import Pacing
from visaged.audio.channels.watch import ChannelWatch
from visaged.audio.file_reader import FileReader
from visaged.audio.source import Block, SourceFormat
from visaged.clock import RATE_HZ
from visaged.config.sound import Channel


class FileSource:
    """Plays a file into the capture thread. After the end, without ``loop``, silence goes on."""

    def __init__(self, path: Path | str, block_ms: int, *, loop: bool, channel: Channel = "mix") -> None:
        self.name = f"file:{Path(path).name}"
        self.notices: list[str] = []
        self.fault = None
        self._path = path
        self._loop = loop
        self._channel = channel
        self._block_frames = RATE_HZ * block_ms // 1000
        self._pacing = Pacing(self._block_frames)
        self._reader: FileReader | None = None

    @property
    def xruns(self) -> int:
        """Blocks that were not fetched in time."""
        return self._pacing.xruns

    @property
    def channels(self) -> ChannelWatch | None:
        """How loud each channel of the file is."""
        return None if self._reader is None else self._reader.channels

    def open(self) -> SourceFormat:
        """Start at the beginning of the file, now. Raises FileUnusable, ChannelMissing."""
        self._reader = FileReader(self._path, loop=self._loop, channel=self._channel)
        self._frames = np.zeros((self._block_frames, 1), np.float32)
        self._said: set[str] = set()
        self._ended = False
        self._pacing.start()
        described = f"file {self._reader.description}"
        return SourceFormat(RATE_HZ, 1, self._block_frames, described, hears_room=False, mixed=True)

    def read(self) -> Block | None:
        """The next block, when its last sample is due."""
        assert self._reader is not None, "read before open"
        due_ns = self._pacing.wait()
        count = self._reader.read(self._frames[:, 0])
        self._frames[count:] = 0
        self._tell(ended=count < self._block_frames)
        return Block(self._frames, due_ns)

    def close(self) -> None:
        """Close the file."""
        if self._reader is not None:
            self._reader.close()
            self._reader = None

    def _tell(self, *, ended: bool) -> None:
        """Say once what is odd about the file."""
        assert self._reader is not None
        for notice in self._reader.notices:
            if notice not in self._said:
                self._said.add(notice)
                self.notices.append(notice)
        if ended and not self._ended:
            self._ended = True
            self.notices.append(f"{self._path} has ended: silence from here on")
