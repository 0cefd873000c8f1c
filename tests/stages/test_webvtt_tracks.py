"""WebVTT tracks of mkvmerge, by what ffprobe 5.1 shows of one."""

import json
import os
import stat
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

NAMELESS = {"index": 2, "codec_type": "subtitle"}
HEADING = (
    "\n00000000: 5745 4256 5454 0a0a 5354 594c 450a 3a3a  WEBVTT..STYLE.::\n00000010: 6375 6520 7b20 7d    cue { }\n"
)
FIRST = (
    "\n00000000: 3c76 2041 6e6e 3e48 656c 6c6f 203c 623e  <v Ann>Hello <b>\n00000010: 7468 6572 653c 2f62 3e  </b>\n"
)
ANSWER = {
    "streams": [{"index": 2, "codec_type": "subtitle", "extradata": HEADING}],
    "packets": [
        {"pts_time": "1.000000", "duration_time": "2.000000", "data": FIRST},
        {"pts_time": "3604.500000", "duration_time": "0.500000", "data": "\n00000000: c389 0a20    ... \n"},
    ],
}  # fmt: skip


@pytest.fixture
def tracks(load_module: Callable[[str], ModuleType]) -> ModuleType:
    return load_module("webvtt_tracks")


@pytest.fixture
def answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spawning: None) -> Callable[[object], None]:
    """Puts a program that gives this answer in the place of ffprobe."""

    def put(shown: object) -> None:
        program = tmp_path / "bin" / "ffprobe"
        program.parent.mkdir(exist_ok=True)
        (tmp_path / "answer.json").write_text(json.dumps(shown))
        program.write_text(f"#!/bin/sh\ncat '{tmp_path}/answer.json'\n")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")

    return put


def test_a_track_without_a_codec_whose_heading_is_webvtt_is_one(
    tracks: ModuleType, answer: Callable[[object], None]
) -> None:
    answer(ANSWER)
    audio = {"index": 1, "codec_type": "audio"}
    assert tracks.with_codecs(Path("a.mkv"), [audio, NAMELESS]) == [audio, {**NAMELESS, "codec_name": tracks.CODEC}]
    answer({"streams": [{"extradata": "\n00000000: 3c3f 786d 6c  <?xml\n"}]})
    assert tracks.with_codecs(Path("a.mkv"), [NAMELESS]) == [NAMELESS]


def test_its_packets_are_the_cues_of_a_file(
    tracks: ModuleType, answer: Callable[[object], None], tmp_path: Path
) -> None:
    answer(ANSWER)
    assert tracks.save(Path("a.mkv"), NAMELESS, tmp_path / "a.vtt")
    assert (tmp_path / "a.vtt").read_text(encoding="utf-8") == (
        "WEBVTT\n\n00:00:01.000 --> 00:00:03.000\n<v Ann>Hello <b>there</b>\n\n01:00:04.500 --> 01:00:05.000\nÉ\n \n"
    )


def test_times_count_from_the_movie_s_first_one(
    tracks: ModuleType, answer: Callable[[object], None], tmp_path: Path
) -> None:
    answer({**ANSWER, "format": {"start_time": "0.250000"}})
    tracks.save(Path("a.mkv"), NAMELESS, tmp_path / "a.vtt")
    assert "00:00:00.750 --> 00:00:02.750" in (tmp_path / "a.vtt").read_text(encoding="utf-8")


def test_a_track_without_packets_gives_no_cue(
    tracks: ModuleType, answer: Callable[[object], None], tmp_path: Path
) -> None:
    answer({})
    assert not tracks.save(Path("a.mkv"), NAMELESS, tmp_path / "a.vtt")
