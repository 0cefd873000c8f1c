"""WebVTT by its own rules."""

import pytest
from subtitling.cues import Cue
from subtitling.formats import webvtt
from subtitling.formats.parsed_file import ParsedFile, ReadingOptions

VOICES = """WEBVTT - file title
Language: en

STYLE
::cue(b) { color: red }

REGION
id:fred
viewportanchor:0%,10%

NOTE
this mentions 00:00:00.000 --> 00:00:05.000 in a comment

intro-1
00:01.000 --> 00:03.000 line:0 position:20% align:start
<v Fred>Hi, I&rsquo;m Fred &amp; <i>happy</i>

00:04.000 --> 00:06.000 region:fred
<v.loud Mary>5 &lt; 6 &lrm;and&nbsp;more
<ruby>漢<rt>kan</rt>字<rt>ji</ruby>

00:07.000 --> 00:09.000
- One
- Two
"""


def parsed(text: str, raw: bool = False) -> ParsedFile:
    return webvtt.parse(text, ReadingOptions(raw=raw))


def cue(text: str, settings: str = "", raw: bool = False) -> Cue:
    (found,) = parsed(f"WEBVTT\n\n00:01.000 --> 00:03.000 {settings}\n{text}\n", raw).cues
    return found


def test_blocks_settings_speakers_and_readings_are_what_they_are() -> None:
    file = parsed(VOICES)
    assert file.cues == [
        Cue(1000, 3000, "Hi, I’m Fred & <i>happy</i>", "Fred", 7),
        Cue(4000, 6000, "5 < 6 \u200eand\xa0more\n漢(kan)字(ji)", "Mary", 8),
        Cue(7000, 9000, "- One\n- Two"),
    ]
    assert (file.language, file.unread) == ("en", [])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<00:01.000>It <00:01.300>was<00:01.500><c.now> the</c> end", "It was the end"),
        ("<lang en>so</lang> <c.yellow>it</c> <b>is</b>", "so it <b>is</b>"),
        ("one\n \ntwo", "one\n \ntwo"),
        ("&lt;b&gt; is a tag, 1 < 2", "<\u2060b> is a tag, 1 < 2"),
    ],
)
def test_tags_are_no_text(text: str, expected: str) -> None:
    assert cue(text).text == expected


def test_two_speakers_in_a_cue_have_lines_of_their_own() -> None:
    found = cue("<v Ann>Where to?</v> <v Bob>Home.\n<v Bob>At once.")
    assert (found.text, found.speaker) == ("- Where to?\n- Home.\n- At once.", "Ann / Bob")


@pytest.mark.parametrize(
    ("settings", "alignment"),
    [
        ("", 2), ("line:0", 8), ("line:5%,start", 8), ("line:95%,end", 2), ("line:-1", 2), ("line:50%", 5),
        ("line:-14", 8), ("align:start", 1), ("align:end line:1", 9), ("position:90%", 3), ("region:no", 2),
    ],
)  # fmt: skip
def test_settings_say_where_a_cue_stands(settings: str, alignment: int) -> None:
    assert cue("Up", settings).alignment == alignment


def test_times_after_two_lines_of_a_note_begin_a_cue_as_the_standard_says() -> None:
    file = parsed("WEBVTT\n\nNOTE a\nb\n00:01.000 --> 00:03.000\nHi\n00:04.000 --> 00:05.000\nHo\n")
    assert [found.text for found in file.cues] == ["Hi", "Ho"]


def test_times_that_can_not_be_read_are_told() -> None:
    file = parsed("WEBVTT\n\n00:0x.000 --> 00:03.000\nHi\n\n00:04.000 --> 00:05.000\nHo\n")
    assert [found.text for found in file.cues] == ["Ho"]
    assert "00:0x.000" in file.unread[0]


def test_a_check_sees_the_tags_that_webvtt_has_not() -> None:
    assert cue("<v Ann><font color=red><c>Up</c></font>", raw=True).text == "<font color=red>Up</font>"


def test_a_cue_of_which_nothing_is_shown_is_told() -> None:
    blocks = ("<sighs>", "<i><laughs softly></i>", "<v Ann></v>", "It <sighs> was", "<font color=red></font>")
    text = "".join(f"\n00:0{at}.000 --> 00:0{at}.900\n{each}\n" for at, each in enumerate(blocks))
    (note,) = parsed(f"WEBVTT\n{text}").notes
    assert note.startswith("2 cues were left out")
    assert "<sighs>" in note
    assert not parsed(f"WEBVTT\n{text}", raw=True).notes


@pytest.mark.parametrize(
    ("settings", "text", "lost"),
    [
        ("", "<v Ann><i>Up</i>", []),
        ("line:0 align:start", "Up", []),
        ("line:-1 position:50% size:100% align:middle", "Up", []),
        ("line:84.66%", "Up", ["the exact place"]),
        ("vertical:rl", "<v.loud Ann>Up", ["the exact place", "classes"]),
        ("", "<c.yellow.bg_blue>Up</c> <lang fr>haut</lang>", ["classes", "the language of words"]),
    ],
)
def test_what_only_webvtt_has_is_known(settings: str, text: str, lost: list[str]) -> None:
    found = parsed(f"WEBVTT\n\n00:01.000 --> 00:03.000 {settings}\n{text}\n").lost
    assert found == [(1000, what) for what in lost]
