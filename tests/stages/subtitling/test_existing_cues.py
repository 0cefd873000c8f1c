"""Cues that exist, in other words: their times and number stay, and their lines are broken again."""

from hypothesis import given
from hypothesis import strategies as st
from subtitling.cues import Cue
from subtitling.existing_cues import cues_of_segments
from subtitling.typography import width

from tests.stages.subtitling.helpers import profile_of

NETFLIX = profile_of("en")
LONG = "It was the best of times, it was the worst of times, it was the age of wisdom and of foolishness."


def kept(*texts: str, language: str = "en") -> list[str]:
    segments = [{"start": 0.1 + index, "end": 0.9 + index, "text": text} for index, text in enumerate(texts)]
    return [cue.text for cue in cues_of_segments(segments, profile_of(language), language)]


def test_times_and_number_stay_whatever_the_style_says_of_them() -> None:
    segments = [{"start": 1.001, "end": 1.2, "text": "No!"}, {"start": 1.2, "end": 20.0, "text": "Why not?"}]
    assert cues_of_segments(segments, NETFLIX, "en") == [Cue(1001, 1200, "No!"), Cue(1200, 20000, "Why not?")]


def test_a_text_is_broken_where_it_reads_well() -> None:
    assert kept("It was the best of times, it was the worst of times.") == [
        "It was the best of times,\nit was the worst of times."
    ]


def test_what_several_people_say_stays_in_lines_of_their_own() -> None:
    assert kept("- Where to?\n- Home.") == ["- Where to?\n- Home."]


def test_a_text_too_long_for_two_lines_gets_more_of_them_and_no_other_cue() -> None:
    (text,) = kept(LONG)
    assert text.replace("\n", " ") == LONG
    assert text.split("\n")[0] == "It was the best of times,"
    assert max(map(width, text.split("\n"))) <= 42


def test_a_tag_is_closed_in_the_cue_that_opens_it() -> None:
    assert kept("<i>It was", "the best</i> of times.") == ["<i>It was</i>", "<i>the best</i> of times."]


@given(
    st.text(st.sampled_from("ab ,.。今日-"), min_size=1, max_size=200).filter(str.strip), st.sampled_from(["en", "ja"])
)
def test_no_letter_is_lost_and_no_line_too_long(text: str, language: str) -> None:
    (shown,) = kept(text, language=language)
    assert "".join(shown.split()) == "".join(text.split())
    assert max(map(width, shown.split("\n"))) <= profile_of(language).line
