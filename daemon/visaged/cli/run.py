"""``visaged run``: the daemon in the foreground."""

from __future__ import annotations

import argparse
import json
import logging
import os
import signal
import sys
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from visaged.audio.decoders.input_file import is_stream
from visaged.cli.log import log_above_live_view, log_lines
from visaged.cli.settings_arguments import add_settings_arguments
from visaged.config.load import ConfigIssue, find_file
from visaged.config.safe_mode import load_or_safe
from visaged.console import exit_codes
from visaged.console.say import complain
from visaged.control.config_store import ConfigStore, Recovery
from visaged.guard import attempt
from visaged.problems import Problems
from visaged.realtime import lead_threads
from visaged.system.restart import restart_command

if TYPE_CHECKING:
    from visaged.cli.minute_log import MinuteLog

log = logging.getLogger(__name__)

_SUPERVISE_S: Final = 0.1


# The longer ones come first.
_SHORTHANDS: Final = {
    "livelink.targets": "--target",
    "face.solver": "--solver",
    "audio.input.rate_hz": "--rate",
    "audio.input.raw_channels": "--channels",
    "audio.input.raw_format": "--format",
    "audio.input": "--input",
}

# A word that ends so is meant to be a file; anything else that is no file is the name of a device.
_SOUND_SUFFIXES: Final = (".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aif", ".aiff")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what most people set by hand; everything else goes through --set."""
    parser.epilog = (
        "Without a settings file the microphone drives the face, or bundled speech where there is none. "
        "Watch it with: visaged monitor"
    )
    add_settings_arguments(parser)
    parser.add_argument(
        "--input",
        metavar="FILE|DEVICE|none",
        help="a sound file, - or a FIFO (a program's sound comes out of it), an ALSA device (arecord -L), or none",
    )
    parser.add_argument("--rate", metavar="HZ", help="of raw samples from --input, or to open a device at; 48000")
    parser.add_argument("--channels", metavar="N", help="of raw samples from --input; 1")
    parser.add_argument(
        "--format", metavar="NAME", help="--input gives raw samples, without a header: S16_LE (s16le), FLOAT_LE …"
    )
    parser.add_argument(
        "--target", action="append", default=[], metavar="HOST:PORT", help="Live Link receiver; may be repeated"
    )
    parser.add_argument("--solver", metavar="NAME", help="what turns the voice into curves: see face.solver")
    parser.add_argument("--models", type=Path, metavar="DIR", help="folder of model packages, searched before others")
    parser.add_argument("--plain", action="store_true", help="log lines only, no live view")


def overrides_of(options: argparse.Namespace) -> list[str]:
    """The shorthand options as --set items; --set itself comes last and wins."""
    items = []
    if options.input == "none":
        items.append("audio.input.backend=none")
    elif options.input is not None and is_stream(options.input):
        items += ["audio.input.backend=pipe", f"audio.input.path={json.dumps(options.input)}"]
    elif options.input is not None and _is_file(options.input):
        items += ["audio.input.backend=file", f"audio.input.path={json.dumps(options.input)}"]
    elif options.input is not None:
        items += ["audio.input.backend=alsa", f"audio.input.device={json.dumps(options.input)}"]
    items += _raw_items(options)
    if options.target:
        items.append(f"livelink.targets={json.dumps(options.target)}")
    if options.solver is not None:
        items.append(f"face.solver={json.dumps(options.solver)}")
    return [*items, *options.set]


def _raw_items(options: argparse.Namespace) -> list[str]:
    """How raw samples lie. Who says how many channels, or the rate of a pipe, means raw ones."""
    items = [f"audio.input.rate_hz={options.rate}"] if options.rate is not None else []
    raw = options.channels is not None or (options.rate is not None and is_stream(options.input or ""))
    if options.format is not None or raw:
        items.append(f"audio.input.raw_format={json.dumps(options.format or 'S16_LE')}")
    if options.channels is not None:
        items.append(f"audio.input.raw_channels={options.channels}")
    return items


def _is_file(name: str) -> bool:
    return is_stream(name) or Path(name).is_file() or Path(name).suffix.lower() in _SOUND_SUFFIXES


def _typed_wrong(options: argparse.Namespace, issues: Sequence[ConfigIssue]) -> list[str]:
    """What is wrong with what was typed. A broken file must not stop the face; a person is better served by a word."""
    name = options.input
    if name is not None and _is_file(name) and not is_stream(name) and not Path(name).is_file():
        return [f"--input {options.input}: there is no such file"]
    if (options.channels or options.format) and (name is None or not (_is_file(name) or is_stream(name))):
        option = "--channels" if options.channels else "--format"
        return [f"{option} tells how raw samples lie: --input must be - or a file; of a device see audio.input.channel"]
    return [_as_typed(issue, options.set) for issue in issues if issue.place.startswith("--set")]


def _as_typed(issue: ConfigIssue, items: Sequence[str]) -> str:
    """The issue by the name of the option that brought it: a shorthand, unless it is among the --set ``items``."""
    key = ".".join(str(part) for part in issue.path)
    shorthand = next((option for named, option in _SHORTHANDS.items() if f"{key}.".startswith(f"{named}.")), None)
    if shorthand is None or any(item.startswith(issue.key) for item in items):
        return str(issue)
    return f"{shorthand} {issue.value}: {issue.accepted}"


def run(options: argparse.Namespace) -> int:
    """Run until SIGINT or SIGTERM, a second one ends at once; without a terminal SIGHUP reads the settings again."""
    overrides = overrides_of(options)
    path = find_file(options.config)
    recovery = None if path is None else ConfigStore(path).recover()
    loaded = load_or_safe(path if recovery is None else recovery.path, overrides)
    # What is set later goes to the file itself.
    loaded = replace(loaded, path=path)
    mistyped = _typed_wrong(options, loaded.issues)
    for word in mistyped:
        complain(f"visaged run: {word}")
    if mistyped:
        return exit_codes.USAGE
    # Imported here and not above: what is wrong with the settings is said before half a second of imports, and a box
    # without a terminal does not wait for what only a terminal needs.
    from visaged.app.daemon import Daemon  # noqa: PLC0415

    level = loaded.settings.runtime.log_level
    view: MinuteLog
    if sys.stderr.isatty() and not options.plain:
        from visaged.cli.live import Live  # noqa: PLC0415

        console = log_above_live_view(level)
        daemon = Daemon(loaded, overrides, options.models)
        view = Live(daemon, console)
    else:
        from visaged.cli.minute_log import MinuteLog  # noqa: PLC0415

        log_lines(level)
        daemon = Daemon(loaded, overrides, options.models)
        view = MinuteLog(daemon)
    if recovery is not None:
        _tell(recovery, daemon.stages.problems)
    stopping = threading.Event()
    received: list[int] = []

    def stop(number: int, _frame: object) -> None:
        received.append(number)
        stopping.set()
        signal.signal(number, signal.SIG_DFL)

    hung_up = threading.Event()
    # A terminal that is closed says SIGHUP, too, and means the end.
    if not any(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stderr)):
        signal.signal(signal.SIGHUP, lambda _number, _frame: hung_up.set())
    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    # As the control side: below all that moves the face, above the rest of the machine.
    lead_threads(max(loaded.settings.runtime.realtime_priority - 2, 0))
    daemon.start()
    problems = daemon.stages.problems
    with view:
        while not stopping.wait(_SUPERVISE_S) and not daemon.restart_wanted.is_set():
            if hung_up.is_set():
                hung_up.clear()
                attempt(daemon.reload, "reload", problems)
            attempt(daemon.supervise, "supervision", problems)
            attempt(view.update, "view", problems)
    daemon.stop()
    if daemon.restart_wanted.is_set() and not received:
        # In place: same process id, so that a service manager or a shell goes on watching the right one.
        command = restart_command("visaged.cli")
        os.execv(command[0], command)
    return _end(exit_codes.INTERRUPTED if signal.SIGINT in received else exit_codes.DONE)


def _tell(recovery: Recovery, problems: Problems) -> None:
    """Say what became of settings whose trial was cut short."""
    if recovery.done:
        log.warning("%s", recovery.done)
    if recovery.fault:
        remedy = "See that the disk can be written and which of the two files is right; then: systemctl restart visaged"
        problems.open("config_trial", recovery.fault, remedy)


def _end(code: int) -> int:
    """The exit code; ends the process at once if a thread is still inside a library.

    A box that is stopped while a model is being opened has one. Python ends such a thread when it returns from C++,
    which C++ answers with std::terminate: an exit by SIGABRT after a clean stop.
    """
    if threading.active_count() > 1:
        logging.shutdown()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    return code
