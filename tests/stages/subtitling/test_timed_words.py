"""Words of transcripts, and of text that has no times for its words."""

import pytest
from subtitling import timed_words
from subtitling.cues import TimedWord
from subtitling.timed_words import Passage
from subtitling.typography import width

from tests.stages.subtitling.helpers import bare, profile_of, transcript

EN = profile_of("en")


def test_times_become_milliseconds() -> None:
    assert timed_words.of_transcript(transcript((0.5, 1.25, " It")), EN) == [TimedWord(500, 1250, " It")]


def test_times_never_go_back() -> None:
    said = timed_words.tidy([TimedWord(1000, 2000, " one"), TimedWord(500, 800, " two")], EN)
    assert [(word.start, word.end) for word in said] == [(1000, 2000), (1000, 1000)]


def test_a_word_of_several_is_parted_in_equal_shares() -> None:
    assert timed_words.tidy([TimedWord(0, 300, " one two three")], EN) == [
        TimedWord(0, 100, " one"),
        TimedWord(100, 200, " two"),
        TimedWord(200, 300, " three"),
    ]


def test_a_passage_is_shared_out_by_the_length_of_its_words() -> None:
    assert timed_words.of_passages([Passage("a bbb cccc", [(1000, 1800)])], EN) == [
        TimedWord(1000, 1100, " a"),
        TimedWord(1100, 1400, " bbb"),
        TimedWord(1400, 1800, " cccc"),
    ]


def test_nothing_is_said_between_the_spans_of_a_passage() -> None:
    said = timed_words.of_passages([Passage("aa bb cc dd", [(0, 1000), (5000, 6000)])], EN)
    assert [(word.start, word.end) for word in said] == [(0, 500), (500, 1000), (5000, 5500), (5500, 6000)]


def test_text_without_spaces_is_parted_by_its_characters() -> None:
    said = timed_words.of_passages([Passage("今日は、OK です。", [(0, 1000)])], profile_of("ja"))
    assert [word.text for word in said] == [" 今", "日", "は、", "OK", " で", "す。"]


def test_a_segment_without_words_is_a_passage() -> None:
    script = {"segments": [{"start": 1.0, "end": 2.0, "text": "one two"}]}
    assert timed_words.of_transcript(script, EN) == [TimedWord(1000, 1500, " one"), TimedWord(1500, 2000, " two")]


def test_the_spans_of_a_segment_say_when_it_is_spoken() -> None:
    script = {"segments": [{"start": 1.0, "end": 9.0, "text": "one two", "spans": [[1.0, 2.0], [8.0, 9.0]]}]}
    assert [word.start for word in timed_words.of_transcript(script, EN)] == [1000, 8000]


@pytest.mark.parametrize("spans", [[], [(5, 5)], [(9, 3)]])
def test_a_passage_without_time_keeps_its_order(spans: list[tuple[int, int]]) -> None:
    said = timed_words.of_passages([Passage("one two", spans)], EN)
    assert [word.text for word in said] == ([" one", " two"] if spans else [])


def test_a_word_wider_than_a_line_is_chopped_and_no_part_begins_with_what_closes() -> None:
    said = timed_words.tidy([TimedWord(0, 900, "語" * 15 + "。" + "語" * 20)], profile_of("ja"))
    assert bare("".join(word.text for word in said)) == "語" * 15 + "。" + "語" * 20
    assert all(width(word.text) <= 32 and not word.text.startswith("。") for word in said)


def test_each_turn_begins_with_a_dash_once() -> None:
    said = timed_words.tidy(
        [
            TimedWord(0, 1, " a", "A"),
            TimedWord(1, 2, " b", "B"),
            TimedWord(2, 3, " c", "B"),
            TimedWord(3, 4, " d", "A"),
        ],
        EN,
    )
    assert [word.text for word in said] == [" a", " - b", " c", " - d"]
    assert timed_words.turn_starts(said) == [0, 1, 1, 3]
