"""The check before the recognition; tests/e2e/test_spoken_languages.py has it with a real model."""

import importlib
from types import SimpleNamespace
from typing import Any

import pytest
from recognition.windows import Window

WINDOWS = [Window(((start, start + 20.0),)) for start in (0.0, 30.0, 60.0)]


@pytest.fixture
def check(engines: None) -> Any:
    return importlib.import_module("recognition.language_check")


def recogniser(multilingual: bool = True, **probabilities: float) -> Any:
    evidence = importlib.import_module("recognition.language_evidence")
    listen = lambda windows: evidence.LanguageEvidence(  # noqa: E731
        probabilities, len(windows), sum(window.duration for window in windows)
    )
    return SimpleNamespace(is_multilingual=multilingual, listen=listen)


def test_a_contradiction_is_a_note_that_says_what_helps(check: Any) -> None:
    found = check.check(recogniser(en=0.97, hi=0.01), WINDOWS, "hi", False, "tiny")
    (note,) = found.notes
    assert "0.97" in note
    assert note.endswith("say -s en, or leave -s out")
    assert found.facts == {"heard": {"en": 0.97, "hi": 0.01}}


def test_a_strict_language_refuses_with_the_value_that_would_do(check: Any) -> None:
    with pytest.raises(check.stagekit.InputUnusable, match="nothing was recognised") as caught:
        check.check(recogniser(en=0.97), WINDOWS, "hi", True, "tiny")
    assert caught.value.instead == {"language": "en"}


def test_the_language_that_is_heard_is_no_note(check: Any) -> None:
    found = check.check(recogniser(en=0.97), WINDOWS, "en", True, "tiny")
    assert (found.notes, found.facts) == ((), {"heard": {"en": 0.97}})


@pytest.mark.parametrize(("strict", "notes"), [(False, 0), (True, 1)])
def test_little_speech_is_told_to_who_asked_for_strictness(check: Any, strict: bool, notes: int) -> None:
    found = check.check(recogniser(hi=0.97), [Window(((0.0, 9.0),))], "hi", strict, "tiny")
    assert len(found.notes) == notes


@pytest.mark.parametrize(("strict", "notes"), [(False, 1), (True, 2)])
def test_little_speech_that_is_surely_in_another_language_is_told_and_not_refused(
    check: Any, strict: bool, notes: int
) -> None:
    found = check.check(recogniser(en=0.97, hi=0.01), [Window(((0.0, 9.0),))], "hi", strict, "tiny")
    assert len(found.notes) == notes
    assert found.notes[-1].endswith("say -s en, or leave -s out")


def test_nothing_is_listened_to_where_no_language_is_named_or_nobody_speaks(check: Any) -> None:
    assert check.check(None, WINDOWS, "auto", True, "tiny") == check.check(None, [], "hi", True, "tiny")


def test_a_model_for_english_alone_cannot_be_strict(check: Any) -> None:
    assert check.check(recogniser(False), WINDOWS, "en", False, "tiny.en").notes == ()
    with pytest.raises(check.stagekit.StageFailed, match=r"tiny\.en knows English only.*--strict-language"):
        check.check(recogniser(False), WINDOWS, "en", True, "tiny.en")
