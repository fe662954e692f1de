"""``visaged doctor``: is this box ready? One line per check; exit 1 when something that was asked for does not work."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.text import Text

from visaged.cli.settings_arguments import add_settings_arguments
from visaged.config.safe_mode import Loaded, load_or_safe
from visaged.console import exit_codes
from visaged.doctor import broker, conversation, machine, models, network, service, sound
from visaged.doctor.finding import Finding, fail, ok
from visaged.inference.find import search_roots
from visaged.printable import printable

_STYLES: Final = {"ok": "green", "warn": "yellow", "fail": "bold red"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    add_settings_arguments(parser)
    parser.add_argument("--models", type=Path, metavar="DIR", help="folder that is searched before the others")
    parser.add_argument("--json", action="store_true", help="one JSON object per line, for machines")


def findings(loaded: Loaded, models_dir: Path | None = None) -> Iterator[Finding]:
    """All checks, the quick ones first."""
    roots = search_roots(models_dir)
    if loaded.issues:
        for issue in loaded.issues:
            yield fail("settings", str(issue), "Correct it; the face runs on idle until then")
    else:
        yield ok("settings", f"{loaded.path} is good" if loaded.path else "no file: the defaults are in effect")
    yield from service.check()
    yield from machine.check(loaded.settings)
    yield from network.check(loaded.settings)
    yield from broker.check(loaded.settings)
    yield from sound.check(loaded.settings, demo=loaded.path is None)
    yield from models.check(loaded.settings, roots)
    yield from conversation.check(loaded.settings, roots)


def run(options: argparse.Namespace) -> int:
    """Print each finding as it comes."""
    console = Console(file=sys.stdout, highlight=False, soft_wrap=True)
    worst = exit_codes.DONE
    for finding in findings(load_or_safe(options.config, options.set), options.models):
        if finding.verdict == "fail":
            worst = exit_codes.FAILED
        if options.json:
            print(json.dumps(asdict(finding)), flush=True)
            continue
        # Names of devices, brokers and models are other people's text.
        words = Text(printable(f"{finding.subject}: {finding.text}"))
        console.print(Text(f"{finding.verdict:4}", _STYLES[finding.verdict]), words)
        if finding.remedy:
            console.print(Text(f"     {printable(finding.remedy)}", "dim"))
    return worst
