"""``python -m models.capsules build | sheet``: the starter pack, and the picture of what is in it."""

from __future__ import annotations

import argparse

from models.capsules.build import PACK, bake_all, build


def main() -> None:
    """Do what is asked for."""
    parser = argparse.ArgumentParser(prog="python -m models.capsules", description=__doc__)
    parser.add_argument("action", choices=["build", "sheet"])
    if parser.parse_args().action == "build":
        count = build()
        print(f"{PACK.name}: {count} capsules, {PACK.stat().st_size} bytes")
    else:
        from models.capsules.sheet import SHEET, draw_sheet  # noqa: PLC0415 (needs Pillow)

        draw_sheet(bake_all())
        print(f"{SHEET}: {SHEET.stat().st_size} bytes")


if __name__ == "__main__":
    main()
