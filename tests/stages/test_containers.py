from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.stages.conftest import RecordingStage

VIDEO = {"index": 0, "codec_type": "video", "codec_name": "h264"}
AUDIO = {"index": 1, "codec_type": "audio", "codec_name": "aac"}
TIMED_TEXT = {"index": 2, "codec_type": "subtitle", "codec_name": "mov_text"}
FONT = {"index": 3, "codec_type": "attachment", "codec_name": "ttf"}
TELEMETRY = {"index": 4, "codec_type": "data", "codec_name": "bin_data", "codec_tag_string": "gpmd"}
CHAPTERS = {"index": 5, "codec_type": "data", "codec_name": "bin_data", "codec_tag_string": "text"}
UNKNOWN = {"index": 6}
PICTURES = {"index": 7, "codec_type": "subtitle", "codec_name": "hdmv_pgs_subtitle"}
CAPTIONS = {"index": 8, "codec_type": "subtitle", "codec_name": "eia_608"}

COVER = {"index": 9, "codec_type": "video", "codec_name": "mjpeg", "disposition": {"attached_pic": 1}}


@pytest.fixture
def containers(load_module: Callable[[str], ModuleType]) -> ModuleType:
    return load_module("containers")


@pytest.mark.parametrize(
    ("container", "others", "left_out"),
    [
        ("mp4", [TIMED_TEXT], [FONT, TELEMETRY, UNKNOWN, PICTURES, CAPTIONS]),
        ("mkv", [TIMED_TEXT, FONT, PICTURES], [TELEMETRY, UNKNOWN, CAPTIONS]),
    ],
)
def test_what_a_container_cannot_hold_is_left_out(
    containers: ModuleType, container: str, others: list[dict[str, Any]], left_out: list[dict[str, Any]]
) -> None:
    found = [VIDEO, AUDIO, TIMED_TEXT, FONT, TELEMETRY, CHAPTERS, UNKNOWN, PICTURES, CAPTIONS]
    assert containers.select(found, container) == (container, [VIDEO, AUDIO], others, left_out, [], (), ())


def test_a_cover_stays_a_stream_in_mp4_and_is_a_file_in_matroska(containers: ModuleType) -> None:
    selections = [containers.select([COVER, VIDEO], container) for container in ("mp4", "mkv")]
    assert [(each.media, each.covers) for each in selections] == [([COVER, VIDEO], []), ([VIDEO], [COVER])]


@pytest.mark.parametrize(
    ("container", "codec", "how"),
    [("mp4", "mov_text", "copy"), ("mkv", "mov_text", "subrip"), ("mkv", "ass", "copy"), ("mp4", "subrip", "mov_text")],
)
def test_text_that_can_not_be_copied_is_written_again(
    containers: ModuleType, container: str, codec: str, how: str
) -> None:
    assert containers.subtitle_codec(container, codec) == how


@pytest.mark.parametrize(("name", "container"), [("A.MP4", "mp4"), ("a.mov", "mp4"), ("a.avi", "mkv"), ("a", "mkv")])
def test_a_movie_stays_what_it_is_or_becomes_matroska(
    containers: ModuleType, tmp_path: Any, name: str, container: str
) -> None:
    assert containers.of_movie(tmp_path / name) == container


def test_what_is_not_as_it_was_is_told(containers: ModuleType, stage: Any) -> None:
    containers.warn_of_changes(stage, containers.select([VIDEO, TELEMETRY], "mkv"), "mp4")
    assert stage.warnings == [
        "the movie's streams don't fit into mp4, so it is mkv now",
        "stream 4 (data, bin_data) was left out: mkv can't hold it",
    ]


MKVMERGE = {
    "index": 3,
    "codec_type": "subtitle",
    "codec_name": "webvtt-of-mkvmerge",
    "tags": {"language": "spa", "title": "Mine"},
    "disposition": {"default": 1, "forced": 0},
}


@pytest.mark.parametrize(("container", "codec"), [("mkv", "subrip"), ("mp4", "mov_text")])
def test_a_text_track_that_ffmpeg_can_not_copy_becomes_a_file(
    containers: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, container: str, codec: str
) -> None:
    def save(_media: Path, _stream: dict[str, Any], file: Path) -> bool:
        return bool(file.write_text("WEBVTT\n\nSTYLE\n::cue {}\n\n00:01.000 --> 00:02.000\n<v Ann>So\n"))

    monkeypatch.setattr(containers.webvtt_tracks, "save", save)
    selection = containers.with_converted(containers.select([VIDEO, MKVMERGE], container), Path("a.mkv"), tmp_path)
    (track,) = selection.converted
    assert (selection.left_out, track.file.read_text()) == ([], "1\n00:00:01,000 --> 00:00:02,000\nSo\n\n")
    assert containers.inputs_of_converted(selection) == ["-f", "srt", "-i", f"file:{track.file}"]
    options = containers.options_of_converted(selection, 2)
    assert options[:6] == ["-c:s:2", codec, "-metadata:s:s:2", "language=spa", "-metadata:s:s:2", "title=Mine"]
    assert options[6:] == ["-disposition:s:2", "default"]


def test_what_is_left_out_is_told_with_the_true_reason(containers: ModuleType, stage: RecordingStage) -> None:
    nameless = {"index": 3, "codec_type": "subtitle"}
    containers.warn_of_changes(stage, containers.select([VIDEO, nameless, CAPTIONS], "mkv"), "mkv")
    unknown, captions = stage.warnings
    assert "this ffmpeg can't read it" in unknown
    assert "mkv can't hold it" in captions
