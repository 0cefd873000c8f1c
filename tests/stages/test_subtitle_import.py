import hashlib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from subtitling import cue_repair, reader
from subtitling.cues import Cue


@pytest.fixture
def subtitle_import(load_stage: Callable[..., ModuleType]) -> ModuleType:
    return load_stage("subtitle_import")


def tracks(stage: ModuleType, *codecs_and_languages: tuple[str, str]) -> list[Any]:
    found = [
        {"index": index, "codec_type": "subtitle", "codec_name": codec, "tags": {"language": language}}
        for index, (codec, language) in enumerate(codecs_and_languages)
    ]
    listed: list[Any] = stage.streams.of_kind(found, "subtitle")
    return listed


def chosen(stage: ModuleType, wish: str, *found: tuple[str, str]) -> int:
    number: int = stage.choose_track(Path("movie.mkv"), tracks(stage, *found), wish).number
    return number


PICTURES, ENGLISH, SPANISH = ("hdmv_pgs_subtitle", "eng"), ("subrip", "eng"), ("ass", "spa")


@pytest.mark.parametrize(("wish", "number"), [("", 2), ("2", 2), ("en", 2), ("Spanish", 3)])
def test_a_text_track_is_chosen(subtitle_import: ModuleType, wish: str, number: int) -> None:
    assert chosen(subtitle_import, wish, PICTURES, ENGLISH, SPANISH) == number


@pytest.mark.parametrize("wish", ["1", "en", ""])
def test_a_track_of_pictures_is_refused_with_a_word(subtitle_import: ModuleType, wish: str) -> None:
    found = [PICTURES] if wish != "en" else [PICTURES, SPANISH]
    with pytest.raises(subtitle_import.stagekit.InputUnusable, match=r"consists of pictures, not of text"):
        chosen(subtitle_import, wish, *found)


def test_a_movie_without_subtitles_is_told(subtitle_import: ModuleType) -> None:
    with pytest.raises(subtitle_import.stagekit.InputUnusable, match="has no subtitle track"):
        chosen(subtitle_import, "")


def test_a_track_that_is_not_there_is_told(subtitle_import: ModuleType) -> None:
    with pytest.raises(subtitle_import.stagekit.StageFailed, match=r"no subtitle track 'fr'. There are: 1"):
        chosen(subtitle_import, "fr", ENGLISH)


def subtitle_file(tmp_path: Path, name: str = "movie.pl.srt") -> tuple[Path, str]:
    file = tmp_path / name
    file.write_bytes(b"1\n00:00:01,000 --> 00:00:02,000\nTak\n")
    return file, "sha256:" + hashlib.sha256(file.read_bytes()).hexdigest()


@pytest.mark.parametrize(
    ("name", "language"),
    [
        ("a.pl.srt", "pl"),
        ("a.srt", "und"),
        ("a.cd1.srt", "und"),
        ("a.cut.srt", "und"),
        ("a.pt-BR.srt", "pt-BR"),
        ("a.pl.forced.srt", "pl"),
        ("a.en.hi.srt", "en"),
        ("a.hi.srt", "hi"),
        ("a.Cut.hi.srt", "hi"),
        ("pl.srt", "und"),
    ],
)
def test_a_file_says_its_language_by_its_name(
    subtitle_import: ModuleType, tmp_path: Path, name: str, language: str
) -> None:
    file, digest = subtitle_file(tmp_path, name)
    assert subtitle_import.from_file(str(file), digest).language == language


@pytest.mark.parametrize(("digest", "told"), [("sha256:other", "have changed"), ("", "without their digest")])
def test_a_file_that_is_not_what_the_job_was_prepared_with_is_refused(
    subtitle_import: ModuleType, tmp_path: Path, digest: str, told: str
) -> None:
    file, _ = subtitle_file(tmp_path)
    with pytest.raises(subtitle_import.stagekit.StageFailed, match=told):
        subtitle_import.from_file(str(file), digest)


def test_a_file_that_is_gone_is_told(subtitle_import: ModuleType, tmp_path: Path) -> None:
    with pytest.raises(subtitle_import.stagekit.InputUnusable, match="can't be read: No such file"):
        subtitle_import.from_file(str(tmp_path / "none.srt"), "")


@pytest.mark.parametrize(
    ("cue", "text"),
    [
        ("two\nlines", "two lines"),
        ("- You?\n- Me.", "- You?\n- Me."),
        ("<i>- You?</i>\n- Me.", "<i>- You?</i>\n- Me."),
        ("- You\nand me.", "- You and me."),
    ],
)
def test_a_cue_becomes_one_line_unless_several_people_speak(subtitle_import: ModuleType, cue: str, text: str) -> None:
    assert subtitle_import.text_of(Cue(0, 1, cue)) == text


def test_segments_are_the_cues_in_seconds_and_are_what_is_known_of_the_speech(subtitle_import: ModuleType) -> None:
    made = subtitle_import.content([Cue(1000, 2500, "One"), Cue(3000, 4000, "Two")], 9.0)
    assert made["segments"][0] == {"start": 1.0, "end": 2.5, "text": "One"}
    assert made["speech"] == [[1.0, 2.5], [3.0, 4.0]]
    assert made["coverage"] == {"speech_s": 2.5, "covered_s": 2.5, "share": 1.0}


def test_repairs_are_noted(subtitle_import: ModuleType) -> None:
    cues = [Cue(0, 2000, "One"), Cue(1000, 3000, "Two"), Cue(4000, 5000, "")]
    _, repairs = cue_repair.repair(cues)
    assert subtitle_import.notes_of(reader.SubtitleFile(cues, "srt", "cp1251"), repairs) == [
        "the subtitles don't say their encoding; they read best as cp1251",
        "1 cues reached into the next one, and were cut short",
    ]
    assert subtitle_import.dropped_of(cues, repairs) == [
        {"start": 4.0, "end": 5.0, "text": "", "reason": "the cue has no text"}
    ]


def test_no_cue_and_no_language_are_warnings(subtitle_import: ModuleType) -> None:
    source = subtitle_import.SubtitleSource(Path("a.srt"), "the file 'a.srt'", "und")
    empty, unknown = subtitle_import.warnings_of([], "und", source)
    assert "has no cue" in empty
    assert "-s CODE" in unknown


@pytest.mark.parametrize(
    ("stated", "rate"), [("25/1", 25.0), ("30000/1001", 30000 / 1001), ("0/0", None), ("", None), ("x", None)]
)
def test_the_rate_of_frames_is_the_pictures(subtitle_import: ModuleType, stated: str, rate: float | None) -> None:
    picture = {"index": 0, "codec_type": "video", "avg_frame_rate": stated}
    assert subtitle_import.frame_rate_of([picture]) == rate
    assert subtitle_import.frame_rate_of([]) is None
