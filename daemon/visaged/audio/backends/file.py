"""A sound file as if it were a microphone: paced in real time on the absolute clock."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np

from visaged.audio.file_reader import FileReader
from visaged.audio.source import Block, SourceFormat
from visaged.clock import NS_PER_S, RATE_HZ, now_ns, sleep_until

# As much as a sound card would have buffered; what was not fetched by then is lost, as it would be there.
_BUFFERED_NS: Final = NS_PER_S // 5


class FileSource:
    """Plays a file into the capture thread. After the end, without ``loop``, silence goes on."""

    def __init__(self, path: Path | str, block_ms: int, *, loop: bool) -> None:
        self.name = f"file:{Path(path).name}"
        self.xruns = 0
        self.notices: list[str] = []
        self._path = path
        self._loop = loop
        self._block_frames = RATE_HZ * block_ms // 1000
        self._reader: FileReader | None = None

    def open(self) -> SourceFormat:
        """Start at the beginning of the file, now. Raises FileUnusable."""
        self._reader = FileReader(self._path, loop=self._loop)
        self._frames = np.zeros((self._block_frames, 1), np.float32)
        self._truncated_said = self._bad_said = self._ended = False
        self._epoch_ns = now_ns()
        self._delivered = 0
        return SourceFormat(RATE_HZ, 1, self._block_frames, f"file {self._reader.description}", hears_room=False)

    def read(self) -> Block | None:
        """The next block, when its last sample is due."""
        assert self._reader is not None, "read before open"
        self._delivered += self._block_frames
        due_ns = self._epoch_ns + self._delivered * NS_PER_S // RATE_HZ
        late_ns = now_ns() - due_ns
        if late_ns > _BUFFERED_NS:
            self.xruns += 1
            self._epoch_ns += late_ns
            due_ns += late_ns
        sleep_until(due_ns)
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
        if self._reader.truncated and not self._truncated_said:
            self._truncated_said = True
            self.notices.append(f"{self._path} is cut short: there is less in it than its header says")
        if self._reader.bad_samples and not self._bad_said:
            self._bad_said = True
            self.notices.append(f"{self._path} has samples that are not numbers: they are played as silence")
        if ended and not self._ended:
            self._ended = True
            self.notices.append(f"{self._path} has ended: silence from here on")
