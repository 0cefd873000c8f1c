"""Answers that run in a circle are told from those that say something twice."""

import pytest
from translation_models.repetition import runs_in_a_circle


@pytest.mark.parametrize(
    "answer",
    [
        "no no no no",
        "We went home. We went home. We went home. We went home.",
        "of the of the of the of the of the",
        "aaaaaaaaaaaaaaaaaaaa",
        "我们我们我们我们我们我们我们我们我们我们",
        "ha, ha, ha, ha, ha",
        " ".join(["the", "and", "of"] * 12),
    ],
)
def test_a_circle_is_found(answer: str) -> None:
    assert runs_in_a_circle(answer, "It was late.")


@pytest.mark.parametrize(
    "answer",
    [
        "It was late.",
        "No, no, no!",
        "It was the best of times, it was the worst of times, it was the age of wisdom, it was the age of foolishness.",
        "这是最好的时代、这是最坏的时代、这是智慧的年代、这是愚蠢的年代。",
        "",
    ],
)
def test_a_figure_of_speech_is_no_circle(answer: str) -> None:
    assert not runs_in_a_circle(answer, "It was late.")


def test_a_source_that_repeats_itself_may_be_translated_so() -> None:
    assert not runs_in_a_circle("nein nein nein nein", "no no no no")
