"""The web process: what the daemon hands over, a listening socket, and uvicorn, until the daemon hangs up."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import socket
import sys
from pathlib import Path
from typing import Any, Final

from visaged.config import Settings
from visaged.printable import printable
from visaged.realtime import die_with, go_background, name_process
from visaged.web.app import create_app
from visaged.web.channel import Channel
from visaged.web.context import WebContext, make_context
from visaged.web.listening import Listening
from visaged.web.server import BoundedServer

_ALIVE_S: Final = 2.0
# Above the daemon's: when memory runs out the kernel shall end this process, not the face.
_OOM_SCORE: Final = "500"


class ChannelHandler(logging.Handler):
    """What this process logs is a line in the daemon's log."""

    def __init__(self, channel: Channel) -> None:
        super().__init__(logging.INFO)
        self._channel = channel

    def emit(self, record: logging.LogRecord) -> None:
        """Hand it over, on one line and bounded."""
        text = printable(self.format(record).replace("\n", " | "), 4000)
        self._channel.send(log=[record.levelname.lower(), f"web: {text}"])


class WebRun:
    """One run of the process."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._context: WebContext | None = None
        self._server: BoundedServer | None = None
        self._ended = asyncio.Event()
        self._begun = asyncio.Event()

    async def run(self) -> None:
        """Serve until the daemon is gone or says so."""
        loop = asyncio.get_running_loop()
        loop.add_reader(self._channel.fileno(), self._read)
        beginning: asyncio.Task[Any] = asyncio.create_task(self._begun.wait())
        ending: asyncio.Task[Any] = asyncio.create_task(self._ended.wait())
        await asyncio.wait((beginning, ending), return_when=asyncio.FIRST_COMPLETED)
        tasks = [ending]
        if self._context is not None:
            tasks += [asyncio.create_task(self._serve(self._context)), asyncio.create_task(self._say_alive())]
        done, waiting = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        loop.remove_reader(self._channel.fileno())
        if self._server is not None:
            self._server.should_exit = True
        if self._context is not None:
            await self._context.close()
        for task in (beginning, *waiting):
            task.cancel()
        for task in done:
            task.result()

    async def _serve(self, context: WebContext) -> None:
        listening = Listening(context.settings.web, context.passwords, context.state_folder, self._channel)
        while True:
            opened = await listening.open()
            context.listening_on = opened
            self._channel.send(address=opened.url)
            self._server = BoundedServer(create_app(context), opened)
            context.connections = self._server.count
            await self._server.serve(sockets=[opened.socket])
            if self._ended.is_set():
                return

    async def _say_alive(self) -> None:
        while True:
            if self._context is not None:
                self._channel.send(alive=self._context.figures())
            await asyncio.sleep(_ALIVE_S)

    def _read(self) -> None:
        while True:
            try:
                received = self._channel.receive()
            except BlockingIOError:
                return
            if received is None:
                self._ended.set()
                return
            self._take(*received)

    def _take(self, message: dict[str, Any], descriptors: tuple[int, ...]) -> None:
        try:
            if "settings" in message:
                settings = Settings.model_validate(message["settings"])
                roots = tuple(Path(root) for root in message["roots"])
                if self._context is None:
                    self._context = make_context(settings, roots)
                    self._begun.set()
                else:
                    self._context.use(settings)
                if descriptors:
                    self._context.feed.use(descriptors[0])
        finally:
            for descriptor in descriptors:
                os.close(descriptor)


def main() -> None:
    """The process. Arguments: the channel's descriptor, the daemon's pid."""
    descriptor, parent = int(sys.argv[1]), int(sys.argv[2])
    # Ctrl-C and systemd reach every process of the service; the daemon says when it is time.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    die_with(parent)
    name_process(b"visaged-web")
    go_background()
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(_OOM_SCORE, encoding="ascii")
    channel = Channel(socket.socket(fileno=descriptor))
    logging.basicConfig(level=logging.WARNING, handlers=[ChannelHandler(channel)], force=True)
    asyncio.run(_run(channel))


async def _run(channel: Channel) -> None:
    await WebRun(channel).run()
