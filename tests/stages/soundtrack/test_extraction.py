from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
from soundtrack.mixes import Mix

RATE = 16_000


@pytest.fixture
def extraction(load_module: Callable[[str], ModuleType]) -> ModuleType:
    return load_module("soundtrack.extraction")


def summary(extraction: ModuleType, **seconds: float) -> Any:
    made = extraction.SoundSummary()
    for name, each in seconds.items():
        mix, _, cancelled = name.partition("__")
        made.by_mix[Mix[mix], bool(cancelled)] += round(each * RATE)
        made.samples += round(each * RATE)
    return made


def test_the_mix_of_all_channels_needs_no_note(extraction: ModuleType) -> None:
    assert extraction.notes(summary(extraction, ALL=60)) == []


@pytest.mark.parametrize(
    ("name", "channel"),
    [
        ("LEFT", "left channel"),
        ("LEFT__cancelled", "left channel"),
        ("RIGHT", "right channel"),
        ("CENTRE", "centre channel"),
        ("RAISED_CENTRE", "centre"),
        ("SIDES", "left and the right channel"),
    ],
)
def test_another_mix_is_told_with_how_long_it_is_taken(extraction: ModuleType, name: str, channel: str) -> None:
    (note,) = extraction.notes(summary(extraction, ALL=30, **{name: 30}))
    assert "30 of 60 s" in note
    assert channel in note


def test_a_moment_is_not_worth_a_note(extraction: ModuleType) -> None:
    assert extraction.notes(summary(extraction, ALL=3600, LEFT__cancelled=6)) == []
