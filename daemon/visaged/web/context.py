"""What the calls of the API work with: plain data, made once for a process."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from visaged.config import Settings
from visaged.instance import suffixed
from visaged.system.last_end import state_folder
from visaged.web.auth.password import Passwords
from visaged.web.counts import Counts
from visaged.web.gateway import Gateway
from visaged.web.listening import Opened
from visaged.web.live.feed import FaceFeed
from visaged.web.live.voice import VoiceDoor
from visaged.web.solving.answers import AnswerCache
from visaged.web.solving.pool import SolvingPool
from visaged.web.uploads import Uploads

_STATE_NAME: Final = "web"


@dataclass
class WebContext:
    """One process's. ``use`` lays new settings over."""

    settings: Settings
    roots: tuple[Path, ...]
    """Where model packages are looked for."""
    state_folder: Path | None
    """Where passwords, tokens and the certificate are kept; None: nothing is (no service)."""
    gateway: Gateway
    feed: FaceFeed
    uploads: Uploads
    pool: SolvingPool
    answers: AnswerCache
    passwords: Passwords
    voice: VoiceDoor = field(default_factory=VoiceDoor)
    counts: Counts = field(default_factory=Counts)
    solving: dict[str, asyncio.Future[bytes]] = field(default_factory=dict)
    """Answers that are being made, by their key: the same sound twice at once is solved once."""
    listening_on: Opened | None = None
    connections: Callable[[], int] = lambda: 0

    def use(self, settings: Settings) -> None:
        """New settings; those of [web] come with a new process."""
        self.settings = settings

    def figures(self) -> dict[str, Any]:
        """For health's section ``web``."""
        return {
            "connections": self.connections(),
            "viewers": self.feed.viewers,
            "requests": self.counts.requests,
            "solving": self.pool.running + self.pool.waiting,
        }

    async def close(self) -> None:
        """End the workers, remove what was uploaded."""
        await self.pool.close()
        self.gateway.close()
        self.feed.close()
        self.uploads.close()


def web_state_folder() -> Path | None:
    """Ours in the state folder of the service; as no service, in that of the user."""
    state = state_folder()
    if state is None:
        home = os.environ.get("XDG_STATE_HOME") or os.environ.get("HOME")
        if not home or not Path(home).is_absolute():
            return None
        own = Path(home) if os.environ.get("XDG_STATE_HOME") else Path(home) / ".local" / "state"
        state = own / suffixed("visaged")
    return state / _STATE_NAME


def make_context(settings: Settings, roots: tuple[Path, ...]) -> WebContext:
    """Everything, nothing of it started."""
    cache = os.environ.get("CACHE_DIRECTORY", "").partition(":")[0]
    state = web_state_folder()
    uploads = Uploads(Path(cache) if cache else Path(tempfile.gettempdir()))
    return WebContext(
        settings=settings,
        roots=roots,
        state_folder=state,
        gateway=Gateway(),
        feed=FaceFeed(),
        uploads=uploads,
        pool=SolvingPool(roots),
        answers=AnswerCache(),
        passwords=Passwords(settings.web.password_file, state),
    )
