"""Limits by style and language."""

import pytest
from subtitling import style_profiles


@pytest.mark.parametrize(
    ("style", "language", "line", "speed"),
    [
        ("netflix", "es", 42, 20),
        ("netflix", "th", 35, 20),
        ("netflix", "ja", 16, 7),
        ("netflix", "zh-TW", 16, 11),
        ("netflix", "ko", 16, 14),
        ("bbc", "en-GB", 37, 20),
        ("bbc", "th", 35, 20),
    ],
)
def test_lines_and_speeds_are_those_of_the_guides(style: str, language: str, line: int, speed: float) -> None:
    found = style_profiles.profile_of(style, language)
    assert (found.line_characters, found.speed_characters) == (line, speed)


@pytest.mark.parametrize(("language", "is_so"), [("ar", True), ("he", True), ("fa-IR", True), ("en", False)])
def test_scripts_from_right_to_left_are_known(language: str, is_so: bool) -> None:
    assert style_profiles.profile_of("netflix", language).right_to_left is is_so
