"""docs/operations.md names every problem that the source can raise, and no other."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from visaged.control.health import MINOR

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "daemon" / "visaged"
_CODE = re.compile(r"[a-z]+(_[a-z{}]+)*")
# What makes a problem of its first argument.
_MAKERS = {"MqttError", "_Cause"}


def _text(node: ast.expr, known: dict[str, str]) -> str | None:
    """A literal, a name that stands for one, or an f-string with N for what is filled in."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "N" for part in node.values)
    return known.get(node.id) if isinstance(node, ast.Name) else None


def _names(tree: ast.AST) -> dict[str, str]:
    """Names that are given a literal somewhere in a module."""
    known: dict[str, str] = {}
    for node in ast.walk(tree):
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        for target in targets:
            pairs = [(target, node.value)]  # type: ignore[attr-defined]
            if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):  # type: ignore[attr-defined]
                pairs = list(zip(target.elts, node.value.elts, strict=False))  # type: ignore[attr-defined]
            for name, value in pairs:
                text = _text(value, {}) if value is not None else None
                if isinstance(name, ast.Name) and text:
                    known[name.id] = text
    return known


def _raised(path: Path) -> Iterator[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    known = _names(tree)
    yield from (text for name, text in known.items() if name.endswith("PROBLEM"))
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        called = ast.unparse(node.func)
        if called.endswith("problems.open") or called in _MAKERS or called.endswith("._report"):
            text = _text(node.args[0], known)
            if text is not None:
                yield text


def test_every_problem_has_its_remedy_in_the_operators_guide() -> None:
    raised = {
        code for path in SOURCE.rglob("*.py") for code in _raised(path) if _CODE.fullmatch(code.replace("N", "n"))
    }
    assert {"audio_input_lost", "livelink_target_N", "mqtt_tls", "neurosync_late", "stage_wedged"} <= raised
    section = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8").split("## Problems and their remedies")[1]
    rows = re.findall(r"^\| `(\w+)`( \*minor\*)? \| (.+) \| (.+) \|$", section.split("\n## ")[0], re.MULTILINE)
    assert {row[0] for row in rows} == raised
    assert {row[0] for row in rows if row[1]} == MINOR
    assert [row[0] for row in rows] == sorted(row[0] for row in rows)
