"""``python -m models.head [WHEEL]``: makes the head's file anew (a minute; fetches 48 MB unless the wheel is given)."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

from models.head.asset import encode
from models.head.paint import paint
from models.head.shape import Head, shape
from models.head.source import Source, SourceError, download
from visaged.curves import CURVES, SHAPE_COUNT

REPOSITORY: Final = Path(__file__).parents[2]
ASSET: Final = REPOSITORY / "daemon" / "visaged" / "web" / "static" / "head" / "head.bin"

# The tongue is smaller in the mix, and only just passes the lower lip.
_FACTORS: Final = {"TongueOut": 1.5}
# A tenth of a millimetre of the teeth: nobody sees it.
_LEAST_DM: Final = 0.0015


def morphs_of(source: Source, head: Head) -> dict[str, dict[int, tuple[float, float, float]]]:
    """The 52 shapes in the order of the curves, of the vertices that the head has. Eyeballs are drawn as spheres."""
    units = dict(source.face_units())
    morphs: dict[str, dict[int, tuple[float, float, float]]] = {}
    for name in CURVES[:SHAPE_COUNT]:
        factor = _FACTORS.get(name, 1.0)
        morphs[name] = {
            head.of_base[vertex]: (factor * x, factor * y, factor * z)
            for vertex, (x, y, z) in units[name].items()
            if vertex in head.of_base and max(abs(x), abs(y), abs(z)) > _LEAST_DM
        }
    return morphs


def main() -> int:
    """Make it, say how large it is."""
    try:
        source = Source(Path(sys.argv[1]) if len(sys.argv) > 1 else download(REPOSITORY / "build" / "head"))
    except (SourceError, OSError) as error:
        print(f"models.head: {error}", file=sys.stderr)
        return 1
    print("shaping …", file=sys.stderr)
    head = shape(source)
    print("painting and baking light …", file=sys.stderr)
    masks = paint(source, head)
    data = encode(head, masks, morphs_of(source, head))
    ASSET.parent.mkdir(parents=True, exist_ok=True)
    ASSET.write_bytes(data)
    print(
        f"{ASSET.relative_to(REPOSITORY)}: {len(data):,} bytes, {len(head.positions)} vertices, "
        f"{len(head.triangles)} triangles"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
