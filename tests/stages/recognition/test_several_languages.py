"""A film in several languages, and one in a single language, which costs nothing; the model is made up."""

import importlib
from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import pytest
from recognition.intervals import Interval
from recognition.segments import Segment
from recognition.two_pass import RecognisedSpeech, SpeechActivity
from recognition.windows import Window

from tests.stages.recognition.helpers import probabilities, said

LENGTH = 25.0
EN, ES = {"en": 0.96, "es": 0.01}, {"es": 0.93, "en": 0.03}
MIXED = {"en": 0.5, "es": 0.45}


@pytest.fixture
def languages(engines: None) -> Any:
    return importlib.import_module("recognition.several_languages")


class MadeUpRecogniser:
    """Hears in each window, and in each shorter stretch, what is spoken at its middle."""

    def __init__(self, heard: Sequence[Mapping[str, float]], spoken: Sequence[str]) -> None:
        self.language, self.language_probability = "en", 0.7
        starts = [index * (LENGTH + 1) for index in range(len(heard))]
        self.speech = [(start, start + LENGTH) for start in starts]
        self.windows = [Window((each,)) for each in self.speech]
        self.heard = dict(zip(self.windows, heard, strict=True))
        self.listened = 0
        self._spoken = spoken

    @property
    def recogniser(self) -> "MadeUpRecogniser":
        """It never steps down."""
        return self

    def languages_in(self, windows: Sequence[Window]) -> list[Mapping[str, float]]:
        self.listened += len(windows)
        return [{"en": EN, "es": ES}[self.spoken_at((each.start + each.end) / 2)] for each in windows]

    def spoken_at(self, time: float) -> str:
        return self._spoken[int(time // (LENGTH + 1))]

    @property
    def activity(self) -> SpeechActivity:
        duration = self.speech[-1][1] + 1
        return SpeechActivity(self.speech, probabilities(duration, self.speech), duration)


def text(speech: list[Interval], language: str, sure: float = 0.9) -> list[Segment]:
    return [said(start, language, language, language, each=(end - start) / 3, sure=sure) for start, end in speech]


def recognised(languages: Any, heard: Sequence[Mapping[str, float]], spoken: Sequence[str], sure: float = 0.9) -> Any:
    """The outcome, what was recognised once more, and the recogniser."""
    recogniser, again = MadeUpRecogniser(heard, spoken), list[tuple[str, float, float]]()

    def recognise_in(part: SpeechActivity, language: str) -> RecognisedSpeech:
        again.extend((language, *each) for each in part.speech)
        return RecognisedSpeech(text(part.speech, language, sure), [])

    first = RecognisedSpeech(text(recogniser.speech, "en"), [])
    found = languages.recognise(recogniser.activity, recogniser, first, recognise_in)
    return SimpleNamespace(first=first, **vars(found), again=again, listened=recogniser.listened)


def test_a_film_in_one_language_is_listened_to_and_recognised_no_more(languages: Any) -> None:
    found = recognised(languages, [EN, EN, {"en": 0.8, "cy": 0.15}, EN], ["en"] * 4)
    assert found.result is found.first
    assert (found.shares, found.again, found.listened) == ({}, [], 0)


def test_each_part_is_recognised_in_its_own_language_and_the_rest_stays_as_it_is(languages: Any) -> None:
    found = recognised(languages, [EN, EN, ES, EN, EN], ["en", "en", "es", "en", "en"])
    assert [(each.language, each.text) for each in found.result.segments] == [
        (language, f"{language} {language} {language}") for language in ("en", "en", "es", "en", "en")
    ]
    assert found.shares == {"en": 0.8, "es": 0.2}
    assert found.again == [("es", 52.0, 77.0)]
    assert found.result.segments[0].words == found.first.segments[0].words


def test_a_window_that_looks_mixed_and_is_not_stays_as_it_is(languages: Any) -> None:
    found = recognised(languages, [EN, MIXED, EN], ["en"] * 3)
    assert found.listened > 3
    assert (found.result is found.first, found.again) == (True, [])


def test_a_part_of_which_the_model_is_less_sure_in_its_own_language_stays_as_it_was(languages: Any) -> None:
    found = recognised(languages, [EN, ES, EN], ["en", "es", "en"], sure=0.6)
    assert (found.result is found.first, found.shares) == (True, {})


def test_speech_in_a_language_that_was_not_named_is_told(languages: Any) -> None:
    recogniser = MadeUpRecogniser([EN, ES, EN], ["en", "es", "en"])
    (note,) = languages.notes_on_others(recogniser.activity, recogniser)
    assert note.startswith("about 31% of the speech sounds like Spanish (es), and was recognised as English (en)")
    (other,) = languages.notes_on_others(recogniser.activity, recogniser, "; it knows one")
    assert other.endswith("was recognised as English (en); it knows one")
    one = MadeUpRecogniser([EN, {"en": 0.6, "es": 0.3}, EN], ["en"] * 3)
    assert languages.notes_on_others(one.activity, one) == ()
