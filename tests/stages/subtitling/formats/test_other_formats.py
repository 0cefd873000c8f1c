"""Formats of captions, of television and of old programs, each by its own rules."""

from pathlib import Path

import pytest
from subtitling import reader
from subtitling.cues import Cue
from subtitling.formats import ttml_repair

TICKS = """<?xml version="1.0" encoding="UTF-8"?>
<tt xmlns="http://www.w3.org/ns/ttml" xmlns:ttp="http://www.w3.org/ns/ttml#parameter"
 xmlns:tts="http://www.w3.org/ns/ttml#styling" ttp:frameRate="24" ttp:frameRateMultiplier="1000 1001"
 ttp:tickRate="10000000" xml:lang="en">
<head><styling><style xml:id="it" tts:fontStyle="italic"/></styling><layout>
<region xml:id="top" tts:origin="10% 5%" tts:extent="80% 20%" tts:displayAlign="before"/>
<region xml:id="low" tts:origin="10% 75%" tts:extent="80% 20%" tts:displayAlign="after"/></layout></head>
<body><div>
<p region="low" begin="10000000t" end="30000000t">Ticks<br/>line two</p>
<p region="top" begin="00:00:02:12" end="00:00:06:00">Frames <span style="it">italic</span> end</p>
<p region="low" begin="7s" dur="2s">Duration</p>
</div></body></tt>"""

PICTURES = """<tt xmlns="http://www.w3.org/ns/ttml" xmlns:smpte="http://www.smpte-ra.org/schemas/2052-1/2010/smpte-tt">
<body><div begin="1s" end="2s" smpte:backgroundImage="#a"/></body></tt>"""

SAMI = """<SAMI><HEAD><STYLE TYPE="text/css"><!--
.KRCC {Name:Korean; lang:ko-KR; SAMIType:CC;}
.ENCC {Name:English; lang:en-US; SAMIType:CC;}
--></STYLE></HEAD><BODY>
<SYNC Start=1000><P Class=KRCC>안녕하세요<br>여러분
<SYNC Start=1000><P Class=ENCC>Hello<br><i>every</i>one
<SYNC Start=3000><P Class=KRCC>&nbsp;
<SYNC Start=3000><P Class=ENCC>&nbsp;
<SYNC Start=4000><P Class=KRCC>세계<P Class=ENCC>World
</BODY></SAMI>"""

SCC = """Scenarist_SCC V1.0

00:00:01:00	9420 9420 94ae 94ae 9470 9470 c8e5 ecec ef80 942f 942f

00:00:03:00	942c 942c
"""


def read(tmp_path: Path, text: str, name: str, **options: object) -> reader.SubtitleFile:
    (tmp_path / name).write_text(text, encoding="utf-8")
    return reader.read(tmp_path / name, **options)  # type: ignore[arg-type]  # of a test's own words


def test_scc_is_decoded_from_its_codes(tmp_path: Path) -> None:
    found = read(tmp_path, SCC, "x.scc")
    assert (found.format, [cue.text for cue in found.cues]) == ("scc", ["Hello"])
    assert 1000 <= found.cues[0].start < 1400
    assert found.cues[0].end == 3003  # at 29.97 frames per second


def test_ttml_has_ticks_frames_durations_styles_and_regions(tmp_path: Path) -> None:
    found = read(tmp_path, TICKS, "x.ttml")
    assert found.language == "en"
    assert found.cues == [
        Cue(1000, 3000, "Ticks\nline two"),
        Cue(2500, 6000, "Frames <i>italic</i> end", alignment=8),
        Cue(7000, 9000, "Duration"),
    ]


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        ('begin="00:00:01,500" end="00:00:02,500"', (1500, 2500)),
        ('begin="00:01.5" end="00:02.5"', (1500, 2500)),
        ('begin="1.5" dur="1"', (1500, 2500)),
        ('begin="1.5s"', (1500, 5500)),
    ],
)
def test_ttml_has_times_that_its_standard_has_not(tmp_path: Path, times: str, expected: tuple[int, int]) -> None:
    (cue,) = read(tmp_path, f'<tt xmlns="http://www.w3.org/ns/ttml"><body><p {times}>So</p></body></tt>', "x.xml").cues
    assert (cue.start, cue.end) == expected


def test_ttml_without_its_namespace_and_with_times_that_can_not_be_read(tmp_path: Path) -> None:
    text = '<tt xml:lang="en"><body><p begin="soon" end="2s">No</p><p begin="3s" end="4s">Yes</p></body></tt>'
    found = read(tmp_path, text, "x.ttml")
    assert found.cues == [Cue(3000, 4000, "Yes")]
    assert "soon" in found.notes[0]


def ebu_stl() -> bytes:
    """Two subtitles from 10:00:01, the second in italics at the top."""
    head = bytearray(b" " * 1024)
    for at, field in {0: b"850STL25.01000" + b"0F", 238: b"0000200002", 255: b"110000000", 272: b"11GBR"}.items():
        head[at : at + len(field)] = field
    blocks = (
        bytes([0, number, 0, 255, 0, 10, 0, start, 0, 10, 0, end, 0, row, 2, 0]) + text.ljust(112, b"\x8f")
        for number, (start, end, row, text) in enumerate(
            ((1, 3, 20, b"Hello\x8athere"), (4, 6, 2, b"\x80So\x81 W\xc8o"))
        )
    )
    return bytes(head) + b"".join(blocks)


def test_ebu_stl_is_read_from_the_programme_s_start(tmp_path: Path) -> None:
    (tmp_path / "x.stl").write_bytes(ebu_stl())
    found = reader.read(tmp_path / "x.stl")
    assert found.cues == [Cue(1000, 3000, "Hello\nthere"), Cue(4000, 6000, "<i>So</i> Wö", alignment=8)]
    assert (found.format, found.confidence) == ("stl", 1.0)


@pytest.mark.long
def test_a_long_ttml_is_read_in_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ttml_repair, "MOST_PARAGRAPHS", 20)
    lines = "".join(f'<p begin="{at}s" end="{at + 3}s">{at}</p>' for at in range(0, 90, 2))
    text = f'<tt xmlns="http://www.w3.org/ns/ttml"><body begin="10s"><div>{lines}</div></body></tt>'
    cues = read(tmp_path, text, "x.ttml").cues
    assert len(cues) == 45
    assert cues[-1] == Cue(98_000, 101_000, "88")


def test_ttml_of_before_its_first_standard_is_read(tmp_path: Path) -> None:
    old = TICKS.replace("www.w3.org/ns/ttml", "www.w3.org/2006/10/ttaf1")
    assert len(read(tmp_path, old, "x.dfxp").cues) == 3


@pytest.mark.parametrize(
    ("language", "stated", "texts", "ends"),
    [
        ("", "ko-KR", ["안녕하세요\n여러분", "세계"], [3000, 8000]),
        ("en", "en-US", ["Hello\n<i>every</i>one", "World"], [3000, 8000]),
    ],
)
def test_sami_gives_one_language_and_its_marks_end_cues(
    tmp_path: Path, language: str, stated: str, texts: list[str], ends: list[int]
) -> None:
    found = read(tmp_path, SAMI, "x.smi", language=language)
    assert (found.language, [cue.text for cue in found.cues]) == (stated, texts)
    assert [cue.end for cue in found.cues] == ends
    assert "ko-KR, en-US" in found.notes[0]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("x.sub", "[SUBTITLE]\n00:00:01.00,00:00:03.00\nHello[br]there\n\n00:00:04.00,00:00:06.00\nWorld\n"),
        ("x.sbv", "0:00:01.000,0:00:03.000\nHello\nthere\n\n0:00:04.000,0:00:06.000\nWorld\n"),
        ("y.sub", "[00:00:01]\nHello|there\n[00:00:03]\n\n[00:00:04]\nWorld\n[00:00:06]\n\n"),
        ("z.sub", "{0}{0}25\n{25}{75}Hello|there\n{100}{150}World\n"),
        ("x.mpl", "[10][30]Hello|there\n[40][60]World\n"),
        ("x.txt", "00:00:01:Hello|there\n00:00:03:\n00:00:04:World\n00:00:06:\n"),
    ],
    ids=["SubViewer 2", "YouTube", "SubViewer 1", "MicroDVD", "MPL2", "TMPlayer"],
)  # fmt: skip
def test_formats_of_old_programs_are_told_apart_and_read(tmp_path: Path, name: str, text: str) -> None:
    assert read(tmp_path, text, name).cues == [Cue(1000, 3000, "Hello\nthere"), Cue(4000, 6000, "World")]


def test_sami_names_its_speakers_and_a_bare_time_ends_a_cue(tmp_path: Path) -> None:
    text = (
        "<SAMI><BODY><SYNC Start=1000><P Class=EN ID=Source>Ann<P Class=EN>Hello<P Class=EN>there</P></SYNC>"
        "<SYNC Start=3000>&nbsp;<SYNC Start=4000><P Class=EN>World<SYNC Start=6000><P Class=EN>&nbsp;</BODY></SAMI>"
    )
    assert read(tmp_path, text, "x.smi").cues == [
        Cue(1000, 3000, "Hello\nthere", "Ann"),
        Cue(4000, 6000, "World", "Ann"),
    ]


def test_a_rate_in_the_first_line_comes_before_the_movie_s(tmp_path: Path) -> None:
    (cue,) = read(tmp_path, "{1}{1}23.976\n{24}{48}Hello\n", "x.sub", frame_rate=25.0).cues
    assert (cue.start, cue.end) == (1001, 2002)


def test_ends_that_are_open_are_the_next_start(tmp_path: Path) -> None:
    cues = read(tmp_path, "[10][]One\n[20][]Two\n[200][]Three\n", "x.mpl").cues
    assert [cue.end for cue in cues] == [2000, 6000, 24_000]


def test_styles_of_lines_are_ours(tmp_path: Path) -> None:
    (cue,) = read(tmp_path, "{25}{75}{y:i}Hello|{c:$0000ff}there\n", "x.sub", frame_rate=25.0).cues
    assert cue.text == "<i>Hello</i>\nthere"
    (cue,) = read(tmp_path, "[10][30]/Hello|there\n", "x.mpl").cues
    assert cue.text == "<i>Hello</i>\nthere"


@pytest.mark.parametrize(
    ("name", "data", "what"),
    [
        ("x.stl", "$FontName = Arial\n00:00:01:00 , 00:00:03:00 , Hello\n", "Spruce STL"),
        ("x.txt", "@ note\n\n<begin subtitles>\n\n00:00:01:00 00:00:03:00\nHello\n", "Avid DS"),
        ("x.lrc", "[ar:x]\n[00:12.00]One\n[00:17.20]Two\n", "LRC"),
        ("x.idx", "# VobSub index file, v7\n", "VobSub"),
        ("x.ttml", PICTURES, "pictures"),
        ("x.sub", "\x00\x00\x01\xba\x44\x00\x04", "pictures"),
    ],
)
def test_what_is_not_read_is_named_and_never_taken_for_another_format(
    tmp_path: Path, name: str, data: str, what: str
) -> None:
    (tmp_path / name).write_bytes(data.encode("latin-1"))
    with pytest.raises(reader.Unreadable, match=what):
        reader.read(tmp_path / name)


def test_a_sound_in_brackets_is_no_heading_of_subviewer(tmp_path: Path) -> None:
    text = "[SUBTITLE]\n00:00:01.00,00:00:03.00\n[laughs] No\n[END SUBTITLE]\n"
    assert read(tmp_path, text, "x.sub").cues == [Cue(1000, 3000, "[laughs] No")]


def test_a_time_as_text_does_not_make_subrip_another_format(tmp_path: Path) -> None:
    text = "1\n00:00:01,000 --> 00:00:03,000\n[10:20:30]\n"
    assert read(tmp_path, text, "x.srt").format == "srt"


def test_a_paragraph_in_no_region_of_ttml_stands_at_the_usual_place(tmp_path: Path) -> None:
    (cue,) = read(tmp_path, TICKS.replace('<p region="top"', "<p"), "x.ttml").cues[1:2]
    assert (cue.start, cue.alignment) == (2500, 2)
    (cue,) = read(tmp_path, TICKS, "x.ttml").cues[1:2]
    assert (cue.start, cue.alignment) == (2500, 8)


def test_the_reading_of_a_ruby_in_ttml_stands_in_brackets(tmp_path: Path) -> None:
    ruby = '<span tts:ruby="container"><span tts:ruby="base">漢字</span><span tts:ruby="text">かんじ</span></span>です'
    assert read(tmp_path, TICKS.replace("Duration", ruby), "x.ttml").cues[-1].text == "漢字(かんじ)です"
