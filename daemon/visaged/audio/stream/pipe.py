"""Standard input or a FIFO as a sound source: one writer after the other, whatever each of them does."""

from __future__ import annotations

import logging
import threading
from collections import deque
from pathlib import Path
from typing import Final

from visaged.audio.channels.watch import ChannelWatch
from visaged.audio.decoders.byte_source import ByteSource
from visaged.audio.decoders.input_file import is_stdin, name_of
from visaged.audio.decoders.pipe import Pipe, make_fifo, open_pipe
from visaged.audio.errors import AudioError, FileUnusable
from visaged.audio.stream.backlog import Backlog
from visaged.audio.stream.choose import open_sounds
from visaged.audio.stream.mono import REMEDY
from visaged.audio.stream.paced import PacedSource
from visaged.audio.stream.raw import RawForm
from visaged.audio.stream.sounds import SoundStream
from visaged.config.sound import Channel, InputSettings
from visaged.instance import network_voice

log = logging.getLogger(__name__)

_STEP_S: Final = 0.1
# Long enough for a writer that was refused to be told so by the system, before its FIFO is open again.
_REFUSED_S: Final = 0.25
_JOIN_S: Final = 0.4


def pipe_source(settings: InputSettings, *, make: bool = False) -> PacedSource:
    """What other programs write to ``settings.path``. ``make``: a FIFO that is not there is made."""
    path = settings.path or "-"
    raw = RawForm(settings.raw_format, settings.rate_hz, settings.raw_channels) if settings.raw_format else None

    def feed(backlog: Backlog) -> PipeFeeder:
        if make:
            make_fifo(path)
        return PipeFeeder(path, backlog, raw=raw, channel=settings.channel)

    name = "stdin" if is_stdin(path) else Path(path).name
    return PacedSource(f"pipe:{name}", settings.block_ms, feed)


def network_source(settings: InputSettings) -> PacedSource:
    """What the page's process writes of WS /stream/voice: WAV streams, one after the other, to a FIFO of our own."""
    path = network_voice()

    def feed(backlog: Backlog) -> PipeFeeder:
        try:
            path.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
        except OSError as error:
            raise FileUnusable(f"{path.parent} cannot be made: {error.strerror}", REMEDY) from None
        make_fifo(path)
        return PipeFeeder(path, backlog, channel=settings.channel)

    return PacedSource("network", settings.block_ms, feed)


class PipeFeeder:
    """A ``Feeder`` (paced.py): the thread that reads and decodes."""

    def __init__(
        self, path: Path | str, backlog: Backlog, *, raw: RawForm | None = None, channel: Channel = "mix"
    ) -> None:
        """Starts. Raises FileUnusable: there is no pipe, or it may not be read."""
        self._path, self._name = path, name_of(path)
        self.described = f"pipe, {self._name}"
        self.fault: AudioError | None = None
        self._backlog, self._raw, self._channel = backlog, raw, channel
        self._stream: SoundStream | None = None
        self._told: deque[str] = deque()
        self._said: set[str] = set()
        self._pipe = self._open()
        self.thread = threading.Thread(target=self._feed, name="visaged-pipe", daemon=True)
        self.thread.start()

    @property
    def channels(self) -> ChannelWatch | None:
        """See Feeder."""
        return None if self._stream is None else self._stream.channels

    def told(self) -> list[str]:
        """See Feeder."""
        return [self._told.popleft() for _ in range(len(self._told))]

    def stop(self) -> None:
        """See Feeder."""
        self._pipe.stopping.set()
        self.thread.join(_JOIN_S)

    def _open_sounds(self, pipe: Pipe) -> SoundStream:
        source = ByteSource(pipe.read, abandon=pipe.abandon)
        return open_sounds(source, self._name, raw=self._raw, channel=self._channel)

    def _open(self) -> Pipe:
        return open_pipe(self._path, on_idle=self._say_idle)

    def _feed(self) -> None:
        """One writer after the other; standard input has an end, a FIFO waits for the next."""
        try:
            while (not self._pipe.is_fifo or self._pipe.wait_for_writer()) and self._play_writer():
                pass
        except FileUnusable as error:
            self.fault = error
        finally:
            self._pipe.close()

    def _play_writer(self) -> bool:
        """Until it ends; whether another may come. Raises FileUnusable: the pipe is gone."""
        pipe = self._pipe
        try:
            self._stream = self._open_sounds(pipe)
            for sound in self._stream.sounds():
                while not self._backlog.wait_for_room(_STEP_S):
                    pipe.look()
                self.fault = None
                self._backlog.put(sound)
                self._tell(self._stream.notices)
        except AudioError as error:
            self._refuse(error)
        except OSError as error:
            self._refuse(FileUnusable(f"{self._name} cannot be read: {error.strerror}", REMEDY))
        except Exception as error:
            # What strangers write reaches the decoders of others: nothing of it may end the source.
            log.exception("%s", self._name)
            self._refuse(FileUnusable(f"{self._name} cannot be played: {type(error).__name__}", REMEDY))
        else:
            self._backlog.end()
            while not pipe.is_fifo and self._backlog.held and not pipe.stopping.wait(_STEP_S):
                pass  # what is left is played, and only then there is silence
            then = "what is written to it next is played" if pipe.is_fifo else "silence from here on"
            self._tell([*self._stream.notices, f"{self._name} has ended: {then}"])
        self._backlog.end()
        return pipe.is_fifo

    def _refuse(self, fault: AudioError) -> None:
        """Let nobody go on writing what is not played. What is standard input cannot be closed: it is left unread.

        Raises FileUnusable: the pipe is gone.
        """
        old = self._pipe
        if old.stopping.is_set():
            return
        self.fault = fault
        if not old.is_fifo:
            return
        old.close()
        old.stopping.wait(_REFUSED_S)
        new = self._open()
        new.stopping = old.stopping
        self._pipe = new

    def _say_idle(self) -> None:
        self._tell([f"{self._name}: its writer has sent nothing for 10 s; silence until it does"])

    def _tell(self, notices: list[str]) -> None:
        for notice in notices:
            if notice not in self._said:
                self._said.add(notice)
                self._told.append(notice)
