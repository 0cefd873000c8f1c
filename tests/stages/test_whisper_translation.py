"""Whisper's own translation: what goes in, and what is made of the library's segments."""

import json
from collections.abc import Callable
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from jsonschema.validators import Draft202012Validator

from tests.conftest import REPOSITORY


@pytest.fixture
def whisper(load_stage: Callable[..., ModuleType]) -> ModuleType:
    stage = load_stage("whisper_translation", "numpy", "faster_whisper", "recognition")
    stage.whisper.ENGINE = "faster-whisper 1.2.1"
    return stage


def segment(*words: tuple[float, float, str], text: str = "") -> SimpleNamespace:
    aligned = [SimpleNamespace(start=start, end=end, word=word, probability=0.9) for start, end, word in words]
    return SimpleNamespace(words=aligned, text=text, start=0.5, end=2.0)


def document(whisper: ModuleType, language: str, *segments: SimpleNamespace) -> dict[str, Any]:
    tidied = list(whisper.tidy(segments, 9.0))
    made: dict[str, Any] = whisper.translation(tidied, SimpleNamespace(language=language), "en", 9.0, "whisper-base")
    schema = json.loads((REPOSITORY / "config/schemas/translation.json").read_bytes())
    Draft202012Validator(schema).validate(made)
    return made


def test_words_keep_their_times_and_the_note_says_that_it_is_from_audio(whisper: ModuleType) -> None:
    made = document(whisper, "es", segment((0.5, 1.0, " Good"), (1.0, 1.5, " morning.")))
    assert made["segments"][0]["text"] == "Good morning."
    assert (made["source_language"], made["word_times"]) == ("es", "attention")
    assert "from the audio" in made["notes"][0]


def test_a_segment_without_words_keeps_its_text_and_times(whisper: ModuleType) -> None:
    made = document(whisper, "es", segment(text=" Good morning. "))
    assert made["segments"] == [{"start": 0.5, "end": 2.0, "text": "Good morning."}]


def test_speech_that_is_english_already_is_told(whisper: ModuleType) -> None:
    assert "English already" in document(whisper, "en", segment((0.5, 1.0, " Yes.")))["notes"][0]


def test_silence_gives_an_empty_translation(whisper: ModuleType) -> None:
    made = document(whisper, "es", segment((0.5, 1.0, " ")))
    assert (made["segments"], made["source_language"]) == ([], "und")


def test_times_never_go_back_and_stay_within_the_audio(whisper: ModuleType) -> None:
    made = document(whisper, "es", segment((0.5, 1.2, " One"), (1.0, 0.9, " two")), segment((1.1, 99.0, " three.")))
    words = [word for part in made["segments"] for word in part["words"]]
    assert [(word["start"], word["end"]) for word in words] == [(0.5, 1.2), (1.2, 1.2), (1.2, 9.0)]


def test_another_target_than_english_is_refused(whisper: ModuleType) -> None:
    stage = SimpleNamespace(parameters={"source": "en", "target": "es"})
    with pytest.raises(whisper.stagekit.StageFailed, match="into English only, not into 'es'"):
        whisper.run(stage)


@pytest.mark.parametrize(
    ("multilingual", "source", "message"), [(False, "auto", "English only"), (True, "yue", "'yue'")]
)
def test_a_model_that_can_not_is_refused(whisper: ModuleType, multilingual: bool, source: str, message: str) -> None:
    model = SimpleNamespace(
        model=SimpleNamespace(is_multilingual=multilingual), hf_tokenizer=SimpleNamespace(token_to_id={}.get)
    )
    with pytest.raises(whisper.stagekit.StageFailed, match=message):
        whisper._check(model, source, "whisper")
