"""NeuroSync's own process: the model and its threads, out of the way of everything that moves the face.

In the daemon's process the model's threads took cores from whoever held the interpreter lock, and poses came late. Here
they share nothing with it but a window's memory and a socket. Started and looked after by neurosync_worker.py.
"""

from __future__ import annotations

import gc
import signal
import socket
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from visaged.realtime import die_with, go_background, name_process

if TYPE_CHECKING:
    from visaged.face.neurosync.link import OpenRequest, Running
    from visaged.face.neurosync.model import WindowModel

# Less than this of one core while one thread was timed: others had it, and thread counts cannot be compared.
_UNDISTURBED: Final = 0.9


def main() -> None:
    """Arguments: the socket's and the memory's descriptor, the daemon's pid, a request (neurosync_link.py)."""
    # Ctrl-C and systemd reach the whole group; the daemon ends this process when the face has come to rest.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    connection, memory, parent = (int(argument) for argument in sys.argv[1:4])
    name_process(b"visaged-neuro")
    die_with(parent)
    # Before the session makes its threads, which inherit it.
    go_background()
    with socket.socket(fileno=connection) as link:
        serve(link, memory, sys.argv[4])


def serve(link: socket.socket, memory: int, text: str) -> None:
    """Open the model, say how that went, then solve a window per message until the daemon hangs up."""
    # After the signals: a tenth of a second of imports.
    from visaged.clock import NS_PER_MS, now_ns  # noqa: PLC0415
    from visaged.face.neurosync.link import (  # noqa: PLC0415
        WINDOW_AT,
        decode_request,
        encode_answer,
        encode_opening,
        map_job,
    )
    from visaged.inference.errors import PackageError, SessionError  # noqa: PLC0415

    try:
        model, running = open_model(decode_request(text))
    except (PackageError, SessionError) as error:
        link.send(encode_opening(error))
        return
    job = map_job(memory)
    gc.freeze()
    link.send(encode_opening(running))
    while message := link.recv(WINDOW_AT.size):
        (offered_ns,) = WINDOW_AT.unpack(message)
        model.solve(job)
        link.send(encode_answer((now_ns() - offered_ns) / NS_PER_MS, job.error))


def open_model(request: OpenRequest) -> tuple[WindowModel, Running]:
    """Verify the package here, in the process that loads it, and open it. Raises PackageError, SessionError."""
    from visaged.face.neurosync.link import Running  # noqa: PLC0415
    from visaged.face.neurosync.model import Patient, WindowModel  # noqa: PLC0415
    from visaged.face.neurosync.threads import choose, most_threads  # noqa: PLC0415
    from visaged.face.neurosync.window import measured_ms  # noqa: PLC0415
    from visaged.inference.errors import PackageError  # noqa: PLC0415
    from visaged.inference.package import load_package, model_hash  # noqa: PLC0415
    from visaged.inference.providers import CPU  # noqa: PLC0415

    package = load_package(Path(request.folder))
    if model_hash(package.manifest) != request.model:
        raise PackageError(package.folder, "model.json", "is not what it was when the model was chosen; select it anew")

    def opened(threads: int) -> WindowModel:
        return WindowModel(package, request.precision, request.providers, threads, Path(request.engine_cache))

    threads, window_ms, share = request.threads or 1, dict[int, float](), 0.0
    model = opened(threads)
    # On a GPU the processor's threads have nothing to do.
    if request.threads is None and model.providers[0] == CPU:
        began, used = time.monotonic(), time.process_time()
        window_ms[1] = measured_ms(Patient(model))
        share = (time.process_time() - used) / (time.monotonic() - began)
        for threads in range(2, most_threads() + 1):
            # One at a time: each has the weights, rearranged for its kernels.
            del model
            model = opened(threads)
            window_ms[threads] = measured_ms(Patient(model))
        threads = choose(window_ms)
        if threads != most_threads():
            del model
            model = opened(threads)
    return model, Running(model.precision, model.providers, threads, window_ms, share >= _UNDISTURBED)


if __name__ == "__main__":
    main()
