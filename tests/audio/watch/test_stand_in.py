"""Which device is wanted back, and when to look for it: by the cards that come and go, on a clock of numbers."""

from __future__ import annotations

import pytest

from visaged.audio.errors import OpenAnew
from visaged.audio.watch.stand_in import StandIn
from visaged.problems import Problems

S = 1_000_000_000
CODE = "audio_input_stand_in"


class Desk:
    """A stand-in with its sound cards on a table."""

    def __init__(self) -> None:
        self.cards = frozenset({("pcmC0D0c", 1)})
        self.problems = Problems()
        self.stand_in = StandIn(CODE, "audio.input.device", self.problems, lambda: self.cards)
        self.stand_in.choosing()

    @property
    def said(self) -> list[str]:
        return [problem.message for problem in self.problems.current()]


def test_the_first_that_works_is_wanted_and_another_is_said_to_stand_in() -> None:
    desk = Desk()
    desk.stand_in.works("portaudio:USB", stands_in=True)
    assert (desk.stand_in.used, desk.said) == ("portaudio:USB", [])
    desk.stand_in.works("portaudio:line", stands_in=True)
    assert desk.stand_in.used == "portaudio:USB"
    assert desk.said == ["'portaudio:line' is used instead of 'portaudio:USB', which is gone"]
    desk.stand_in.works("portaudio:USB", stands_in=True)
    assert not desk.said


def test_a_better_one_is_wanted_from_then_on() -> None:
    desk = Desk()
    desk.stand_in.works("portaudio:line", stands_in=True)
    desk.stand_in.works("alsa:default", stands_in=False)
    assert (desk.stand_in.used, desk.said) == ("alsa:default", [])


def test_it_is_chosen_again_once_the_cards_have_changed_and_settled() -> None:
    desk = Desk()
    for second in range(1, 5):
        desk.stand_in.look(second * S)
    desk.cards |= {("pcmC1D0c", 2)}
    desk.stand_in.look(5 * S)
    desk.stand_in.look(5 * S + S // 2)
    with pytest.raises(OpenAnew):
        desk.stand_in.look(6 * S)
    desk.stand_in.choosing()
    desk.stand_in.look(7 * S)


def test_a_card_that_is_put_back_under_its_old_name_is_another_one() -> None:
    desk = Desk()
    desk.cards = frozenset({("pcmC0D0c", 7)})
    desk.stand_in.look(1 * S)
    with pytest.raises(OpenAnew):
        desk.stand_in.look(2 * S)


def test_other_settings_want_another_device() -> None:
    desk = Desk()
    desk.stand_in.works("alsa:a", stands_in=False)
    desk.stand_in.works("portaudio:b", stands_in=True)
    desk.stand_in.forget()
    assert (desk.stand_in.used, desk.said) == (None, [])
