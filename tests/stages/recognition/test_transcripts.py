import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from recognition.segments import DroppedText, Segment, SpokenWord
from recognition.transcripts import TranscriptOrigin, document, paragraphs, save, tidy
from recognition.two_pass import RecognisedSpeech

from tests.conftest import REPOSITORY
from tests.stages.recognition.helpers import said

ORIGIN = TranscriptOrigin("faster-whisper 1.2.1", "whisper-base", "en", 0.9, 60.0, "attention")
SPEECH = [(1.0, 5.0)]
SPOKEN = said(1.0, "It", "was", "the", "best", "of", "times.", each=0.6)


def made(*segments: Segment, dropped: tuple[DroppedText, ...] = (), speech: Any = None) -> dict[str, Any]:
    transcript = document(RecognisedSpeech(list(segments), list(dropped)), SPEECH if speech is None else speech, ORIGIN)
    schema = json.loads((REPOSITORY / "config/schemas/transcript.json").read_text(encoding="utf-8"))
    Draft202012Validator(schema).validate(transcript)
    return transcript


def worded(*words: tuple[float, float, str]) -> Segment:
    return Segment(0.0, 9.0, "", tuple(SpokenWord(start, end, text, 0.9) for start, end, text in words))


def times(segments: list[Segment]) -> list[float]:
    return [edge for part in segments for word in part.words for edge in (word.start, word.end)]


def test_a_transcript_says_what_it_was_made_of() -> None:
    transcript = made(SPOKEN)
    assert transcript["speech"] == [[1.0, 5.0]]
    assert transcript["coverage"]["share"] > 0.9
    assert transcript["segments"][0]["words"][1] == {"start": 1.6, "end": 2.2, "word": " was", "probability": 0.9}
    assert transcript["notes"] == []


@pytest.mark.parametrize(
    ("speech", "is_silent", "content"),
    [
        ([], True, "silence"),
        ([], False, "sound without speech"),
        ([(1.0, 1.5)], False, "sound without speech"),
        ([(1.0, 9.0)], False, "speech without words"),
    ],
)
def test_an_empty_transcript_is_valid_and_says_why(
    speech: list[tuple[float, float]], is_silent: bool, content: str
) -> None:
    transcript = document(RecognisedSpeech([], []), speech, replace(ORIGIN, is_silent=is_silent))
    (note,) = transcript["notes"]
    assert (transcript["word_times"], transcript["content"]) == ("none", content)
    assert "no speech was recognised" in note
    assert ("silent" in note) == is_silent


def test_a_transcript_with_words_says_so() -> None:
    assert made(SPOKEN)["content"] == "words"


def test_a_time_after_the_end_never_becomes_one_before_it() -> None:
    late = Segment(57.0, 58.0, "you", (SpokenWord(57.0, 58.0, " you", 0.9),))
    assert tidy([SPOKEN, late, Segment(57.0, 58.0, "you")], 40.0) == [SPOKEN]


def test_what_was_dropped_is_told_with_its_reason() -> None:
    transcript = made(SPOKEN, dropped=(DroppedText(8.0, 9.0, "Bye.", "nobody speaks there"),))
    assert transcript["dropped"] == [{"start": 8.0, "end": 9.0, "text": "Bye.", "reason": "nobody speaks there"}]
    assert transcript["notes"] == ["1 piece of text that nobody seems to have said was dropped"]


def test_a_long_stretch_of_speech_without_words_is_told_with_its_time() -> None:
    assert made(SPOKEN, speech=[*SPEECH, (20.0, 26.0), (26.5, 35.0)])["notes"] == [
        "from 0:00:20 to 0:00:35 somebody seems to speak, but no word was recognised"
    ]


def test_what_turned_out_to_be_no_speech_needs_no_words() -> None:
    noise = DroppedText(20.0, 40.0, "whoo", "the recogniser itself found it unlikely that somebody speaks")
    transcript = made(SPOKEN, dropped=(noise,), speech=[*SPEECH, (20.0, 40.0)])
    assert transcript["coverage"]["speech_s"] == 4.0


def test_a_segment_without_word_times_has_text_alone() -> None:
    (shown,) = made(Segment(1.0, 5.0, " Good evening "))["segments"]
    assert shown == {"start": 1.0, "end": 5.0, "text": "Good evening"}


def test_speakers_are_shown_where_they_are_known() -> None:
    word = SpokenWord(1.0, 2.0, " Yes.", 0.9, "SPEAKER_01")
    (shown,) = made(Segment(1.0, 2.0, "Yes.", (word,), speaker="SPEAKER_01"))["segments"]
    assert shown["speaker"] == shown["words"][0]["speaker"] == "SPEAKER_01"


def test_times_never_go_back() -> None:
    tidied = tidy([worded((0.5, 1.2, " one"), (1.0, 0.9, " two")), worded((1.1, 1.5, " three"))], 9.0)
    assert times(tidied) == [0.5, 1.2, 1.2, 1.2, 1.2, 1.5]


def test_times_stay_within_the_audio() -> None:
    assert times(tidy([worded((-0.1, 1.0, " one"), (1.0, 9.0, " two"))], 4.0)) == [0.0, 1.0, 1.0, 4.0]


def test_times_are_rounded_to_milliseconds() -> None:
    assert made(worded((1.12345, 1.98765, " one")))["segments"][0]["words"][0]["end"] == 1.988


def test_a_segment_of_blanks_is_left_out() -> None:
    assert tidy([worded((0.0, 1.0, " "), (1.0, 2.0, "\n")), Segment(0.0, 1.0, " ")], 9.0) == []


def test_a_probability_that_is_no_number_becomes_valid_json() -> None:
    transcript = made(Segment(1.0, 2.0, "one", (SpokenWord(1.0, 2.0, " one", math.nan),)))
    assert json.dumps(transcript, allow_nan=False)


def shown(*segments: Segment) -> list[str]:
    return list(paragraphs(made(*segments)["segments"]))


def test_a_pause_starts_a_paragraph() -> None:
    assert shown(said(0.0, "One."), said(1.2, "Two."), said(4.0, "Three.")) == ["One. Two.", "Three."]


def test_a_long_paragraph_ends_with_a_sentence() -> None:
    words = ["Sentence." if index % 10 == 9 else "Sentence" for index in range(200)]
    parts = shown(said(0.0, *words, each=0.1))
    assert len(parts) > 1
    assert all(part.endswith(".") for part in parts)


def test_a_script_without_spaces_gets_none() -> None:
    assert shown(worded((1.0, 1.5, "今日"), (1.5, 2.0, "は"))) == ["今日は"]


def test_no_segments_give_no_paragraph() -> None:
    assert list(paragraphs([])) == []


def test_both_files_are_written(tmp_path: Path) -> None:
    save(made(SPOKEN), tmp_path / "t.json", tmp_path / "t.txt")
    assert json.loads((tmp_path / "t.json").read_text(encoding="utf-8"))["schema"] == 2
    assert (tmp_path / "t.txt").read_text(encoding="utf-8") == "It was the best of times.\n"


@pytest.mark.parametrize("language", ["und", "yue"])
def test_a_language_may_have_three_letters(language: str) -> None:
    made_of = TranscriptOrigin("faster-whisper 1.2.1", "whisper-base", language, 0.0, 60.0, "attention")
    assert document(RecognisedSpeech([], []), [], made_of)["language"] == language


def test_of_several_languages_the_shares_are_told_and_the_segments_say_theirs() -> None:
    two = [replace(SPOKEN, language="en"), replace(said(10.0, "Buenas", "noches.", each=0.6), language="es")]
    origin = replace(ORIGIN, shares={"en": 0.7, "es": 0.3})
    transcript = document(RecognisedSpeech(two, []), [(1.0, 5.0), (10.0, 11.2)], origin)
    Draft202012Validator(json.loads((REPOSITORY / "config/schemas/transcript.json").read_bytes())).validate(transcript)
    assert transcript["languages"] == {"en": 0.7, "es": 0.3}
    assert [segment.get("language") for segment in transcript["segments"]] == [None, "es"]
    assert transcript["notes"] == [
        "2 languages are spoken, each recognised in its own: English (en) 70%, Spanish (es) 30%"
    ]


def test_of_one_language_nothing_is_said() -> None:
    assert "languages" not in made(SPOKEN)
    assert "language" not in made(SPOKEN)["segments"][0]
