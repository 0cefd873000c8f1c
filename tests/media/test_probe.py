"""ffprobe's answers, told by small programs in its place; the real one is tested end to end."""

import json
import os
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import ExitCode, InputError, NotReady
from pipeline.media import probe as media
from pipeline.media.probe import Media, MediaTrack, probe, require_audio

MOVIE = Path("/films/movie.mp4")
SOUND = {"streams": [{"codec_type": "audio"}], "format": {"duration": "2.5"}}


@pytest.fixture(autouse=True)
def _spawns(spawning: None) -> None:
    """All of these start a program."""


def answering(folder: Path, script: str) -> Path:
    program = folder / "ffprobe"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return program


def saying(folder: Path, answer: Any) -> Path:
    return answering(folder, f"printf %s {shlex.quote(json.dumps(answer))}")


def test_streams_are_counted_and_the_duration_read(tmp_path: Path) -> None:
    streams = [{"codec_type": kind} for kind in ("video", "audio", "audio", "data")]
    answer = {"streams": streams, "format": {"duration": "2.5"}}
    found = probe(MOVIE, saying(tmp_path, answer))
    assert (found.duration_s, len(found.audio)) == (2.5, 2)


@pytest.mark.parametrize(
    ("form", "stated", "size", "seconds"),
    [
        ("mpegts", "40007.9", "600000", 300.0),  # two recordings of eight seconds
        ("mpegts", "120.5", "6000000", 120.5),
        ("mpeg", "N/A", "6000000", None),
        ("mpeg", "120.5", "", 120.5),
        ("flac", "40007.9", "600000", 40007.9),
    ],
)
def test_the_length_of_a_recording_is_no_more_than_its_bytes_could_hold(
    tmp_path: Path, form: str, stated: str, size: str, seconds: float | None
) -> None:
    answer = {"format": {"format_name": form, "duration": stated, "size": size}}
    assert probe(MOVIE, saying(tmp_path, answer)).duration_s == seconds


def test_tracks_are_told_with_what_the_container_says_of_them(tmp_path: Path) -> None:
    audio = {
        "codec_type": "audio",
        "codec_name": "ac3",
        "channels": 6,
        "tags": {"language": "ger", "title": "Original", "DURATION": "01:00:02.500000000"},
        "disposition": {"default": 1},
    }
    text = {"codec_type": "subtitle", "codec_name": "subrip", "duration": "7.5"}
    found = probe(MOVIE, saying(tmp_path, {"streams": [{"codec_type": "video"}, {**audio}, text, {**text}]}))
    assert found.audio == (MediaTrack(1, "ac3", "ger", "Original", 6, 3602.5, is_default=True),)
    assert found.subtitles == (MediaTrack(1, "subrip", duration_s=7.5), MediaTrack(2, "subrip", duration_s=7.5))


@pytest.mark.parametrize(
    ("stated", "cues", "is_secondary"),
    [
        ({"nb_frames": "40"}, 40, False),
        ({"tags": {"NUMBER_OF_FRAMES-eng": "900"}, "disposition": {"comment": 1}}, 900, True),
        ({"nb_frames": "N/A", "tags": {"NUMBER_OF_FRAMES": "7"}, "disposition": {"hearing_impaired": 1}}, 7, True),
        ({}, 0, False),
    ],
)
def test_a_subtitle_track_tells_its_cues_and_what_it_is_for(
    tmp_path: Path, stated: dict[str, Any], cues: int, is_secondary: bool
) -> None:
    streams = [{"codec_type": "video"}, {"codec_type": "audio"}, {"codec_type": "subtitle", **stated}]
    (track,) = probe(MOVIE, saying(tmp_path, {"streams": streams})).subtitles
    assert (track.cues, track.is_secondary) == (cues, is_secondary)


@pytest.mark.parametrize(
    ("base", "average", "rate", "varies"),
    [
        ("25/1", "25/1", "25", False),
        ("24000/1001", "23978/1000", "24000/1001", False),
        ("50/1", "25/1", "25", False),
        ("30/1", "1200/53", "", True),
        ("90000/1", "29971/1000", "", True),
        ("0/0", "25/1", "", False),
        ("x", "25/1", "", False),
    ],
)
def test_a_frame_rate_is_one_that_does_not_vary(
    tmp_path: Path, base: str, average: str, rate: str, varies: bool
) -> None:
    picture = {"codec_type": "video", "r_frame_rate": base, "avg_frame_rate": average}
    cover = {**picture, "r_frame_rate": "1/1", "disposition": {"attached_pic": 1}}
    found = probe(MOVIE, saying(tmp_path, {"streams": [cover, picture, {"codec_type": "audio"}]}))
    assert (found.frame_rate, found.has_variable_frame_rate) == (rate, varies)


def test_sound_alone_has_no_frame_rate(tmp_path: Path) -> None:
    assert probe(MOVIE, saying(tmp_path, SOUND)).frame_rate == ""


def test_a_cover_is_no_picture(tmp_path: Path) -> None:
    picture = {"codec_type": "video"}
    cover = {**picture, "disposition": {"attached_pic": 1}}
    found = [probe(MOVIE, saying(tmp_path, {"streams": [{"codec_type": "audio"}, each]})) for each in (cover, picture)]
    assert [each.has_picture for each in found] == [False, True]


@pytest.mark.parametrize("duration", [None, "N/A", "", "-1", "nan", "inf"])
def test_what_is_no_duration_is_none(tmp_path: Path, duration: str | None) -> None:
    assert probe(MOVIE, saying(tmp_path, {**SOUND, "format": {"duration": duration}})).duration_s is None


@pytest.mark.parametrize("answer", [{}, [], {"streams": []}, {"streams": [{"codec_type": "video"}]}])
def test_without_an_audio_stream_the_input_is_unusable(tmp_path: Path, answer: Any) -> None:
    with pytest.raises(InputError, match=re.escape(str(MOVIE))) as caught:
        require_audio(MOVIE, probe(MOVIE, saying(tmp_path, answer)))
    assert caught.value.exit_code is ExitCode.INPUT_UNUSABLE


def test_probing_needs_no_audio_stream(tmp_path: Path) -> None:
    answer = {"streams": [{"codec_type": "video"}], "format": {"duration": "2.5"}}
    assert probe(MOVIE, saying(tmp_path, answer)) == Media(duration_s=2.5, has_picture=True)


def test_what_ffprobe_refuses_is_unusable_for_its_last_reason(tmp_path: Path) -> None:
    refusing = answering(
        tmp_path, 'echo "first" >&2; for file; do :; done; echo "$file: moov atom not found" >&2; exit 1'
    )
    with pytest.raises(InputError) as caught:
        probe(MOVIE, refusing)
    assert caught.value.message.startswith(f"{MOVIE} ")
    assert caught.value.message.endswith(": moov atom not found")


def test_a_name_with_a_line_break_stays_on_one_line(tmp_path: Path) -> None:
    refusing = answering(tmp_path, 'for file; do :; done; echo "$file: no good" >&2; exit 1')
    with pytest.raises(InputError) as caught:
        probe(Path("/films/a\nb.mp4"), refusing)
    assert caught.value.message.startswith(r"/films/a\nb.mp4 ")


def test_a_name_with_a_colon_is_no_protocol(tmp_path: Path) -> None:
    told = tmp_path / "told"
    probe(
        Path("/films/http:x.mp4"),
        answering(tmp_path, f"printf '%s\\n' \"$@\" >{told}; printf %s {shlex.quote(json.dumps(SOUND))}"),
    )
    assert told.read_text().splitlines()[-1] == "file:/films/http:x.mp4"


def test_a_name_that_is_not_utf8_reaches_ffprobe_as_it_is(tmp_path: Path) -> None:
    told = tmp_path / "told"
    odd = os.fsdecode(b"/films/\xff.mp4")
    probe(Path(odd), answering(tmp_path, f"printf '%s\\n' \"$@\" >{told}; printf %s {shlex.quote(json.dumps(SOUND))}"))
    assert told.read_bytes().endswith(b"file:/films/\xff.mp4\n")


def test_a_tag_that_is_not_utf8_is_no_harm(tmp_path: Path) -> None:
    answer = r'{"streams": [{"codec_type": "audio", "tags": {"title": "\377"}}]}'
    assert probe(MOVIE, answering(tmp_path, f"printf '{answer}'")).audio


def test_a_program_that_answers_otherwise_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotReady, match="ffprobe doesn't answer"):
        probe(MOVIE, answering(tmp_path, "echo hello"))


def test_a_program_that_never_answers_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(media, "PROBE_SECONDS", 0.2)
    with pytest.raises(InputError, match="longer than"):
        probe(MOVIE, answering(tmp_path, "sleep 600"))
