"""Overlapping cues for a container that shows one text at a time."""

from subtitling.cues import Cue
from subtitling.flattening import one_at_a_time


def test_a_sign_stays_while_speech_comes_and_goes() -> None:
    sign = Cue(5129, 10_092, "OFFICE", alignment=8)
    assert one_at_a_time([sign, Cue(5338, 6339, "I don't."), Cue(6340, 9111, "You should.")]) == [
        Cue(5129, 5338, "OFFICE", alignment=8),
        Cue(5338, 6340, "OFFICE\nI don't."),
        Cue(6340, 9111, "OFFICE\nYou should."),
        Cue(9111, 10_092, "OFFICE", alignment=8),
    ]


def test_an_interjection_stands_below_what_it_interrupts() -> None:
    assert one_at_a_time([Cue(0, 5000, "A long one"), Cue(2000, 3000, "Oh!")]) == [
        Cue(0, 2000, "A long one"),
        Cue(2000, 3000, "A long one\nOh!"),
        Cue(3000, 5000, "A long one"),
    ]


def test_cues_one_after_the_other_stay_as_they_are() -> None:
    cues = [Cue(0, 1000, "a"), Cue(1000, 1050, "b"), Cue(2000, 3000, "c", alignment=8)]
    assert one_at_a_time(cues) == cues
