"""SubStation: what its styles, places, names and drawings mean."""

import pytest
from subtitling.cues import Cue
from subtitling.formats import substation
from subtitling.formats.parsed_file import ReadingOptions

HEAD = """[Script Info]
ScriptType: v4.00+
PlayResX: 1920
PlayResY: 1080

[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, Underline, \
StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, MarginV, Encoding
Style: Default,Arial,64,&H00FFFFFF,&H000000FF,&H00000000,&H80000000,-1,0,0,0,100,100,0,0,1,3,1,2,96,96,64,1
Style: Ital,Arial,64,&H00FFFFFF,&H000000FF,&H00000000,&H80000000,0,-1,0,0,100,100,0,0,1,3,1,2,96,96,64,1
Style: Sign,Arial,64,&H00FFFFFF,&H000000FF,&H00000000,&H80000000,0,0,0,0,100,100,0,0,1,3,1,8,96,96,64,1

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
"""


def cues(*lines: str, style: str = "Default", name: str = "", head: str = HEAD) -> list[Cue]:
    events = "".join(f"Dialogue: 0,0:00:01.00,0:00:04.00,{style},{name},0,0,0,,{line}\n" for line in lines)
    return substation.parse(head + events, ReadingOptions()).cues


def test_lines_that_only_their_styles_tell_apart_are_told() -> None:
    red = "Style: Red,Arial,64,&H000000FF,&H000000FF,&H00000000,&H80000000,0,0,0,0,100,100,0,0,1,3,1,2,96,96,64,1\n"
    head = HEAD.replace("[Events]", f"{red}\n[Events]")
    events = "".join(f"Dialogue: 0,0:00:01.00,0:00:04.00,{style},,0,0,0,,Now\n" for style in ("Ital", "Red", "Sign"))
    (note,) = substation.parse(head + events, ReadingOptions()).notes
    assert "Ital, Red, Sign" in note
    assert substation.parse(HEAD + events, ReadingOptions()).notes == []


@pytest.mark.parametrize("command", [r"\c&H0000FF&", r"\3c&HFF&", r"\fnArial", r"\i1\fs40"])
def test_colours_and_fonts_that_a_line_has_of_its_own_are_lost(command: str) -> None:
    event = "Dialogue: 0,0:00:01.00,0:00:04.00,Default,,0,0,0,,"
    found = substation.parse(f"{HEAD}{event}{{{command}}}Now\n{event}{{\\i1\\fscx90}}then\n", ReadingOptions())
    assert found.lost == [(1000, "colours and fonts")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r"A whole line.", "<i>A whole line.</i>"),
        (r"Not {\i0}this{\i}, that", "<i>Not </i>this<i>, that</i>"),
        (r"{\rSign}plain{\r} again", "plain<i> again</i>"),
        (r"{\b700}bold", "<i><b>bold</b></i>"),
        (r"{\b400\fnArial}light", "<i>light</i>"),
    ],
)
def test_a_style_s_italics_are_the_line_s(text: str, expected: str) -> None:
    assert cues(text, style="Ital")[0].text == expected


@pytest.mark.parametrize(
    ("style", "text", "alignment"),
    [
        ("Default", "So", 2),
        ("Sign", "So", 8),
        ("Sign", r"{\an2}So", 2),
        ("Sign", r"{\a2}So", 2),
        ("Default", r"{\an9\fs20}So", 9),
        ("Default", r"{\a6}So", 8),
        ("Default", r"{\pos(960,50)}So", 8),
        ("Sign", r"{\pos(100.5,1000)}So", 1),
        ("Default", r"{\move(960,500,960,520)}So", 5),
        ("Nowhere", "So", 2),
    ],
)
def test_a_line_stands_where_it_or_its_style_says(style: str, text: str, alignment: int) -> None:
    assert cues(text, style=style)[0].alignment == alignment


@pytest.mark.parametrize(
    "text", [r"{\p1}m 0 0 l 100 0 100 100 0 100{\p0}", "m 12.5 30 b 5 5 10 10 20 20", "{only a note}"]
)
def test_drawings_and_notes_are_no_text(text: str) -> None:
    assert cues(text) == []


def test_a_drawing_beside_text_leaves_the_text() -> None:
    assert cues(r"{\p1}m 0 0 l 9 9{\p0}{\k20}ka{\k30}ra {note}end")[0].text == "kara end"


def test_a_soft_break_is_a_space_unless_the_file_keeps_it() -> None:
    assert cues(r"Soft\nbreak, hard\Nbreak,\hend")[0].text == "Soft break, hard\nbreak, end"
    kept = HEAD.replace("PlayResX", "WrapStyle: 2\nPlayResX")
    assert cues(r"Soft\nbreak", head=kept)[0].text == "Soft\nbreak"


def test_the_name_is_the_speaker() -> None:
    assert cues("Hello", name="Ann")[0].speaker == "Ann"
