import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from subtitling import reader
from subtitling.cues import Cue

from tests.stages.conftest import RecordingStage


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


def imported(stage: ModuleType, tmp_path: Path, text: str, name: str, **parameters: str) -> dict[str, Any]:
    """The transcript that the stage makes of a file."""
    file = tmp_path / name
    file.write_text(text, encoding="utf-8")
    digest = "sha256:" + hashlib.sha256(file.read_bytes()).hexdigest()
    wish = {"file": str(file), "file_digest": digest, "language": "", "track": "", **parameters}
    told = ImportStage(tmp_path, wish)
    stage.run(told)
    made: dict[str, Any] = json.loads((tmp_path / "transcript.json").read_text())
    return {**made, "warnings": told.warnings}


class ImportStage(RecordingStage):
    def __init__(self, folder: Path, parameters: dict[str, str]) -> None:
        super().__init__(folder)
        self.parameters = parameters

    def input(self, _name: str) -> Path:
        return self.work / "movie.mkv"

    def output(self, name: str, filename: str = "") -> Path:
        return super().output(name, filename or f"{name}.json")


@pytest.fixture
def probed(subtitle_import: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subtitle_import.ffmpegs, "probe", lambda _: {"streams": [], "format": {"duration": "10"}})


SIGN = """WEBVTT

00:00:05.129 --> 00:00:10.092 line:5%,start
OFFICE

00:00:05.338 --> 00:00:06.339 line:95%,end
<v Ann>I don't believe it.
"""


@pytest.mark.usefixtures("probed")
def test_a_sign_over_speech_keeps_its_place_and_the_speech_its_times(
    subtitle_import: ModuleType, tmp_path: Path
) -> None:
    made = imported(subtitle_import, tmp_path, SIGN, "a.vtt", language="en")
    assert made["segments"] == [
        {"start": 5.129, "end": 10.092, "text": "OFFICE", "alignment": 8},
        {"start": 5.338, "end": 6.339, "text": "I don't believe it.", "speaker": "Ann"},
    ]
    assert made["speech"] == [[5.129, 10.092]]
    assert made["warnings"] == []


@pytest.mark.usefixtures("probed")
def test_a_file_that_says_its_language_is_believed_where_its_name_says_none(
    subtitle_import: ModuleType, tmp_path: Path
) -> None:
    text = SIGN.replace("WEBVTT", "WEBVTT\nLanguage: fr", 1)
    assert imported(subtitle_import, tmp_path, text, "a.vtt")["language"] == "fr"
    assert imported(subtitle_import, tmp_path, text, "a.vtt", language="de")["language"] == "de"


@pytest.mark.usefixtures("probed")
def test_subtitles_of_a_tape_count_from_the_movie_s_start(subtitle_import: ModuleType, tmp_path: Path) -> None:
    text = "1\n10:00:03,000 --> 10:00:04,000\nOne\n\n2\n10:00:05,000 --> 10:00:06,000\nTwo\n"
    made = imported(subtitle_import, tmp_path, text, "a.en.srt")
    assert [segment["start"] for segment in made["segments"]] == [3.0, 5.0]
    assert "hour 10" in made["notes"][0]


@pytest.mark.usefixtures("probed")
def test_what_can_not_be_read_is_a_warning(subtitle_import: ModuleType, tmp_path: Path) -> None:
    text = "1\n00:00:0x,000 --> 00:00:02,000\nOne\n\n2\n00:00:03,000 --> 00:00:04,000\nTwo\n"
    made = imported(subtitle_import, tmp_path, text, "a.en.srt")
    assert [segment["text"] for segment in made["segments"]] == ["Two"]
    assert "00:00:0x" in made["warnings"][0]


def test_no_cue_and_no_language_are_warnings(subtitle_import: ModuleType) -> None:
    source = subtitle_import.SubtitleSource(Path("a.srt"), "the file 'a.srt'", "und")
    file = reader.SubtitleFile([], "srt", "utf-8")
    empty, unknown = subtitle_import.warnings_of(file, [], "und", source)
    assert "has no cue" in empty
    assert "-s CODE" in unknown


@pytest.mark.parametrize(
    ("movie", "told"),
    [(0.0, False), (10.0, False), (9.5, False), (8.0, True), (3.0, True)],
)
def test_subtitles_that_outlast_the_movie_are_told(subtitle_import: ModuleType, movie: float, told: bool) -> None:
    source = subtitle_import.SubtitleSource(Path("a.srt"), "the file 'a.srt'", "en")
    warnings = subtitle_import.after_the_end([Cue(1000, 2000, "One"), Cue(9000, 10_000, "Two")], movie, source)
    assert bool(warnings) is told
    assert all("0:00:10" in warning and warning.startswith("1 cue ") for warning in warnings)


@pytest.mark.parametrize(
    ("stated", "rate"), [("25/1", 25.0), ("30000/1001", 30000 / 1001), ("0/0", None), ("", None), ("x", None)]
)
def test_the_rate_of_frames_is_the_pictures(subtitle_import: ModuleType, stated: str, rate: float | None) -> None:
    picture = {"index": 0, "codec_type": "video", "avg_frame_rate": stated}
    assert subtitle_import.frame_rate_of([picture]) == rate
    assert subtitle_import.frame_rate_of([]) is None
