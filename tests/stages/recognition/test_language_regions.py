"""Languages by stretches: what is clear and long enough counts, and a short stretch changes nothing."""

import math

import pytest
from recognition import language_regions
from recognition.language_regions import LanguageRegion, SpeechStretch


def stretches(*probabilities: dict[str, float], seconds: float = 6.0) -> list[SpeechStretch]:
    """One after the other, with a second between."""
    starts = [index * (seconds + 1.0) for index in range(len(probabilities))]
    return [
        SpeechStretch(start, start + seconds, seconds, own) for start, own in zip(starts, probabilities, strict=True)
    ]


EN, ES = {"en": 0.95, "es": 0.02}, {"es": 0.9, "en": 0.05}
UNSURE = {"en": 0.4, "es": 0.45}


def languages(*probabilities: dict[str, float], seconds: float = 6.0) -> list[tuple[str, float]]:
    found = language_regions.regions(stretches(*probabilities, seconds=seconds), "en", ["es"])
    return [(region.language, region.speech) for region in found]


def test_a_longer_part_in_another_language_is_a_region() -> None:
    assert languages(EN, EN, ES, ES, ES, EN) == [("en", 12.0), ("es", 18.0), ("en", 6.0)]


def test_a_region_changes_in_the_middle_of_the_pause() -> None:
    found = language_regions.regions(stretches(EN, ES, ES, ES), "en", ["es"])
    assert found == [LanguageRegion(0.0, 6.5, "en", 6.0), LanguageRegion(6.5, math.inf, "es", 18.0)]


@pytest.mark.parametrize(
    "heard",
    [[EN, ES, EN, EN], [EN, EN, ES], [ES, EN, EN], [EN, UNSURE, UNSURE, UNSURE, EN]],
    ids=["one within", "one at the end", "one at the start", "nothing is clear"],
)
def test_short_or_unclear_parts_change_nothing(heard: list[dict[str, float]]) -> None:
    assert {language for language, _ in languages(*heard)} == {"en"}


def test_a_doubtful_stretch_within_a_region_belongs_to_it() -> None:
    assert languages(EN, ES, ES, UNSURE, {"en": 0.6, "es": 0.3}, ES, ES, EN) == [("en", 6.0), ("es", 36.0), ("en", 6.0)]


def test_many_short_stretches_count_less_than_long_ones() -> None:
    assert languages(EN, ES, ES, EN, seconds=1.0) == [("en", 4.0)]


def test_a_stretch_in_neither_language_says_nothing() -> None:
    assert languages(EN, ES, {"th": 0.9}, ES, ES) == [("en", 6.0), ("es", 24.0)]


def test_a_window_that_begins_in_the_main_language_is_suspected_of_another_with_little_probability() -> None:
    heard = stretches(EN, {"en": 0.71, "es": 0.26}, seconds=25.0)  # the second one: 10 s of English, then Spanish
    assert language_regions.suspected(heard, "en") == ["es"]
    assert language_regions.worth_a_look(heard, ["es"]) == [True, True]


def test_little_probability_counts_for_nothing_without_a_closer_look() -> None:
    heard = stretches({"en": 0.71, "es": 0.26}, seconds=60.0)
    assert language_regions.weighted_seconds(heard, "en") == {}


def test_languages_are_suspected_by_probability_and_length() -> None:
    long, short = stretches({"en": 0.5, "es": 0.4}, seconds=20.0), stretches({"es": 0.9}, seconds=3.0)
    assert language_regions.suspected(long, "en") == ["es"]
    assert language_regions.suspected(short, "en") == []
    assert language_regions.suspected(stretches({"en": 0.8, "es": 0.1}, seconds=90.0), "en") == []


def test_a_language_that_sounds_alike_is_not_suspected() -> None:
    assert language_regions.suspected(stretches({"hi": 0.4, "ur": 0.6}, seconds=60.0), "hi") == []


def test_a_language_that_is_heard_in_any_unclear_speech_is_not_suspected() -> None:
    assert language_regions.suspected(stretches({"en": 0.3, "la": 0.7}, seconds=60.0), "en") == []


def test_windows_beside_a_suspected_one_are_looked_at_too() -> None:
    heard = stretches(EN, EN, EN, ES, EN, EN)
    assert language_regions.worth_a_look(heard, ["es"]) == [False, False, True, True, True, False]


def test_shares_are_of_the_speech_and_the_largest_comes_first() -> None:
    parts = [LanguageRegion(0, 9, "es", 3.0), LanguageRegion(9, 20, "en", 6.0), LanguageRegion(20, 30, "es", 1.0)]
    assert language_regions.shares(parts) == {"en": 0.6, "es": 0.4}
