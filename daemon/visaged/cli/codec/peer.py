"""``visaged codec peer``: the other end of mode converse, for tests and for people who write a brain.

It says back what the guest said once they have finished, or says a file; over a network that is as bad as asked for.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any, Final

from visaged.cli.broker_arguments import BrokerOptionError, add_broker_arguments, broker_settings
from visaged.cli.codec.answer_file import SayingError, load_codes
from visaged.cli.codec.transports import MqttWay, UdpWay, Way
from visaged.clock import NS_PER_S, now_ns
from visaged.codec.frame_codec import Codes
from visaged.codec.frames import decode, encode
from visaged.codec.link_key import LinkKeyError, read_key
from visaged.codec.peer.echo_responder import EchoResponder
from visaged.codec.peer.impairment import BadNetwork, Impairment
from visaged.codec.peer.talker import Talker
from visaged.codec.seal import Role, Seal
from visaged.config.load import ConfigError
from visaged.console import exit_codes
from visaged.console.say import complain
from visaged.control.mqtt.errors import MqttError

DEFAULT_PORT: Final = 5004

_REPORT_NS: Final = NS_PER_S
# A message that waits in the kernel is up to this late.
_WAIT_S: Final = 0.005

_EPILOG: Final = """\
examples:
  visaged codec peer                          says back what it hears, on UDP port 5004; the box beside it has
                                              codec.link = "udp://127.0.0.1:5004"
  visaged codec peer --say hello.wav          says a file when the box comes and each time the guest has finished
  visaged codec peer --device box-01          over MQTT: the box has codec.link = "mqtt"
  visaged codec peer --loss 5 --jitter-ms 30  over a bad network
"""


def add_peer_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = _EPILOG
    parser.add_argument(
        "--udp", metavar="[ADDR:]PORT", default=str(DEFAULT_PORT), help=f"where to listen (default {DEFAULT_PORT})"
    )
    parser.add_argument("--codec-key", type=Path, metavar="FILE", help="with UDP: the key in the box's codec.key_file")
    parser.add_argument("--device", metavar="BOX", help="talk over MQTT, with the box of this id")
    add_broker_arguments(parser)
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--at-once", action="store_true", help="send every frame back as it comes: an echo")
    what.add_argument("--say", type=Path, metavar="FILE", help="answer with this: a sound file, or codec frames")
    parser.add_argument("--models", type=Path, metavar="DIR", help="with --say SOUND: where the codec's packages are")
    parser.add_argument(
        "--set", action="append", default=[], metavar="SECTION.KEY=VALUE", help="with --say SOUND: codec.model=…"
    )
    network = parser.add_argument_group("a bad network, both ways")
    for name, text in (
        ("loss", "of 100 messages, this many are lost"),
        ("reorder", "this many are overtaken by the next"),
        ("duplicate", "this many come twice"),
    ):
        network.add_argument(f"--{name}", type=_percent, default=0.0, metavar="PERCENT", help=text)
    network.add_argument("--jitter-ms", type=_milliseconds, default=0.0, metavar="MS", help="held up by 0 to this")
    network.add_argument("--seed", type=int, default=0, help="of the chance in it (default 0)")
    parser.add_argument(
        "--seconds", type=_seconds, metavar="N", help="stop after N seconds; exit code 69 if no box came"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object a second, for machines")


def peer(options: argparse.Namespace) -> int:
    """Talk until interrupted, or for ``options.seconds``."""
    try:
        codes = None if options.say is None else load_codes(options.say, options.config, options.set, options.models)
        way = _open(options)
    except (ConfigError, BrokerOptionError, SayingError, LinkKeyError) as error:
        complain(error)
        return exit_codes.USAGE
    except MqttError as error:
        complain(f"{error.message}; {error.remedy}")
        return exit_codes.UNAVAILABLE
    except OSError as error:
        print(f"--udp {options.udp}: cannot listen: {error.strerror}; choose another port", file=sys.stderr)
        return exit_codes.UNAVAILABLE
    conversation = _Conversation(way, codes, options)
    if not options.json:
        print(f"{way.name}: waiting for a box; Ctrl-C stops", flush=True)
    try:
        conversation.run(options.seconds)
    finally:
        way.close()
        if not options.json:
            print(conversation.line(), flush=True)
    return exit_codes.DONE if conversation.box_came or options.seconds is None else exit_codes.UNAVAILABLE


class _Conversation:
    """The loop, and its figures."""

    def __init__(self, way: Way, codes: Codes | None, options: argparse.Namespace) -> None:
        self._way = way
        self._as_json = options.json
        impairment = Impairment(options.loss / 100, options.jitter_ms, options.reorder / 100, options.duplicate / 100)
        self._up, self._down = BadNetwork(impairment, options.seed), BadNetwork(impairment, options.seed + 1)
        self._responder = EchoResponder(at_once=options.at_once, answer=codes)
        self._talker: Talker | None = None
        self._told = ""

    @property
    def box_came(self) -> bool:
        """Whether a box was heard of."""
        return self._talker is not None

    def run(self, seconds: float | None) -> None:
        """Until ``seconds`` are over."""
        began_ns = now_ns()
        report_ns = began_ns + _REPORT_NS
        while seconds is None or now_ns() - began_ns < seconds * NS_PER_S:
            message = self._way.receive(_WAIT_S)
            time_ns = now_ns()
            if message is not None:
                self._up.send(encode(message), time_ns)
            self._step(time_ns)
            if time_ns >= report_ns:
                report_ns += _REPORT_NS
                self._report()

    def _step(self, time_ns: int) -> None:
        for data in self._up.arrived(time_ns):
            self._hear(data, time_ns)
        talker = self._talker
        if talker is None:
            return
        self._responder.wait(time_ns, talker)
        for message in talker.due(time_ns):
            # An echo has the sequence of what it sends back; its own signs of life would be another's.
            if not self._responder.at_once:
                self._down.send(encode(message), time_ns)
        for data in self._down.arrived(time_ns):
            self._way.send(data)

    def _hear(self, data: bytes, time_ns: int) -> None:
        message = decode(data)
        if self._talker is None:
            self._talker = Talker(message.codebooks, time_ns)
            if self._responder.answer is not None:
                self._talker.say(self._responder.answer)
        back = self._responder.hear(message, time_ns, self._talker)
        if back is not None:
            self._down.send(encode(back), time_ns)

    def _report(self) -> None:
        line = json.dumps(self.figures()) if self._as_json else self.line()
        if self._as_json or line != self._told:
            print(line, flush=True)
        self._told = line

    def figures(self) -> dict[str, Any]:
        """What ``--json`` prints."""
        responder, talker = self._responder, self._talker
        return {
            "box": self.box_came,
            "heard": responder.heard,
            "missing": responder.missing,
            "speeches": responder.speeches,
            "said": 0 if talker is None else talker.said,
            "speaking": talker is not None and talker.speaking,
            "cuts": responder.cuts,
            "refused": self._way.refused,
            "lost_on_purpose": self._up.lost + self._down.lost,
        }

    def line(self) -> str:
        """The same for people."""
        shown = {key: value for key, value in self.figures().items() if key not in ("box", "speaking")}
        words = [f"{key.replace('_', ' ')} {value}" for key, value in shown.items()]
        return ("box is there: " if self.box_came else "no box yet: ") + ", ".join(words)


def _open(options: argparse.Namespace) -> Way:
    if options.device is not None:
        if options.codec_key is not None:
            raise BrokerOptionError("--codec-key belongs to UDP; over MQTT the broker says who may write")
        return MqttWay(broker_settings(options), options.device)
    host, _, port = options.udp.rpartition(":")
    if not port.isdecimal() or not 0 <= int(port) <= 65535:
        raise BrokerOptionError(f"--udp {options.udp}: expected PORT or ADDR:PORT, such as 5004 or 127.0.0.1:5004")
    seal = None if options.codec_key is None else Seal(read_key(options.codec_key), Role.BRAIN)
    return UdpWay(host.strip("[]") or "0.0.0.0", int(port), seal)


def _percent(text: str) -> float:
    return _number(text, 0, 100, "a share of 100")


def _milliseconds(text: str) -> float:
    return _number(text, 0, 5000, "milliseconds from 0 to 5000")


def _seconds(text: str) -> float:
    return _number(text, 1e-3, 1e9, "a number of seconds above 0")


def _number(text: str, low: float, high: float, what: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not low <= value <= high:
        raise argparse.ArgumentTypeError(f"{text!r}: expected {what}")
    return value
