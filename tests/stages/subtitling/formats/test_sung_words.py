"""When words are sung, as karaoke files say it."""

import pytest
from subtitling.cues import Cue, TimedWord
from subtitling.exports import karaoke, word_times
from subtitling.exports.written_file import ExportOptions
from subtitling.formats import sung_words
from subtitling.formats.parsed_file import ReadingOptions
from subtitling.formats.substation import parse as substation
from subtitling.formats.webvtt import parse as webvtt
from subtitling.transcript_of_cues import content

HEAD = "[Events]\nFormat: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n"


def times(words: list[TimedWord]) -> list[tuple[int, int, str]]:
    return [(word.start, word.end, word.text) for word in words]


def test_words_between_time_stamps_have_their_times() -> None:
    text = "<v Ann>It <00:00:01.500>was <c.red><00:00:02.000>the &amp; best</c>"
    found = sung_words.of_webvtt(text, 1000, 3000)
    assert times(found) == [
        (1000, 1500, "It"),
        (1500, 2000, "was"),
        (2000, 2300, "the"),
        (2400, 2500, "&"),
        (2600, 3000, "best"),
    ]
    assert sung_words.of_webvtt("It was <i>the</i> best", 1000, 3000) == []
    spaced = sung_words.of_webvtt("<c>it</c><00:00:01.500><c> was</c>", 1000, 2000)  # as online players write it
    assert times(spaced) == [(1000, 1500, "it"), (1500, 2000, "was")]


@pytest.mark.parametrize("name", ["k", "K", "kf", "ko"])
def test_syllables_become_words(name: str) -> None:
    text = rf"{{\{name}20}}{{\{name}30\i1}}E{{\{name}50}}very\N{{\{name}40}}thing {{\{name}100}}counts"
    assert times(sung_words.of_substation(text, 1000)) == [
        (1200, 2000, "Every"),
        (2000, 2400, "thing"),
        (2400, 3400, "counts"),
    ]
    assert sung_words.of_substation(r"{\i1}Everything", 0) == []


def test_a_cue_has_its_words_only_where_they_are_the_same() -> None:
    words = [TimedWord(1000, 1500, "It,"), TimedWord(1500, 2000, "was"), TimedWord(2500, 3000, "was")]
    assert sung_words.of_cue("it was", 1000, 2000, words, 100) == words[:2]
    assert sung_words.of_cue("it is", 1000, 2000, words, 100) == []
    assert sung_words.of_cue("was", 2500, 3000, words, 100) == words[2:]
    assert sung_words.of_cue("", 1000, 2000, words, 100) == []


@pytest.mark.parametrize("kind", ["ass", "vtt"])
def test_karaoke_that_is_written_read_and_written_again_is_the_same(kind: str) -> None:
    words = [TimedWord(1000, 1400, "Every"), TimedWord(1600, 2000, "day"), TimedWord(2500, 3000, "counts.")]
    write, read = (karaoke.ass, substation) if kind == "ass" else (karaoke.vtt, webvtt)
    first = write([Cue(1000, 3000, "Every day\ncounts.")], ExportOptions(words=words)).data.decode()
    parsed = read(first, ReadingOptions())
    transcript = content(parsed.cues, 3.0, parsed.words)
    assert [word["word"] for word in transcript["segments"][0]["timed_words"]] == ["Every", "day", "counts."]
    again = write(parsed.cues, ExportOptions(words=word_times.of_transcript(transcript)))
    assert again.data.decode() == first
    assert again.notes == []
