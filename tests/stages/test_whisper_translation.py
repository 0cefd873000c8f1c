"""Whisper's own translation: what goes in, and what is made of what it heard."""

import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from jsonschema.validators import Draft202012Validator
from recognition.segments import DroppedText, Segment
from recognition.transcripts import TranscriptOrigin
from recognition.two_pass import RecognisedSpeech, SpeechActivity

from pipeline.config.catalog import Catalog
from pipeline.config.ensure import parse_promises
from pipeline.project import ProjectFolder
from pipeline.run.ensure import unmet_conditions
from tests.conftest import REPOSITORY
from tests.stages.recognition.helpers import said

TEN = ("it", "was", "the", "best", "of", "times", "and", "the", "worst", "of")
SPEECH = [(1.0, 9.0), (40.0, 48.0)]
FIRST, SECOND = (said(start, *TEN, each=0.8) for start in (1.0, 40.0))


@pytest.fixture
def whisper(engines: None, load_stage: Callable[..., ModuleType]) -> Any:
    return load_stage("whisper_translation")


def document(whisper: Any, language: str, *segments: Segment, dropped: tuple[DroppedText, ...] = ()) -> dict[str, Any]:
    origin = TranscriptOrigin("faster-whisper 1.2.1", "whisper-base", language, 0.9, 60.0, "attention")
    result, activity = (
        RecognisedSpeech(list(segments), list(dropped)),
        SpeechActivity(SPEECH if segments else [], [], 60.0),
    )
    found = SimpleNamespace(
        result=result, activity=activity, origin=origin, check=whisper.speech_to_text.LanguageCheck()
    )
    made: dict[str, Any] = whisper.translation(found, "en")
    schema = json.loads((REPOSITORY / "config/schemas/translation.json").read_bytes())
    Draft202012Validator(schema).validate(made)
    return made


def broken(made: dict[str, Any], tmp_path: Path) -> list[str]:
    """What the stage promises of its translation, and doesn't keep."""
    stage = Catalog(ProjectFolder(REPOSITORY)).stage("whisper_translation")
    file = tmp_path / "translation.en.json"
    file.write_text(json.dumps(made), encoding="utf-8")
    return unmet_conditions(
        parse_promises(stage.ensure), {"translation": file}, {}, ProjectFolder(REPOSITORY), lambda path: None
    )


def test_words_keep_their_times_and_the_note_says_that_it_is_from_audio(whisper: Any) -> None:
    made = document(whisper, "es", FIRST, SECOND)
    assert made["segments"][0]["words"][1] == {"start": 1.8, "end": 2.6, "word": " was", "probability": 0.9}
    assert (made["source_language"], made["language"], made["word_times"]) == ("es", "en", "attention")
    assert made["engine"] == "faster-whisper 1.2.1 (translation from the audio)"
    assert made["notes"] == [whisper.FROM_AUDIO]


def test_speech_that_is_english_already_is_told(whisper: Any) -> None:
    assert "English already" in document(whisper, "en", FIRST, SECOND)["notes"][0]


def test_silence_gives_an_empty_translation(whisper: Any) -> None:
    made = document(whisper, "und")
    assert (made["segments"], made["word_times"]) == ([], "none")
    (note,) = made["notes"]
    assert (made["content"], "no speech was recognised" in note) == ("sound without speech", True)


def test_what_is_not_believed_stands_in_the_translation_with_its_reason(whisper: Any) -> None:
    made = document(
        whisper, "es", FIRST, SECOND, dropped=(DroppedText(50.0, 51.0, "Thank you.", "nobody speaks there"),)
    )
    assert made["dropped"][0]["reason"] == "nobody speaks there"
    assert "1 piece of text" in made["notes"][1]


def test_a_translation_of_all_that_is_said_keeps_the_promise(whisper: Any, tmp_path: Path) -> None:
    assert broken(document(whisper, "es", FIRST, SECOND), tmp_path) == []


@pytest.mark.parametrize("half", [FIRST, SECOND])
def test_a_translation_that_leaves_out_one_half_of_the_speech_is_a_failure(
    whisper: Any, tmp_path: Path, half: Segment
) -> None:
    assert "weaker_half" in " ".join(broken(document(whisper, "es", half), tmp_path))


def test_another_target_than_english_is_refused(whisper: Any) -> None:
    stage = SimpleNamespace(parameters={"source": "en", "target": "es"})
    with pytest.raises(whisper.stagekit.StageFailed, match="into English only, not into 'es'"):
        whisper.run(stage)
