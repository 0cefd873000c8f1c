"""Subtitle files as they are written, and read again."""

from pathlib import Path

import pytest
from subtitling import reader, writer
from subtitling.cues import Cue

CUES = [
    Cue(1000, 2500, "It was <i>the best</i>\nof times."),
    Cue(3_661_500, 3_663_040, "2 < 3 & 4 > 1"),
    Cue(3_664_000, 3_666_000, "- {so} C:\\new \\ ♪ 今日"),
]


@pytest.mark.parametrize("kind", ["srt", "vtt"])
def test_what_was_written_is_read_again(tmp_path: Path, kind: str) -> None:
    writer.save(CUES, tmp_path / f"x.{kind}", kind)
    found = reader.read(tmp_path / f"x.{kind}")
    assert (found.cues, found.format, found.encoding) == (CUES, kind, "utf-8")


def test_substation_is_written_to_the_hundredth_with_its_own_tags(tmp_path: Path) -> None:
    writer.save(CUES, tmp_path / "x.ass", "ass")
    lines = (tmp_path / "x.ass").read_text(encoding="utf-8").splitlines()
    assert lines[-3] == r"Dialogue: 0,0:00:01.00,0:00:02.50,Default,,0,0,0,,It was {\i1}the best{\i0}\Nof times."
    assert lines[-2].startswith("Dialogue: 0,1:01:01.50,1:01:03.04,")
    assert reader.read(tmp_path / "x.ass").cues[:2] == CUES[:2]


def test_substation_keeps_a_backslash_that_is_no_command() -> None:
    assert writer.ass_escaped("C:\\new {so}") == "C:\\\u2060new \\{so\\}"


def test_webvtt_escapes_what_is_no_tag() -> None:
    assert writer._escaped("<i>2 < 3</i> & 4") == "<i>2 &lt; 3</i> &amp; 4"


@pytest.mark.parametrize(("kind", "content"), [("srt", ""), ("vtt", "WEBVTT\n\n")])
def test_no_cues_give_a_valid_file(tmp_path: Path, kind: str, content: str) -> None:
    writer.save([], tmp_path / f"x.{kind}", kind)
    assert (tmp_path / f"x.{kind}").read_text() == content
    assert reader.read(tmp_path / f"x.{kind}").cues == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("مرحبا", "مرحبا"),
        ("- مرحبا", "- مرحبا"),
        ("<i>مرحبا</i>", "<i>مرحبا</i>"),
        ("OK مرحبا\nمرحبا", "\u200fOK مرحبا\nمرحبا"),
        ("1984 كان", "\u200f1984 كان"),
        ("...", "..."),
    ],
)
def test_a_right_to_left_line_that_begins_with_another_script_is_marked(text: str, expected: str) -> None:
    assert writer.with_direction_marks(text) == expected


PLACED = [Cue(1000, 2000, "OFFICE", alignment=8), Cue(1500, 3000, "<i>Hello</i>", "Ann & Bob", 1)]


@pytest.mark.parametrize("kind", writer.FORMATS)
def test_places_live_on_in_every_format(tmp_path: Path, kind: str) -> None:
    writer.save(PLACED, tmp_path / f"x.{kind}", kind)
    cues = reader.read(tmp_path / f"x.{kind}").cues
    assert [(cue.text, cue.alignment) for cue in cues] == [("OFFICE", 8), ("<i>Hello</i>", 1)]


def test_each_line_has_its_speaker_where_a_cue_has_several() -> None:
    assert writer._voiced(Cue(0, 1, "- Hi\n- Ho", "Ann / Bob")) == "<v Ann>- Hi</v>\n<v Bob>- Ho</v>"
    assert writer._voiced(Cue(0, 1, "- Hi\n- Ho\n- Ha", "Ann / Bob")) == "<v Ann / Bob>- Hi\n- Ho\n- Ha"


@pytest.mark.parametrize("kind", ["vtt", "ass"])
def test_speakers_live_on_where_a_format_has_them(tmp_path: Path, kind: str) -> None:
    writer.save(PLACED, tmp_path / f"x.{kind}", kind)
    assert [cue.speaker for cue in reader.read(tmp_path / f"x.{kind}").cues] == ["", "Ann & Bob"]


def test_a_cue_in_another_language_says_so_in_webvtt_and_has_the_direction_of_its_script(tmp_path: Path) -> None:
    cues = [Cue(0, 1000, "Hello"), Cue(1000, 2000, "- \u05e9", language="he")]
    writer.save(cues, tmp_path / "x.vtt", "vtt")
    written = (tmp_path / "x.vtt").read_text(encoding="utf-8")
    assert "\nHello\n" in written
    assert "\n<lang he>- \u05e9</lang>\n" in written
    writer.save([cues[1]._replace(text="1 \u05e9")], tmp_path / "x.srt", "srt")
    assert writer.RIGHT_TO_LEFT_MARK in (tmp_path / "x.srt").read_text(encoding="utf-8")
