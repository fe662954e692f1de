"""A session that only writes down what a brain tells it."""

from __future__ import annotations

import threading

import numpy as np

from visaged.conversation.brains.protocol import Pcm, ToolCall


class RecordingHost:
    """A ``Host`` (brains/protocol.py)."""

    def __init__(self) -> None:
        self.told: list[tuple[str, ...]] = []
        self.sounds: dict[str, list[Pcm]] = {}
        self.words: dict[str, str] = {}
        self.calls: list[ToolCall] = []
        self.is_connected = threading.Event()

    def connected(self) -> None:
        self.told.append(("connected",))
        self.is_connected.set()

    def disconnected(self, why: str, remedy: str) -> None:
        self.told.append(("disconnected", why, remedy))

    def guest_began(self) -> None:
        self.told.append(("guest_began",))

    def guest_ended(self) -> None:
        self.told.append(("guest_ended",))

    def guest_said(self, text: str) -> None:
        self.told.append(("guest_said", text))

    def sound(self, utterance: str, pcm: Pcm) -> None:
        self.sounds.setdefault(utterance, []).append(pcm)

    def text(self, utterance: str, text: str) -> None:
        self.words[utterance] = self.words.get(utterance, "") + text

    def over(self, utterance: str) -> None:
        self.told.append(("over", utterance))

    def call(self, call: ToolCall) -> str:
        self.calls.append(call)
        return "done"

    def failed(self, why: str) -> None:
        self.told.append(("failed", why))

    def heard(self, utterance: str) -> Pcm:
        return np.concatenate(self.sounds.get(utterance, [np.zeros(0, np.int16)]))

    def kinds(self) -> list[str]:
        return [told[0] for told in self.told]
