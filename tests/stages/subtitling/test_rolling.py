"""Captions that roll up, and subtitles that only resemble them."""

from pathlib import Path

from subtitling import reader, rolling
from subtitling.cues import Cue

YOUTUBE = """WEBVTT
Kind: captions
Language: en

00:00:00.160 --> 00:00:03.429 align:start position:0%
_
we<00:00:00.960><c> are</c><00:00:01.520><c> going</c>

00:00:03.429 --> 00:00:03.439 align:start position:0%
we are going
_

00:00:03.439 --> 00:00:05.749 align:start position:0%
we are going
about<00:00:03.760><c> the</c><00:00:04.000><c> weather</c>

00:00:05.749 --> 00:00:05.759 align:start position:0%
about the weather
_

00:00:05.759 --> 00:00:08.000 align:start position:0%
about the weather
and<00:00:06.000><c> nothing</c><00:00:06.500><c> else</c>
""".replace("_", " ")  # a line with a space is no empty line


def test_each_phrase_is_there_once_and_in_time(tmp_path: Path) -> None:
    (tmp_path / "x.vtt").write_text(YOUTUBE)
    assert rolling.without_repeats(reader.read(tmp_path / "x.vtt").cues) == [
        Cue(160, 3439, "we are going"),
        Cue(3439, 5759, "about the weather"),
        Cue(5759, 8000, "and nothing else"),
    ]


def test_a_line_that_grows_is_one_phrase() -> None:
    cues = [Cue(0, 500, "we"), Cue(500, 900, "we are"), Cue(900, 1500, "we are\ngo"), Cue(1500, 2000, "we are\ngoing")]
    assert rolling.without_repeats(cues) == [Cue(0, 900, "we are"), Cue(900, 2000, "going")]


def test_words_that_are_said_twice_stay() -> None:
    cues = [
        Cue(0, 900, "No!"),
        Cue(900, 1800, "No!\nWhy?"),
        *(Cue(at, at + 900, f"{at}") for at in range(2000, 9000, 1000)),
    ]
    assert rolling.without_repeats(cues) == cues


def test_lines_that_scroll_end_with_the_next_one() -> None:
    cues = [Cue(at, at + 4000, f"line {at}") for at in range(0, 10_000, 2000)]
    assert [cue.end for cue in rolling.without_repeats(cues)] == [2000, 4000, 6000, 8000, 12_000]
