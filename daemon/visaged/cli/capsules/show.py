"""``visaged capsules list | show``."""

from __future__ import annotations

import argparse
import json

from visaged.capsules.library.catalogue import Entry
from visaged.cli.capsules.library import open_library, read_capsule
from visaged.console import exit_codes
from visaged.console.say import complain, say
from visaged.console.tables import plain_table, print_table
from visaged.printable import printable_json


def list_capsules(options: argparse.Namespace) -> int:
    """What is installed."""
    catalogue = open_library(options).catalogue
    entries = [entry for cid, entry in sorted(catalogue.entries.items()) if cid.startswith(options.prefix)]
    if options.tag:
        entries = [entry for entry in entries if options.tag in entry.header.tags]
    if options.json:
        for entry in entries:
            print(json.dumps(json.loads(entry.header_json) | {"pack": entry.pack, "sha256": entry.sha256}))
        return exit_codes.DONE
    table = plain_table("ID", "title", "layer", "seconds", "valence, arousal, dominance", "tags", "pack")
    for entry in entries:
        table.add_row(*_row(entry))
    print_table(table)
    packs = ", ".join(f"{name} {version}" for name, version in catalogue.packs.items()) or "none"
    say(f"{len(entries)} of {len(catalogue.entries)} capsules; packs: {packs}")
    for sentence in catalogue.refused:
        complain(sentence)
    return exit_codes.FAILED if catalogue.refused else exit_codes.DONE


def show(options: argparse.Namespace) -> int:
    """Everything about one capsule."""
    capsule = read_capsule(options.capsule, options)
    shapes = {
        name: f"{tensor.dtype} {list(tensor.shape)}"
        for name in ("curves", "mask", "tokens", "pcm")
        if (tensor := getattr(capsule, name)) is not None
    }
    said = capsule.header.model_dump(exclude_none=True) | {"layer": capsule.header.shown_in, "tensors": shapes}
    print(printable_json(said, indent=1))
    return exit_codes.DONE


def _row(entry: Entry) -> tuple[str, ...]:
    header = entry.header
    feeling = "" if header.emotion is None else ", ".join(f"{value:+.2f}" for value in header.emotion.vector())
    length = f"{header.duration_ms / 1000:.1f}" + (" loop" if header.loop else "")
    return entry.cid, header.title, header.shown_in, length, feeling, " ".join(header.tags), entry.pack
