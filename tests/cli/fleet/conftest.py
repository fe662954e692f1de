"""The broker and the boxes of the control room, seen from the operator's side."""

from tests.control.conftest import broker, desk, linked, operator

__all__ = ["broker", "desk", "linked", "operator"]
