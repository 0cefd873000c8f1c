"""Who speaks in a transcript, once a person has named the speakers in its subtitles."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import jsonschema
import pytest
from subtitling import speaker_names, writer
from subtitling.cues import Cue

from tests.conftest import REPOSITORY

FIRST, SECOND = "SPEAKER_00", "SPEAKER_01"


OTHER = Cue(8000, 9000, "z", "Zoe")  # so that the cues say who speaks


def segment(start: float, end: float, speaker: str = "", **more: Any) -> dict[str, Any]:
    return {"start": start, "end": end, "text": "words", **({"speaker": speaker} if speaker else {}), **more}


def speakers(segments: Sequence[dict[str, Any]], *cues: Cue) -> list[str | None]:
    return [each.get("speaker") for each in speaker_names.named(segments, cues)]


def test_a_name_is_that_of_the_cue_at_the_same_time() -> None:
    segments = [segment(0, 2, FIRST), segment(2, 4, SECOND)]
    assert speakers(segments, Cue(0, 2000, "a", "Ann"), Cue(2080, 4000, "b", SECOND)) == ["Ann", SECOND]


def test_a_single_cue_of_another_speaker_changes_no_other() -> None:
    segments = [segment(0, 2, FIRST), segment(2, 4, FIRST), segment(4, 6, FIRST)]
    cues = [Cue(0, 2000, "a", "Ann"), Cue(2000, 4000, "b", "Bob"), Cue(4000, 6000, "c", "Ann")]
    assert speakers(segments, *cues) == ["Ann", "Bob", "Ann"]


def test_where_several_speak_in_a_cue_each_has_its_usual_name() -> None:
    segments = [segment(0, 2, FIRST), segment(2, 3, FIRST), segment(3, 4, SECOND), segment(4, 6, SECOND)]
    cues = [Cue(0, 2000, "a", "Ann"), Cue(2000, 4000, "- b\n- c", "Ann / Bob"), Cue(4000, 6000, "d", "Bob")]
    assert speakers(segments, *cues) == ["Ann", "Ann", "Bob", "Bob"]


def test_a_speaker_whose_cue_was_removed_has_the_usual_name() -> None:
    segments = [segment(0, 2, FIRST), segment(8, 9, FIRST)]
    assert speakers(segments, Cue(0, 2000, "a", "Ann")) == ["Ann", "Ann"]


def test_one_of_whom_no_cue_is_left_stays_as_heard() -> None:
    assert speakers([segment(0, 2, FIRST)], Cue(5000, 6000, "a", "Ann")) == [FIRST]


def test_one_who_has_no_name_any_more_is_nobody() -> None:
    words = [{"start": 0, "end": 1, "word": "a", "probability": 1, "speaker": FIRST}]
    (named,) = speaker_names.named([segment(0, 2, FIRST, words=words)], [Cue(0, 2000, "a"), OTHER])
    assert "speaker" not in named
    assert "speaker" not in named["words"][0]


def test_cues_that_never_say_who_speaks_change_nothing() -> None:
    assert speakers([segment(0, 2, FIRST), segment(2, 4)], Cue(0, 2000, "a"), Cue(2000, 4000, "b")) == [FIRST, None]


def test_words_are_said_by_who_says_the_segment() -> None:
    words = [
        {"start": 0, "end": 1, "word": "a", "probability": 1, "speaker": FIRST},
        {"start": 1, "end": 2, "word": "b"},
    ]
    (named,) = speaker_names.named([segment(0, 2, FIRST, words=words)], [Cue(0, 2000, "a", "Ann")])
    assert [word.get("speaker") for word in named["words"]] == ["Ann", None]


def test_what_nobody_was_heard_to_say_gets_no_speaker() -> None:
    assert speakers([segment(0, 2)], Cue(0, 2000, "a", "Ann")) == [None]


class NameStage:
    def __init__(self, folder: Path, language: str = "en") -> None:
        self.folder, self.warnings = folder, list[str]()
        self.source = folder / "transcript.json"
        self.source.write_text(json.dumps(transcript()), encoding="utf-8")
        cues = [Cue(0, 2000, "Żółw", "Zoë"), Cue(2000, 4000, "b", "Bob")]
        writer.save(cues, folder / f"{language}.forced.vtt", "vtt")
        writer.save([cue._replace(speaker="nobody") for cue in cues], folder / "fr.vtt", "vtt")

    def input(self, _: str) -> Path:
        return self.source

    def inputs(self, _: str) -> list[Path]:
        return sorted(self.folder.glob("*.vtt"), reverse=True)

    def output(self, _: str, file: str) -> Path:
        (self.folder / "out").mkdir(exist_ok=True)
        return self.folder / "out" / file

    def warn(self, text: str) -> None:
        self.warnings.append(text)


def transcript() -> dict[str, Any]:
    return {
        "schema": 2,
        "language": "en",
        "language_probability": 1.0,
        "duration_s": 4.0,
        "engine": "whisperx 3",
        "model": "tiny",
        "word_times": "aligned",
        "content": "words",
        "segments": [segment(0, 2, FIRST), segment(2, 4, SECOND)],
        "speech": [[0, 4]],
        "coverage": {"speech_s": 4.0, "covered_s": 4.0, "share": 1.0, "weaker_half": 1.0},
        "dropped": [],
        "notes": [],
    }


@pytest.fixture
def naming(load_stage: Callable[..., ModuleType]) -> ModuleType:
    return load_stage("speaker_names")


def test_the_stage_takes_the_subtitles_of_the_document_s_language(naming: ModuleType, tmp_path: Path) -> None:
    stage = NameStage(tmp_path)
    naming.run(stage)
    written = json.loads((tmp_path / "out" / "transcript.json").read_text(encoding="utf-8"))
    assert [each["speaker"] for each in written["segments"]] == ["Zoë", "Bob"]
    assert {**written, "segments": []} == {**transcript(), "segments": []}
    jsonschema.validate(written, json.loads((REPOSITORY / "config/schemas/transcript.json").read_bytes()))
    assert stage.warnings == []


def test_without_subtitles_in_its_language_the_document_stays_and_says_so(naming: ModuleType, tmp_path: Path) -> None:
    stage = NameStage(tmp_path, "de")
    naming.run(stage)
    assert json.loads((tmp_path / "out" / "transcript.json").read_text(encoding="utf-8")) == transcript()
    assert "no subtitles in its language, en" in stage.warnings[0]
