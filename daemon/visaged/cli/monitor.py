"""``visaged monitor``: the faces that arrive on a port, in any of our protocols, for people without Unreal."""

from __future__ import annotations

import argparse
import contextlib
import errno
import json
import os
import socket
import sys
import time
from datetime import datetime, timezone
from typing import Any, Final

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.text import Text

from visaged.cli.view import face_view
from visaged.clock import NS_PER_S
from visaged.console import exit_codes
from visaged.curves import CURVES
from visaged.outputs.form import PROTOCOLS
from visaged.outputs.ifacialmocap.frame import PORT
from visaged.outputs.livelink.stream import Stream
from visaged.outputs.receiver import MAX_OTHERS, MAX_SENDERS, Receiver
from visaged.printable import NAME, printable

# Often enough to look alive, seldom enough to read; the packets are all taken in.
_REFRESH_S: Final = 1 / 20
_REPORT_S: Final = 1.0
_SILENT_S: Final = 1.0
# As receivers of iFacialMocap do.
_ASK_S: Final = 3.0
_PORTS: Final = {"auto": 11111, "livelink": 11111, "vmc": 39539, "ifacialmocap": PORT}
NO_FACE: Final = "sends, sees no face"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument(
        "--protocol",
        choices=("auto", *PROTOCOLS),
        default="auto",
        help="what is understood; auto (the default): whichever a datagram is written in",
    )
    parser.add_argument(
        "--port",
        type=_port,
        help="UDP port to listen on (default 11111; with --protocol vmc 39539, ifacialmocap or --ask 49983)",
    )
    parser.add_argument(
        "--ask", metavar="HOST", help="ask the box at HOST for its face, as programs that know iFacialMocap do"
    )
    parser.add_argument("--bind", default="0.0.0.0", metavar="ADDR", help="address to listen on; :: for IPv6")
    parser.add_argument("--json", action="store_true", help="one JSON object a second, for machines")
    parser.add_argument(
        "--seconds", type=_seconds, metavar="N", help="stop after N seconds; exit code 69 when no face came"
    )


def run(options: argparse.Namespace) -> int:
    """Listen until interrupted, or for ``options.seconds``."""
    protocol = None if options.protocol == "auto" else options.protocol
    port = options.port or _PORTS["ifacialmocap" if options.ask else options.protocol]
    try:
        receiver = Receiver(options.bind, port, protocol)
    except OSError as error:
        print(_cannot_listen(options.bind, port, error), file=sys.stderr)
        return exit_codes.UNAVAILABLE
    with receiver:
        asking = Asking(receiver, options.ask)
        try:
            asking.ask_again()
        except OSError as error:
            print(f"--ask {printable(options.ask, NAME)}: cannot be asked: {error.strerror}", file=sys.stderr)
            return exit_codes.UNAVAILABLE
        console = Console()
        if options.json or not console.is_terminal:
            _report(asking, options.seconds, options.json)
        else:
            _show(asking, options.seconds, console)
        return exit_codes.DONE if receiver.streams or options.seconds is None else exit_codes.UNAVAILABLE


class Asking:
    """Takes datagrams in, and asks for them every few seconds where that is wanted."""

    def __init__(self, receiver: Receiver, host: str | None) -> None:
        self.receiver = receiver
        self._host = host
        self._asked_s = -_ASK_S

    def ask_again(self) -> None:
        """Ask if it is time to. Raises OSError when it cannot be asked."""
        if self._host is not None and time.monotonic() - self._asked_s >= _ASK_S:
            self._asked_s = time.monotonic()
            self.receiver.ask(self._host)

    def receive_for(self, seconds: float) -> None:
        """Take in what comes in ``seconds``."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            # The network may go and come back.
            with contextlib.suppress(OSError):
                self.ask_again()
            self.receiver.receive(left)


def report(receiver: Receiver, time_ns: int) -> dict[str, Any]:
    """What ``--json`` prints: all faces as of ``time_ns`` (wall clock, as the kernel's stamps)."""
    return {
        "time": datetime.fromtimestamp(time_ns / NS_PER_S, timezone.utc).isoformat(timespec="milliseconds"),
        "port": receiver.port,
        "faces": [_face(receiver, device_id, time_ns) for device_id in receiver.streams],
        "no_face": [
            {"subject": one.subject, "device_id": device_id, "sender": one.sender}
            for device_id, one in receiver.sees_no_face(time_ns).items()
        ],
        "more_senders": receiver.others,
        "refused": receiver.refused,
        "refusal": receiver.refusal,
    }


def _face(receiver: Receiver, device_id: str, time_ns: int) -> dict[str, Any]:
    stream = receiver.streams[device_id]
    packet, figures = stream.packet, stream.figures(time_ns)
    assert packet is not None  # a stream begins with its first packet
    return {
        "subject": packet.subject,
        "device_id": device_id,
        "sender": receiver.senders[device_id],
        "rate_fps": str(packet.rate_hz),
        "fps": round(figures.fps, 2),
        "jitter_ms": round(figures.jitter_ms, 3),
        "gap_p99_ms": figures.gap_p99_ms,
        "gap_max_ms": figures.gap_max_ms,
        "packets": figures.packets,
        "lost": figures.lost,
        "duplicates": figures.duplicates,
        "reordered": figures.reordered,
        "jumps": figures.jumps,
        "silent_s": round(_silent_s(stream, time_ns), 2),
        "scene_time_s": round(packet.scene_time_s, 4),
        "curves": {name: round(value, 4) for name, value in zip(CURVES, packet.curves, strict=True)},
    }


def view(receiver: Receiver, time_ns: int, waited_s: float) -> RenderableType:
    """What a person sees on a terminal."""
    parts = [_panel(receiver, device_id, stream, time_ns) for device_id, stream in receiver.streams.items()]
    parts += [
        Text(_no_face(one.subject, one.sender), style="yellow")
        for device_id, one in receiver.sees_no_face(time_ns).items()
        if device_id not in receiver.streams
    ]
    if not parts:
        parts.append(Text(waiting_line(receiver.port, waited_s), style="yellow"))
    parts += [Text(line, style="red") for line in _faults(receiver.others, receiver.refused, receiver.refusal)]
    parts.append(Text("Ctrl-C stops", style="dim"))
    return Group(*parts)


def waiting_line(port: int, waited_s: float) -> str:
    """What to check while nothing arrives."""
    return (
        f"Nothing has arrived on UDP port {port} for {waited_s:.0f} s. Check that the sender runs, that its target is "
        f"{_own_address()}:{port} (127.0.0.1:{port} from this machine), and that no firewall blocks it "
        f"(sudo ufw allow {port}/udp)."
    )


def _faults(more: int, refused: int, refusal: str) -> list[str]:
    """What a person should know about the senders that are not shown."""
    lines = []
    if more:
        count = f"{more} or more" if more == MAX_OTHERS else more
        lines.append(f"{count} further senders are not shown: {MAX_SENDERS} are kept at a time")
    if refused:
        lines.append(printable(f"{refused} datagrams were no faces; the last one: {refusal}"))
    return lines


def _panel(receiver: Receiver, device_id: str, stream: Stream, time_ns: int) -> RenderableType:
    packet, figures = stream.packet, stream.figures(time_ns)
    assert packet is not None
    shown = {
        "fps": f"{figures.fps:.1f}",
        "jitter": f"{figures.jitter_ms:.2f} ms",
        "gap p99": "" if figures.gap_p99_ms is None else f"{figures.gap_p99_ms:.2f} ms",
        "lost": str(figures.lost),
        "packets": str(figures.packets),
    }
    if figures.duplicates or figures.reordered:
        shown |= {"twice": str(figures.duplicates), "out of order": str(figures.reordered)}
    silent_s = _silent_s(stream, time_ns)
    notes = []
    if device_id in receiver.sees_no_face(time_ns):
        notes = [NO_FACE]
    elif silent_s > _SILENT_S:
        notes = [f"silent for {silent_s:.0f} s: the sender stopped, or the network did"]
    title = f"{printable(packet.subject, NAME)} from {receiver.senders[device_id]}, {printable(device_id, NAME)}"
    return face_view(packet.curves, title, shown, notes)


def _no_face(subject: str, sender: str) -> str:
    return f"{printable(subject, NAME)} from {sender}: {NO_FACE}"


def _silent_s(stream: Stream, time_ns: int) -> float:
    return max((time_ns - stream.time_ns) / NS_PER_S, 0.0)


def _show(asking: Asking, seconds: float | None, console: Console) -> None:
    began = time.monotonic()
    with Live(console=console, auto_refresh=False, transient=False) as live:
        while seconds is None or time.monotonic() - began < seconds:
            asking.receive_for(_REFRESH_S)
            live.update(view(asking.receiver, time.time_ns(), time.monotonic() - began), refresh=True)


def _report(asking: Asking, seconds: float | None, as_json: bool) -> None:
    began = time.monotonic()
    reports = 0
    while seconds is None or reports * _REPORT_S < seconds:
        reports += 1
        asking.receive_for(began + reports * _REPORT_S - time.monotonic())
        now = report(asking.receiver, time.time_ns())
        print(json.dumps(now) if as_json else _plain(now, reports * _REPORT_S), flush=True)


def _plain(report: dict[str, Any], waited_s: float) -> str:
    keys = ("fps", "jitter_ms", "gap_p99_ms", "lost", "packets", "silent_s")
    lines = [
        f"{printable(face['subject'], NAME)} from {face['sender']}: " + "  ".join(f"{key} {face[key]}" for key in keys)
        for face in report["faces"]
    ]
    lines += [_no_face(one["subject"], one["sender"]) for one in report["no_face"]]
    faults = _faults(report["more_senders"], report["refused"], report["refusal"])
    return "\n".join([*(lines or [waiting_line(report["port"], waited_s)]), *faults])


def _own_address() -> str:
    """This machine's address on its default route, for a person to type into a sender; sends nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # RFC 5737: no one's; connecting UDP only picks a route
        except OSError:
            return "THIS-MACHINE"
        return str(probe.getsockname()[0])


def _cannot_listen(bind: str, port: int, error: OSError) -> str:
    remedies = {
        errno.EADDRINUSE: f"another program has it (Unreal? a second monitor?); `ss -lunp sport = :{port}` names it. "
        "Close that, or use --port",
        errno.EACCES: "ports below 1024 need root; use --port",
        errno.EADDRNOTAVAIL: "--bind must be an address of this machine (`ip address` lists them)",
    }
    reason = os.strerror(error.errno) if error.errno and error.errno > 0 else str(error.strerror)
    return f"cannot listen on {bind} port {port}: {reason}; {remedies.get(error.errno or 0, 'check --bind and --port')}"


def _port(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"{text!r}: expected a port from 1 to 65535")
    return int(text)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r}: expected a number of seconds above 0")
    return seconds
