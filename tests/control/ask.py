"""Ask a dispatcher as a transport would, and wait for the answer."""

from __future__ import annotations

import json
import queue
from typing import Any

from tests.patience import PATIENCE_S
from visaged.control.dispatcher import Dispatcher, Incoming


def ask(
    dispatcher: Dispatcher,
    command: str,
    payload: bytes | dict[str, Any] = b"{}",
    *,
    origin: str = "test",
    retained: bool = False,
    deadline_ns: int | None = None,
) -> dict[str, Any]:
    """The answer to one request; fails without one."""
    answers: queue.Queue[bytes] = queue.Queue()
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    dispatcher.submit(Incoming(command, body, origin, answers.put, retained, deadline_ns))
    answer: dict[str, Any] = json.loads(answers.get(timeout=PATIENCE_S))
    return answer
