from __future__ import annotations

import os
import socket
from collections.abc import Iterator

import pytest

from visaged.control.local.asker import IDLE_NS, MAX_ASKERS, MAX_PER_USER, Asker, NoPlace, who_gives_way

KIOSK, PERSON, OTHER = 1001, 1002, 1003


class Room:
    """Connections of several users of the machine, as the socket would hold them."""

    def __init__(self) -> None:
        self._ends: list[socket.socket] = []
        self.askers: list[Asker] = []

    def add(self, uid: int, count: int = 1, waiting: int = 0) -> None:
        for _ in range(count):
            ours, theirs = socket.socketpair()
            self._ends += [ours, theirs]
            asker = Asker(ours, "local")
            assert asker.uid == os.getuid()
            asker.uid, asker.waiting, asker.active_ns = uid, waiting, len(self.askers)
            self.askers.append(asker)

    def close(self) -> None:
        for end in self._ends:
            end.close()


@pytest.fixture
def room() -> Iterator[Room]:
    made = Room()
    yield made
    made.close()


def test_nobody_goes_while_there_is_room(room: Room) -> None:
    room.add(KIOSK, MAX_PER_USER - 1)
    room.add(PERSON, MAX_ASKERS - MAX_PER_USER)
    assert who_gives_way(room.askers, KIOSK) is None


def test_who_has_the_share_of_one_user_pays_with_its_own(room: Room) -> None:
    room.add(PERSON)
    room.add(KIOSK, MAX_PER_USER)
    assert who_gives_way(room.askers, KIOSK) is room.askers[1]
    assert who_gives_way(room.askers, PERSON) is None


def test_whoever_has_most_makes_room_for_another_user(room: Room) -> None:
    room.add(PERSON)
    room.add(OTHER, MAX_ASKERS - MAX_PER_USER - 1)
    room.add(KIOSK, MAX_PER_USER)
    loser = who_gives_way(room.askers, PERSON)
    assert loser is not None
    assert loser.uid == KIOSK
    assert loser.active_ns == min(asker.active_ns for asker in room.askers if asker.uid == KIOSK)


def test_who_waits_for_an_answer_does_not_go(room: Room) -> None:
    room.add(KIOSK, MAX_PER_USER - 1, waiting=1)
    room.add(KIOSK)
    assert who_gives_way(room.askers, KIOSK) is room.askers[-1]
    room.askers[-1].waiting = 1
    with pytest.raises(NoPlace):
        who_gives_way(room.askers, KIOSK)
    assert who_gives_way(room.askers, PERSON) is None


def test_idle_is_who_asks_nothing_for_minutes(room: Room) -> None:
    room.add(KIOSK)
    (asker,) = room.askers
    assert not asker.is_idle(IDLE_NS - 1)
    assert asker.is_idle(IDLE_NS + 1)
    asker.waiting = 1
    assert not asker.is_idle(10 * IDLE_NS)
