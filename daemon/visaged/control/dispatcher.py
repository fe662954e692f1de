"""The dispatcher: takes requests from the transports, carries them out on its own threads, answers every one.

Threads: transports call ``submit`` and are never held up. Quick commands run on the control thread, slow ones on the
worker. Replies are called on those two (or on the caller's, when the queue is full) and must not wait.
"""

from __future__ import annotations

import hashlib
import logging
import queue
import threading
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import partial
from typing import Final

from visaged.clock import now_ns
from visaged.control.local.rate import RateLimit
from visaged.control.protocol.commands import COMMANDS
from visaged.control.protocol.envelope import AnyCommand, Data, ErrorBody, Request, Response, SlowCommand
from visaged.control.protocol.events import Events
from visaged.control.protocol.parse import find_transaction, parse_request
from visaged.control.protocol.refusal import Refusal
from visaged.control.registry import Progress, Registry
from visaged.control.transactions import Key, Reply, Transactions
from visaged.control.worker import MAX_WAITING, CommandWorker, SlowJob
from visaged.guard import guarded
from visaged.metrics import Metrics
from visaged.problems import Problems
from visaged.realtime import go_realtime

log = logging.getLogger(__name__)

# Two seconds' worth at the full rate; what does not fit is answered at once.
_MAX_QUEUED: Final = 256
# How long a clean stop waits for the command that runs.
_STOP_S: Final = 2.0


@dataclass(frozen=True)
class Incoming:
    """One request as a transport hands it in."""

    command: str
    payload: bytes
    origin: str
    """Whose rate it counts against: ``mqtt``, ``local-3``."""
    reply: Reply
    """Called once with the answer (JSON, UTF-8)."""
    retained: bool = False
    deadline_ns: int | None = None
    """Monotonic time after which it is refused (MQTT message expiry); None: never."""
    progress: Progress | None = None
    """Told, on the worker, how far a slow command is; must not wait."""


@dataclass(frozen=True)
class _Task:
    command: AnyCommand
    request: Request
    key: Key | None
    reply: Reply
    progress: Progress | None


class Dispatcher:
    """Commands by name, their handlers, and the two threads that run them."""

    def __init__(
        self,
        device_id: str,
        metrics: Metrics,
        events: Events,
        rate: RateLimit | None = None,
        *,
        problems: Problems | None = None,
        realtime_priority: int = 0,
    ) -> None:
        """``realtime_priority``: SCHED_FIFO of the control thread (not of the worker); 0: none."""
        self._device_id = device_id
        self._priority = realtime_priority
        self._events = events
        self._problems = problems or Problems()
        self.registry = Registry()
        """Who carries out what; filled before ``start``."""
        self._queue: queue.Queue[Incoming | None] = queue.Queue(_MAX_QUEUED)
        self._worker = CommandWorker(self._problems)
        self._rate = rate or RateLimit()
        self._transactions = Transactions()
        self._thread: threading.Thread | None = None
        self._count = metrics.counter("control.commands")
        self._refused = metrics.counter("control.refused")
        self._busy = metrics.counter("control.busy")
        self._time = metrics.histogram("control.command")

    def start(self) -> None:
        """Start the control thread and the worker."""
        self._thread = guarded(self._run, "control", self._problems)
        self._thread.start()
        self._worker.start()

    def stop(self) -> None:
        """Carry out what is queued, then stop; a slow command that runs is given two seconds."""
        with suppress(queue.Full):
            self._queue.put(None, timeout=_STOP_S)
        if self._thread is not None:
            self._thread.join(_STOP_S)
            self._thread = None
            self._worker.stop()

    def submit(self, incoming: Incoming) -> None:
        """Queue a request (any thread); it is answered at once when the queue is full."""
        try:
            self._queue.put_nowait(incoming)
        except queue.Full:
            self._refuse(incoming, Refusal("busy", f"{_MAX_QUEUED} commands are waiting; send again in a second"))

    def _run(self) -> None:
        go_realtime(self._priority)
        while (incoming := self._queue.get()) is not None:
            started_ns = now_ns()
            try:
                self._take(incoming)
            except Refusal as refusal:
                self._refuse(incoming, refusal)
            self._time.record_ns(now_ns() - started_ns)

    def _take(self, incoming: Incoming) -> None:
        """Check one request and carry it out, or hand it to the worker. Raises Refusal."""
        self._count.add()
        if not self._rate.allows(incoming.origin, now_ns()):
            raise Refusal("busy", f"more than {self._rate.per_s} commands per second; send again in a second")
        if incoming.retained:
            raise Refusal("retained", "requests must not be retained: publish without the retain flag")
        if incoming.deadline_ns is not None and now_ns() > incoming.deadline_ns:
            raise Refusal("expired", "the request came later than its message expiry interval allows")
        command = COMMANDS.get(incoming.command)
        if command is None:
            raise Refusal(
                "unknown_command", f"'{incoming.command[:64]}' is not a command; there are {', '.join(COMMANDS)}"
            )
        request = parse_request(command, incoming.payload)
        if request.expires_at is not None and datetime.now(timezone.utc) > request.expires_at:
            raise Refusal("expired", f"the request was good until {request.expires_at.isoformat()}", "expires_at")
        if not self.registry.serves(command):
            raise Refusal("unavailable", f"{command.name} is not available on this box as it is set up")
        key = None if request.transaction is None else (command.name, request.transaction)
        if key is not None and self._known(key, incoming):
            return
        task = _Task(command, request, key, incoming.reply, incoming.progress)
        if not isinstance(command, SlowCommand):
            self._carry_out(task)
            return
        job = SlowJob(command.name, partial(self._carry_out, task), command.patience_s)
        if not self._worker.offer(job):
            if key is not None:
                self._transactions.forget(key)
            raise Refusal("busy", f"{MAX_WAITING} long commands are waiting; send again later")

    def _known(self, key: Key, incoming: Incoming) -> bool:
        """Whether the request came before and is dealt with. Raises Refusal."""
        digest = hashlib.blake2b(incoming.payload, digest_size=16).digest()
        known = self._transactions.begin(key, digest, incoming.reply, now_ns())
        if known is False:
            raise Refusal("transaction_reused", "this transaction was used within 60 s; take a new one", "transaction")
        if isinstance(known, bytes):
            incoming.reply(known)
        return known is not None

    def _carry_out(self, task: _Task) -> None:
        """Run the handler and answer (control thread or worker)."""
        transaction, name = task.request.transaction, task.command.name
        refusal: Refusal | None = None
        data: Data | None = None
        try:
            data = self.registry.call(task.command, task.request, self._progress(task))
        except Refusal as error:
            refusal = error
        except Exception:
            # The one place that catches everything: a defect in one handler must neither leave its asker without an
            # answer nor silence the box for all others.
            log.exception("command %s failed", name)
            refusal = Refusal("internal", f"{name} failed because of a defect; the log of the box has the details")
        if refusal is not None:
            self._refused.add()
        answer = self.encode(name, transaction, data, refusal)
        waiting = self._transactions.finish(task.key, answer) if task.key is not None else []
        for reply in (task.reply, *waiting):
            reply(answer)

    def _progress(self, task: _Task) -> Progress:
        command, transaction = task.command.name, task.request.transaction

        def tell(doing: str, percent: float | None) -> None:
            self._events.tell("progress", command=command, transaction=transaction, doing=doing, percent=percent)
            if task.progress is not None:
                task.progress(doing, percent)

        return tell

    def _refuse(self, incoming: Incoming, refusal: Refusal) -> None:
        if refusal.code == "busy":
            self._busy.add()
        self._refused.add()
        incoming.reply(self.encode(incoming.command, find_transaction(incoming.payload), None, refusal))

    def encode(self, command: str, transaction: str | None, data: Data | None, refusal: Refusal | None) -> bytes:
        """One answer as JSON."""
        error = None
        if refusal is not None:
            error = ErrorBody(code=refusal.code, message=refusal.message, field=refusal.field)
        response = Response[Data](
            transaction=transaction,
            command=command[:64],
            device=self._device_id,
            status="error" if error else "ok",
            data=data,
            error=error,
        )
        return response.model_dump_json().encode()
