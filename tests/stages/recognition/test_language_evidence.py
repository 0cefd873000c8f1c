"""What is heard against what was named: only what is clear counts."""

from collections.abc import Callable
from types import ModuleType

import pytest


@pytest.fixture
def evidence(load_module: Callable[[str], ModuleType]) -> ModuleType:
    return load_module("recognition.language_evidence")


def heard(evidence: ModuleType, seconds: float = 60.0, **probabilities: float) -> object:
    return evidence.LanguageEvidence(probabilities, 3, seconds)


def test_another_language_that_is_clearly_heard_contradicts(evidence: ModuleType) -> None:
    found = heard(evidence, en=0.97, hi=0.001)
    assert evidence.contradiction(found, "hi") == "en"
    text = evidence.contradiction_text(found, "hi", "en")
    assert "English (en), with a probability of 0.97 at 3 places" in text
    assert "not Hindi (hi), which was named (0.00)" in text


@pytest.mark.parametrize(
    "probabilities",
    [{"en": 0.97}, {"hi": 0.6, "en": 0.4}, {"en": 0.5, "hi": 0.01}, {"en": 0.7, "hi": 0.2}],
    ids=["the same", "likelier", "nothing is clear", "it may be spoken too"],
)
def test_what_is_not_clear_contradicts_nothing(evidence: ModuleType, probabilities: dict[str, float]) -> None:
    named = "en" if len(probabilities) == 1 else "hi"
    assert evidence.contradiction(heard(evidence, 60.0, **probabilities), named) is None


def test_little_speech_is_not_judged_and_the_threshold_is_told(evidence: ModuleType) -> None:
    found = heard(evidence, 14.0, en=0.99)
    assert evidence.contradiction(found, "hi") is None
    assert "14 s of speech, and at least 15 s" in evidence.too_little_text(found)


def test_little_speech_that_is_surely_in_another_language_is_a_doubt(evidence: ModuleType) -> None:
    text = evidence.doubt(heard(evidence, 7.5, en=0.97, hi=0.001), "hi")
    assert "the speech may be English (en), with a probability of 0.97, and not Hindi (hi)" in text
    assert text.endswith("say -s en, or leave -s out")


@pytest.mark.parametrize(
    ("named", "seconds", "probability"),
    [("en", 7.5, 0.97), ("hi", 4.0, 0.97), ("hi", 7.5, 0.7), ("hi", 60.0, 0.97)],
    ids=["the same", "hardly any speech", "it is unsure", "enough to judge"],
)
def test_nothing_else_about_little_speech_is_a_doubt(
    evidence: ModuleType, named: str, seconds: float, probability: float
) -> None:
    assert evidence.doubt(heard(evidence, seconds, en=probability), named) is None


@pytest.mark.parametrize(("named", "spoken"), [("ur", "hi"), ("nn", "no"), ("sr", "hr"), ("yue", "zh")])
def test_languages_that_models_take_for_one_another_do_not_contradict(
    evidence: ModuleType, named: str, spoken: str
) -> None:
    assert evidence.contradiction(heard(evidence, 60.0, **{spoken: 0.98}), named) is None


def test_a_language_without_a_name_here_is_shown_by_its_code(evidence: ModuleType) -> None:
    assert "not xx, which" in evidence.contradiction_text(heard(evidence, en=0.9), "xx", "en")


def test_a_model_for_english_that_is_unsure_of_its_words_may_have_heard_another_language(evidence: ModuleType) -> None:
    doubt = evidence.doubt_about_english([0.4, 0.5], 60.0, "whisper-tiny.en")
    assert "may not be English, which is all that model whisper-tiny.en knows" in doubt
    assert "0.45" in doubt


@pytest.mark.parametrize(("words", "seconds"), [([0.9, 0.7], 60.0), ([0.4], 14.0), ([], 60.0)])
def test_sure_words_or_little_speech_are_no_doubt(evidence: ModuleType, words: list[float], seconds: float) -> None:
    assert evidence.doubt_about_english(words, seconds, "tiny.en") is None


def test_a_language_that_is_heard_in_any_unclear_speech_contradicts_nothing(evidence: ModuleType) -> None:
    assert evidence.contradiction(heard(evidence, 60.0, la=0.9), "hi") is None
