"""A person's subtitle file as changes in the subtitles of a job."""

import json
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from subtitling import reader, writer
from subtitling.cues import Cue
from subtitling.exports.export_formats import EXPORT_FORMATS
from subtitling.exports.written_file import ExportOptions

CUES = [
    Cue(1000, 3000, "It was the best of thymes", "Ann"),
    Cue(3500, 5000, "it was the worst of times", "Bob", 8),
    Cue(6001, 8003, "das Zeitalter", language="de"),
]


class EditStage:
    def __init__(self, folder: Path, base: str, other: Sequence[Cue] = CUES, **parameters: Any) -> None:
        self.parameters = {
            "language": "en",
            "style": "netflix",
            "frame_rate": 0,
            "passages": [],
            "windows": [],
            **parameters,
        }
        self.folder = self.work = folder
        for kind in writer.FORMATS:
            writer.save(CUES, folder / f"base.{kind}", kind)
        writer.save(other, folder / "other.vtt", "vtt")
        self.own = folder / f"own.{base}"
        self.own.write_bytes((folder / f"base.{base}").read_bytes())
        self._base = [folder / f"base.{base}", folder / "base.vtt"]

    def inputs(self, name: str) -> list[Path]:
        return {"base": self._base, "own": [self.own], "other": [self.folder / "other.vtt"]}[name]

    def output(self, name: str) -> Path:
        return self.folder / f"result.{name}"

    def said(self) -> dict[str, Any]:
        return dict(json.loads(self.output("edits").read_text(encoding="utf-8")))

    def text(self, kind: str) -> str:
        return self.output(kind).read_text(encoding="utf-8")


@pytest.fixture
def editing(load_stage: Callable[..., ModuleType]) -> ModuleType:
    return load_stage("subtitle_edit")


@pytest.mark.parametrize("kind", writer.FORMATS)
def test_a_file_without_a_change_gives_the_same_bytes_in_every_format(
    editing: ModuleType, tmp_path: Path, kind: str
) -> None:
    stage = EditStage(tmp_path, kind)
    editing.run(stage)
    assert (stage.said()["problem"], stage.said()["edits"]) == (None, [])
    assert [stage.text(each) for each in writer.FORMATS] == [
        (tmp_path / f"base.{each}").read_text(encoding="utf-8") for each in writer.FORMATS
    ]


@pytest.mark.parametrize("kind", writer.FORMATS)
def test_a_changed_text_keeps_all_else_of_its_cue(editing: ModuleType, tmp_path: Path, kind: str) -> None:
    stage = EditStage(tmp_path, kind)
    stage.own.write_text(stage.own.read_text(encoding="utf-8").replace("thymes", "times"), encoding="utf-8")
    editing.run(stage)
    (change,) = stage.said()["edits"]
    assert [cue["text"] for cue in change["after"]] == ["It was the best of times"]
    assert stage.text("vtt") == (tmp_path / "base.vtt").read_text(encoding="utf-8").replace("thymes", "times")


def test_a_file_of_another_encoding_with_other_line_ends_is_read_as_well(editing: ModuleType, tmp_path: Path) -> None:
    stage = EditStage(tmp_path, "srt")
    text = stage.own.read_text(encoding="utf-8").replace("thymes", "times, café").replace("\n", "\r\n")
    stage.own.write_bytes(text.encode("utf-16"))
    editing.run(stage)
    assert "times, café" in stage.text("srt")


def test_what_both_have_changed_is_listed_and_the_persons_text_stays(editing: ModuleType, tmp_path: Path) -> None:
    stage = EditStage(tmp_path, "srt", [CUES[0]._replace(text="It was the best of dimes"), *CUES[1:]])
    stage.own.write_text(stage.own.read_text(encoding="utf-8").replace("thymes", "times"), encoding="utf-8")
    editing.run(stage)
    (clash,) = stage.said()["clashes"]
    assert [clash[side][0]["text"][-6:] for side in ("before", "after", "now")] == ["thymes", " times", " dimes"]
    assert "of times" in stage.text("srt")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no subtitles at all\n",
        "1\n00:00:03,000 --> 00:00:01,000\nIt was the best of thymes\n\n",
        "1\n00:00:01,000 --> 00:00:04,000\nIt was the best\n\n2\n00:00:03,500 --> 00:00:05,000\nof times\n\n",
        "1\n01:00:01,000 --> 01:00:04,000\nAnother film\n\n",
        "1\n00:00:01,000 --> 00:00:03,000\nIt was the best of thymes\n\n2\n00:00:03,500 --> 00:00:x5,000\nit was\n\n",
    ],
    ids=["empty", "text", "backwards", "at once", "another film", "no times"],
)
def test_a_file_that_can_not_be_taken_is_refused_with_the_reason(
    editing: ModuleType, tmp_path: Path, text: str
) -> None:
    stage = EditStage(tmp_path, "srt")
    stage.own.write_text(text)
    editing.run(stage)
    assert stage.said()["problem"]
    assert reader.read(stage.output("srt")).cues == []


def test_changes_that_were_written_down_are_made_again(editing: ModuleType, tmp_path: Path) -> None:
    before = {"start": 1.0, "end": 3.0, "text": "It was the best of thymes"}
    stage = EditStage(tmp_path, "srt", passages=[{"before": [before], "after": [{**before, "text": "of times"}]}])
    editing.run(stage)
    assert [cue.text for cue in reader.read(stage.output("srt")).cues] == ["of times", CUES[1].text, CUES[2].text]


@pytest.mark.parametrize("kind", ["ttml", "stl", "scc", "microdvd", "txt", "karaoke-ass", "karaoke-vtt"])
def test_in_another_format_only_what_a_person_has_changed_is_a_change(
    editing: ModuleType, tmp_path: Path, kind: str
) -> None:
    """What the format itself loses, as times of milliseconds or who speaks, is none."""
    stage = EditStage(tmp_path, "vtt", frame_rate=25)
    stage.own = tmp_path / f"own.{EXPORT_FORMATS[kind].suffix}"
    base = [cue._replace(start=cue.start + 1000, end=cue.end + 1000) for cue in CUES]
    for name in ("base", "other"):
        writer.save(base, tmp_path / f"{name}.vtt", "vtt")
    data = EXPORT_FORMATS[kind].write(base, ExportOptions("en", Fraction(25))).data
    stage.own.write_bytes(data)
    editing.run(stage)
    assert (stage.said()["problem"], stage.said()["edits"]) == (None, [])
    stage.own.write_bytes(data.replace(b"thymes", b"Thames"))
    if kind != "scc":  # whose text is codes
        editing.run(stage)
        (edit,) = stage.said()["edits"]
        assert edit["after"][0]["text"] == "It was the best of Thames"
        assert edit["after"][0]["speaker"] == "Ann"


def test_what_was_made_anew_counts_in_its_window_and_a_persons_text_stays(editing: ModuleType, tmp_path: Path) -> None:
    made = [*(cue._replace(text=cue.text.upper()) for cue in CUES[:2]), CUES[2]]
    stage = EditStage(tmp_path, "vtt", made, windows=[[0.5, 4.0]])
    stage.own.write_text(stage.own.read_text(encoding="utf-8").replace("thymes", "times"), encoding="utf-8")
    editing.run(stage)
    said = stage.said()
    assert [[cue["text"] for cue in each["now"]] for each in said["clashes"]] == []  # the same words in capitals
    assert [cue["text"] for each in said["made"] for cue in each["after"]] == [
        CUES[0].text.upper(),
        CUES[1].text.upper(),
    ]
    assert [cue["text"] for each in said["made"] for cue in each["before"]] == [
        "It was the best of times",
        CUES[1].text,
    ]
    shown = stage.text("vtt")
    assert "best of times" in shown
    assert CUES[1].text.upper() in shown
    assert CUES[2].text in shown
    assert "BEST OF THYMES" in stage.text("machine")


def test_words_that_were_made_anew_where_a_person_has_others_clash(editing: ModuleType, tmp_path: Path) -> None:
    made = [CUES[0]._replace(text="It was a pinch of thyme"), *CUES[1:]]
    stage = EditStage(tmp_path, "vtt", made, windows=[[1.0, 3.0]])
    stage.own.write_text(stage.own.read_text(encoding="utf-8").replace("thymes", "times"), encoding="utf-8")
    editing.run(stage)
    (clash,) = stage.said()["clashes"]
    assert [cue["text"] for cue in clash["now"]] == ["It was a pinch of thyme"]
    assert "best of times" in stage.text("vtt")
