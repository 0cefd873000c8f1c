"""A stage's title in a plan: what people are told while it runs."""

import pytest

from pipeline.plan.titles import of_member


@pytest.mark.parametrize(
    ("title", "each", "expected"),
    [
        ("Translate to {language}", "pt-BR", "Translate to Portuguese (Brazil)"),
        ("Translate to {language}", "auto", "Translate to the spoken language"),
        ("Cut {each}", 3, "Cut 3"),
        ("Cut {each}, {language}", "no language", "Cut no language, no language"),
        ("Take the sound out of the film", None, "Take the sound out of the film"),
    ],
)
def test_the_value_of_the_fan_out_is_filled_in(title: str, each: object, expected: str) -> None:
    assert of_member({"title": title}, each) == {"title": expected}


def test_a_stage_may_have_none() -> None:
    assert of_member({}, "es") == {}
