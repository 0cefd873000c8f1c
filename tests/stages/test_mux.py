from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

VIDEO = {"index": 0, "codec_type": "video", "codec_name": "h264"}
AUDIO = {"index": 1, "codec_type": "audio", "codec_name": "aac"}
TIMED_TEXT = {"index": 2, "codec_type": "subtitle", "codec_name": "mov_text", "disposition": {"default": 1}}
FONT = {"index": 3, "codec_type": "attachment", "codec_name": "ttf"}
TELEMETRY = {"index": 4, "codec_type": "data", "codec_name": "bin_data", "codec_tag_string": "gpmd"}
CHAPTERS = {"index": 5, "codec_type": "data", "codec_name": "bin_data", "codec_tag_string": "text"}
UNKNOWN = {"index": 6}


@pytest.fixture
def mux(load_stage: Callable[..., ModuleType]) -> ModuleType:
    return load_stage("mux")


@pytest.mark.parametrize(
    ("container", "others", "left_out"),
    [("mp4", [TIMED_TEXT], [FONT, TELEMETRY, UNKNOWN]), ("mkv", [FONT], [TIMED_TEXT, TELEMETRY, UNKNOWN])],
)
def test_what_a_container_cannot_hold_is_left_out(
    mux: ModuleType, container: str, others: list[dict[str, Any]], left_out: list[dict[str, Any]]
) -> None:
    streams = [VIDEO, AUDIO, TIMED_TEXT, FONT, TELEMETRY, CHAPTERS, UNKNOWN]
    assert mux.select(streams, container) == (container, [VIDEO, AUDIO], others, left_out)


def command(mux: ModuleType, *streams: dict[str, Any], container: str = "mp4") -> list[str]:
    tracks = [mux.Track(Path("/out/en.srt"), "eng"), mux.Track(Path("/out/de.srt"), "deu")]
    selection = mux.select(list(streams), container)
    made: list[str] = mux._command(Path("/in/-a: b.mp4"), tracks, Path("/out/subtitled.mp4"), selection)
    return made


def values(command: list[str], option: str) -> list[str]:
    return [value for name, value in pairwise(command) if name == option]


def test_our_tracks_stand_between_the_sound_and_the_movies_subtitles(mux: ModuleType) -> None:
    assert values(command(mux, VIDEO, AUDIO, TIMED_TEXT), "-map") == ["0:0", "0:1", "1:0", "2:0", "0:2"]


def test_files_are_named_so_that_no_protocol_is_seen_in_them(mux: ModuleType) -> None:
    made = command(mux, VIDEO)
    assert values(made, "-i") == ["file:/in/-a: b.mp4", "file:/out/en.srt", "file:/out/de.srt"]
    assert made[-1] == "file:/out/subtitled.mp4"


def test_a_track_gets_its_language_and_title(mux: ModuleType) -> None:
    assert values(command(mux, VIDEO, container="mkv"), "-metadata:s:s:1") == [
        "language=deu",
        "title=Automatic subtitles",
    ]


def test_ours_becomes_timed_text_in_mp4_and_theirs_is_copied(mux: ModuleType) -> None:
    made = command(mux, VIDEO, TIMED_TEXT)
    assert [values(made, f"-c:s:{index}") for index in range(3)] == [["mov_text"], ["mov_text"], ["copy"]]


def test_our_first_track_is_shown_unless_the_movie_shows_its_own(mux: ModuleType) -> None:
    assert values(command(mux, VIDEO), "-disposition:s:0") == ["default"]
    assert values(command(mux, VIDEO, TIMED_TEXT), "-disposition:s:0") == ["0"]


@pytest.mark.parametrize(
    ("language", "code"), [("en", "eng"), ("de", "deu"), ("zh", "zho"), ("jw", "jav"), ("haw", "haw"), ("und", "und")]
)
def test_a_language_becomes_its_three_letter_code(mux: ModuleType, language: str, code: str) -> None:
    assert mux.three_letter_code(language) == code
