"""Tags: kept, closed, dropped."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from subtitling import markup


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("<I>so</I>", "<i>so</i>"),
        ("< i >so</ i >", "<i>so</i>"),
        (r"{\i1}so{\i0}", "<i>so</i>"),
        (r"{\an8}{\i1\b1}so", "<i><b>so</b></i>"),
        ("<font color='red'>so</font>", "so"),
        ("<v Fred><c.loud>so</c>", "so"),
        ("<i>so", "<i>so</i>"),
        ("so</i>", "so"),
        ("<i><b>so</i> on</b>", "<i><b>so</b></i><b> on</b>"),
        ("<i></i>so", "so"),
        ("<i><i>so</i> on", "<i>so</i> on"),
        ("2 < 3 > 1 <3 {laughs}", "2 < 3 > 1 <3 {laughs}"),
        ('<font color="#ff0" face="Arial Black">so</font>', "so"),
        ("< font size=9>so</ font>", "so"),
        ("<c.yellow.bg_blue>so</c> <lang en-GB>it</lang> <b class='x'>is</b>", "so it is"),
        ("<ruby>kan<rt>kan</rt></ruby> <v.loud Ann Smith>so", "kankan so"),
        ("<span style='color: red'>so</span> <EM>on</EM>", "so on"),
        ("<i<font size=1>>so</i>", "<i>so</i>"),
    ],
)
def test_tags_become_ours(text: str, expected: str) -> None:
    assert markup.normal(text) == expected


@pytest.mark.parametrize(
    "text",
    ["<sighs>", "<laughs softly>", "a<b and b>c", "x < v and y > z", "<sarcasm>so</sarcasm>", "<No!>"],
)
def test_what_only_looks_like_a_tag_is_text(text: str) -> None:
    assert markup.normal(text) == text


def test_players_show_nothing_that_looks_like_a_tag() -> None:
    assert markup.shown("<sighs> <i>so</i>, <laughs softly>1 < 2") == " <i>so</i>, 1 < 2"


@given(st.lists(st.sampled_from(["<i>", "</i>", "<b>", "</b>", "</u>", "<u>", "x", " ", "<", ">"])))
def test_what_is_put_right_stays_as_it_is(parts: list[str]) -> None:
    once = markup.normal("".join(parts))
    assert markup.normal(once) == once


def test_what_is_open_goes_on_in_the_next_cue() -> None:
    assert markup.balance(["<i>one", "two", "three</i> four", "five"]) == [
        "<i>one</i>",
        "<i>two</i>",
        "<i>three</i> four",
        "five",
    ]


def test_all_tags_can_be_stripped() -> None:
    text = r"{\an8}<i>so</i> <font face=x>on</font> {laughs}"
    assert markup.strip(text) == "so on {laughs}"
