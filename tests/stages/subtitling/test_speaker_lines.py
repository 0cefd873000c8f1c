"""Lines of one cue: one sentence in two lines, or two people."""

import pytest
from subtitling.cues import Cue
from subtitling.speaker_lines import with_turns


@pytest.mark.parametrize(
    "text",
    [
        "Where are you going?\n- Home.",
        "-What?\n-Nothing.",
        "<i>- In italics.</i>\n<i>- Me too.</i>",
        "ANN: Hello.\nBOB: Goodbye.",
        "Ann: Hello.\nMr. Smith: Goodbye.",
        ">> Hello.\n>> Goodbye.",
        "‐ Hyphen.\n‐ Another.",
        "−Minus.\n−Another.",
        "—Sí.\n—No.",
        "[ANN] - Hello.\n[BOB] - Goodbye.",
        "That is all.\n(sighs)",
        "[door slams]\nWho is there?",
        "♪ la la ♪\n♪ la ♪",
        "安：你好。\n王：再见。",
        "\u200f- כן.\n\u200f- לא.",
    ],
)
def test_what_several_are_heard_with_stays_in_lines(text: str) -> None:
    assert with_turns(Cue(0, 1, text)).text == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("two\nlines", "two lines"),
        ("- You\nand me.", "- You and me."),
        ("- You\nand me.\n- Who?", "- You and me.\n- Who?"),
        ("He said one\nthing: go", "He said one thing: go"),
        ("I like this\nOne: it is red", "I like this One: it is red"),
        ("これは\n字幕です", "これは字幕です"),
        ("안녕\n하세요", "안녕 하세요"),
    ],
)
def test_a_text_that_only_needs_two_lines_becomes_one(text: str, expected: str) -> None:
    assert with_turns(Cue(0, 1, text)).text == expected
