"""The stage itself: files and a report from a transcript."""

import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from pipeline.config.ensure import Ensure
from pipeline.project import ProjectFolder
from pipeline.run.ensure import unmet_conditions
from tests.conftest import REPOSITORY
from tests.stages.conftest import RecordingStage
from tests.stages.subtitling.helpers import transcript

SCHEMA = "config/schemas/subtitle_report.json"


class FileStage(RecordingStage):
    """With a transcript, parameters, and a folder for outputs."""

    def __init__(self, folder: Path, content: dict[str, Any], **parameters: Any) -> None:
        super().__init__()
        self.folder = folder
        self.parameters = {
            "style": "netflix",
            "language": "",
            "frame_rate": 0,
            "keep_cues": False,
            "flags": "",
            **parameters,
        }
        (folder / "transcript.json").write_text(json.dumps(content))

    def input(self, name: str) -> Path:
        return self.folder / f"{name}.json"

    def output(self, name: str, filename: str = "report.json") -> Path:
        return self.folder / filename

    @property
    def report(self) -> dict[str, Any]:
        read: dict[str, Any] = json.loads((self.folder / "report.json").read_text())
        return read


@pytest.fixture
def generation(load_stage: Callable[..., ModuleType]) -> ModuleType:
    return load_stage("subtitle_generation")


SPOKEN = transcript((1.0, 1.5, " Good"), (1.5, 2.5, " evening."))


def test_all_formats_are_written_under_the_language_s_name(generation: ModuleType, tmp_path: Path) -> None:
    generation.run(FileStage(tmp_path, SPOKEN))
    assert "00:00:01,000 --> 00:00:02,500\nGood evening.\n" in (tmp_path / "en.srt").read_text()
    assert (tmp_path / "en.vtt").read_text().startswith("WEBVTT\n\n00:00:01.000 -->")
    assert "Good evening." in (tmp_path / "en.ass").read_text()


def test_what_subtitles_are_for_stands_in_their_names(generation: ModuleType, tmp_path: Path) -> None:
    generation.run(FileStage(tmp_path, SPOKEN, flags="forced,sdh"))
    assert sorted(path.name for path in tmp_path.glob("en.*")) == [
        "en.forced.sdh.ass",
        "en.forced.sdh.srt",
        "en.forced.sdh.vtt",
    ]


def test_the_report_counts_cues_and_broken_rules(generation: ModuleType, tmp_path: Path) -> None:
    stage = FileStage(tmp_path, SPOKEN, frame_rate="24000/1001")
    generation.run(stage)
    report = stage.report
    assert (report["cues"], report["language"], report["frame_rate"]) == (1, "en", "24000/1001")
    assert report["reading_speed"]["share_over"] == 0
    assert set(report["broken"].values()) == {0}


def kept(folder: Path) -> list[str]:
    return unmet_conditions(
        {"report": Ensure(schema=SCHEMA)},
        {"report": folder / "report.json"},
        {},
        ProjectFolder(REPOSITORY),
        lambda _: None,
    )


def test_what_the_report_promises_is_kept_by_what_the_stage_makes(generation: ModuleType, tmp_path: Path) -> None:
    hurried = transcript(*[(0.0, 0.0, f" {'x' * 60}") for _ in range(50)], duration=1.0)
    generation.run(FileStage(tmp_path, hurried))
    assert kept(tmp_path) == []


def test_a_line_too_long_breaks_the_promise(generation: ModuleType, tmp_path: Path) -> None:
    stage = FileStage(tmp_path, SPOKEN)
    generation.run(stage)
    broken = {**stage.report, "broken": {**stage.report["broken"], "line-length": 1}}
    (tmp_path / "report.json").write_text(json.dumps(broken))
    assert "line-length" in kept(tmp_path)[0]


def test_the_language_can_be_another_than_the_transcript_s(generation: ModuleType, tmp_path: Path) -> None:
    script = {**SPOKEN, "segments": [{"start": 0.0, "end": 4.0, "text": "今日はいい天気ですね。"}]}
    stage = FileStage(tmp_path, script, language="ja")
    generation.run(stage)
    assert "今日はいい天気ですね。" in (tmp_path / "ja.srt").read_text(encoding="utf-8")
    assert stage.report["reading_speed"]["allowed"] == 7


def test_an_empty_transcript_is_told(generation: ModuleType, tmp_path: Path) -> None:
    stage = FileStage(tmp_path, {"language": "und", "duration_s": 3.0, "segments": []})
    generation.run(stage)
    assert stage.warnings == ["the transcript is empty, so the subtitles have no cue"]
    assert (tmp_path / "und.srt").read_text() == ""
    assert kept(tmp_path) == []


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [({"style": "bcc"}, "no style 'bcc'; there are: netflix, bbc"), ({"frame_rate": "fast"}, "is no frame rate")],
)
def test_a_wrong_parameter_is_told(
    generation: ModuleType, tmp_path: Path, parameters: dict[str, Any], expected: str
) -> None:
    with pytest.raises(generation.stagekit.StageFailed, match=expected):
        generation.run(FileStage(tmp_path, SPOKEN, **parameters))


def test_cues_that_exist_keep_their_times_and_number_where_that_is_asked_for(
    generation: ModuleType, tmp_path: Path
) -> None:
    cues = [{"start": 1.0, "end": 1.2, "text": "Good"}, {"start": 1.2, "end": 30.0, "text": "evening."}]
    stage = FileStage(tmp_path, {"language": "en", "duration_s": 30.0, "segments": cues}, keep_cues=True)
    generation.run(stage)
    written = (tmp_path / "en.srt").read_text()
    assert "00:00:01,000 --> 00:00:01,200\nGood\n" in written
    assert "00:00:01,200 --> 00:00:30,000\nevening.\n" in written
    assert stage.report["broken"]["too-short"] == 1


@pytest.mark.parametrize("keep", [True, False])
def test_a_long_translation_of_a_cue_that_is_kept_takes_a_third_line_and_is_told(
    generation: ModuleType, tmp_path: Path, keep: bool
) -> None:
    text = "It was the best of times, it was the worst of times, it was the age of wisdom and of foolishness."
    cues = [{"start": 1.0, "end": 6.0, "text": text}]
    stage = FileStage(tmp_path, {"language": "en", "duration_s": 30.0, "segments": cues}, keep_cues=keep)
    generation.run(stage)
    assert stage.report["broken"]["lines"] == int(keep)
    assert bool(stage.warnings) == keep
    assert kept(tmp_path) == []
    told = {**stage.report, "broken": {**stage.report["broken"], "lines": 1}}
    (tmp_path / "report.json").write_text(json.dumps(told))
    assert (kept(tmp_path) == []) == keep


@pytest.mark.parametrize("keep", [True, False])
def test_a_sign_keeps_its_times_and_place_whether_the_speech_is_cut_anew_or_not(
    generation: ModuleType, tmp_path: Path, keep: bool
) -> None:
    segments = [
        {"start": 1.0, "end": 9.0, "text": "OFFICE", "alignment": 8},
        {"start": 2.0, "end": 4.0, "text": "I don't believe it.", "speaker": "Ann"},
    ]
    stage = FileStage(tmp_path, {"language": "en", "duration_s": 30.0, "segments": segments}, keep_cues=keep)
    generation.run(stage)
    written = (tmp_path / "en.srt").read_text()
    assert "00:00:01,000 --> 00:00:09,000\n{\\an8}OFFICE\n" in written
    assert "00:00:02,000 --> 00:00:04,000\nI don't believe it.\n" in written
    assert "line:0" in (tmp_path / "en.vtt").read_text()
    assert kept(tmp_path) == []


def test_speech_at_once_in_cues_that_are_kept_is_reported_and_no_failure(
    generation: ModuleType, tmp_path: Path
) -> None:
    segments = [{"start": 1.0, "end": 9.0, "text": "A long one."}, {"start": 2.0, "end": 3.0, "text": "Oh!"}]
    stage = FileStage(tmp_path, {"language": "en", "duration_s": 30.0, "segments": segments}, keep_cues=True)
    generation.run(stage)
    assert stage.report["broken"]["overlap"] == 1
    assert kept(tmp_path) == []


def test_an_interjection_keeps_its_time_where_the_speech_around_it_is_cut_again(
    generation: ModuleType, tmp_path: Path
) -> None:
    segments = [
        {"start": 1.0, "end": 6.0, "text": "I want to tell you about the house."},
        {"start": 2.0, "end": 3.0, "text": "Good!"},
        {"start": 6.1, "end": 8.0, "text": "It is old."},
    ]
    generation.run(FileStage(tmp_path, {"language": "en", "duration_s": 30.0, "segments": segments}))
    written = (tmp_path / "en.srt").read_text()
    assert "00:00:02,000 --> 00:00:03,000\nGood!\n" in written
    assert "00:00:01,000 --> 00:00:0" in written
    assert kept(tmp_path) == []


TURNS = "- Yellow.\n- Cyan."


@pytest.mark.parametrize(
    "segments",
    [
        [{"start": 1.0, "end": 3.0, "text": TURNS}, {"start": 3.1, "end": 5.0, "text": "And so on."}],
        [
            {"start": 1.0, "end": 2.0, "text": "- Yellow."},
            {"start": 2.0, "end": 3.0, "text": "- Cyan."},
            {"start": 3.1, "end": 5.0, "text": "And so on."},
        ],
    ],
)
def test_two_speakers_keep_their_lines_where_cues_are_cut_again(
    generation: ModuleType, tmp_path: Path, segments: list[dict[str, Any]]
) -> None:
    generation.run(FileStage(tmp_path, {"language": "en", "duration_s": 30.0, "segments": segments}))
    assert f"\n{TURNS}\n\n" in (tmp_path / "en.srt").read_text()


def test_turns_that_do_not_fit_together_become_two_cues(generation: ModuleType, tmp_path: Path) -> None:
    long = "- It was the best of times, it was the worst of times, it was the age of wisdom."
    segments = [{"start": 1.0, "end": 9.0, "text": f"{long}\n- Yes."}]
    generation.run(FileStage(tmp_path, {"language": "en", "duration_s": 30.0, "segments": segments}))
    assert "\n- Yes.\n\n" in (tmp_path / "en.srt").read_text()
    assert kept(tmp_path) == []
