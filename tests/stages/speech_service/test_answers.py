"""Recognised speech in the forms of OpenAI's interface."""

import json
from typing import Any

import pytest
from speech_service import answers
from speech_service.answers import SpokenText
from speech_service.transcription_request import TranscriptionRequest

from tests.stages.recognition.helpers import said

SPOKEN = SpokenText("transcribe", [said(1.0, "Good", "evening."), said(4.0, "Rhythm", "&", "blues")], "de", 6.2)


def answer(form: str, *granularities: str, spoken: SpokenText = SPOKEN) -> answers.SpeechAnswer:
    return answers.rendered(spoken, TranscriptionRequest("auto", form, frozenset(granularities or ["segment"])))


def verbose(*granularities: str, spoken: SpokenText = SPOKEN) -> Any:
    return json.loads(answer("verbose_json", *granularities, spoken=spoken).text)


def test_json_has_the_text_and_the_seconds_that_were_used() -> None:
    content = json.loads(answer("json").text)
    assert content == {"text": "Good evening. Rhythm & blues", "usage": {"type": "duration", "seconds": 7}}


def test_text_is_the_text_alone() -> None:
    assert answer("text") == answers.SpeechAnswer("text/plain; charset=utf-8", "Good evening. Rhythm & blues\n")


def test_segments_have_all_that_clients_read() -> None:
    content = verbose()
    assert (content["task"], content["language"], content["duration"]) == ("transcribe", "german", 6.2)
    assert "words" not in content
    assert {key: content["segments"][1][key] for key in ("id", "start", "end", "text")} == {
        "id": 1,
        "start": 4.0,
        "end": 5.2,
        "text": " Rhythm & blues",
    }
    assert content["segments"][0].keys() >= {
        "avg_logprob", "compression_ratio", "no_speech_prob", "seek", "temperature", "tokens",
    }  # fmt: skip


def test_words_alone_come_without_segments() -> None:
    content = verbose("word")
    assert "segments" not in content
    assert content["words"][0] == {"word": "Good", "start": 1.0, "end": 1.4}
    assert len(content["words"]) == 5


def test_subtitles_have_cues_and_no_markup_of_their_own() -> None:
    assert answer("srt").text.startswith("1\n00:00:01,000 --> ")
    shown = answer("vtt").text
    assert shown.startswith("WEBVTT\n\n00:00:01.000 --> ")
    assert "Rhythm &amp; blues" in shown


@pytest.mark.parametrize(("form", "text"), [("text", "\n"), ("srt", ""), ("vtt", "WEBVTT\n\n")])
def test_silence_is_an_empty_answer(form: str, text: str) -> None:
    assert answer(form, spoken=SpokenText("transcribe", [], "und", 3.0)).text == text


def test_silence_has_a_language_that_is_not_known() -> None:
    content = verbose("word", "segment", spoken=SpokenText("transcribe", [], "und", 3.0))
    assert (content["text"], content["language"], content["segments"], content["words"]) == ("", "und", [], [])
