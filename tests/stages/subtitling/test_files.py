"""Subtitle files: written, read again, read from elsewhere, and mended."""

from pathlib import Path

import pytest
from subtitling import reader, writer
from subtitling.cue_repair import Mended, mend
from subtitling.cues import Cue

CUES = [
    Cue(1000, 2500, "It was <i>the best</i>\nof times."),
    Cue(3_661_500, 3_663_040, "2 < 3 & 4 > 1"),
    Cue(3_664_000, 3_666_000, "- {so} C:\\new \\ ♪ 今日"),
]


def srt(text: str, times: str = "00:00:01,000 --> 00:00:02,500") -> str:
    return f"1\n{times}\n{text}\n\n"


def read(tmp_path: Path, data: str | bytes, name: str = "x.srt", **options: object) -> reader.Subtitles:
    file = tmp_path / name
    file.write_bytes(data.encode() if isinstance(data, str) else data)
    return reader.read(file, **options)  # type: ignore[arg-type]  # of a test's own words


def refusal(tmp_path: Path, data: str | bytes, name: str = "x.srt") -> str:
    with pytest.raises(reader.Unreadable) as refused:
        read(tmp_path, data, name)
    return str(refused.value)


@pytest.mark.parametrize("kind", ["srt", "vtt"])
def test_what_was_written_is_read_again(tmp_path: Path, kind: str) -> None:
    writer.save(CUES, tmp_path / f"x.{kind}", kind)
    found = reader.read(tmp_path / f"x.{kind}")
    assert (found.cues, found.format, found.encoding) == (CUES, kind, "utf-8")


def test_substation_is_written_to_the_hundredth_with_its_own_tags(tmp_path: Path) -> None:
    writer.save(CUES, tmp_path / "x.ass", "ass")
    lines = (tmp_path / "x.ass").read_text(encoding="utf-8").splitlines()
    assert lines[-3] == r"Dialogue: 0,0:00:01.00,0:00:02.50,Default,,0,0,0,,It was {\i1}the best{\i0}\Nof times."
    assert lines[-2].startswith("Dialogue: 0,1:01:01.50,1:01:03.04,")
    assert reader.read(tmp_path / "x.ass").cues[:2] == CUES[:2]


def test_substation_keeps_a_backslash_that_is_no_command() -> None:
    assert writer._ass_escaped("C:\\new {so}") == "C:\\\u2060new \\{so\\}"


def test_webvtt_escapes_what_is_no_tag() -> None:
    assert writer._escaped("<i>2 < 3</i> & 4") == "<i>2 &lt; 3</i> &amp; 4"


@pytest.mark.parametrize(("kind", "content"), [("srt", ""), ("vtt", "WEBVTT\n\n")])
def test_no_cues_give_a_valid_file(tmp_path: Path, kind: str, content: str) -> None:
    writer.save([], tmp_path / f"x.{kind}", kind)
    assert (tmp_path / f"x.{kind}").read_text() == content
    assert reader.read(tmp_path / f"x.{kind}").cues == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("مرحبا", "مرحبا"),
        ("- مرحبا", "- مرحبا"),
        ("<i>مرحبا</i>", "<i>مرحبا</i>"),
        ("OK مرحبا\nمرحبا", "\u200fOK مرحبا\nمرحبا"),
        ("1984 كان", "\u200f1984 كان"),
        ("...", "..."),
    ],
)
def test_a_right_to_left_line_that_begins_with_another_script_is_marked(text: str, expected: str) -> None:
    assert writer.directed(text) == expected


@pytest.mark.parametrize("name", ["cp1251", "utf-16", "utf-8-sig"])
def test_old_encodings_are_read(tmp_path: Path, name: str) -> None:
    found = read(tmp_path, srt("Привет, как дела?\nЯ не знаю, что сказать.").encode(name))
    assert found.cues == [Cue(1000, 2500, "Привет, как дела?\nЯ не знаю, что сказать.")]
    assert found.encoding == name


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ("raw", r"{\an8}<font color=red><i>so</i></font>"),
        ("keep", "<i>so</i>"),
        ("strip", "so"),
    ],
)
def test_markup_is_kept_or_stripped(tmp_path: Path, tags: str, expected: str) -> None:
    (cue,) = read(tmp_path, srt(r"{\an8}<font color=red><i>so</i></font>"), tags=tags).cues
    assert cue.text == expected


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("x.srt", "1\r\n0:00:01,000 --> 0:00:02,500\r\nYes,\r\nso.\r\n\r\n"),
        ("x.srt", "\ufeff00:00:01.000 --> 00:00:02.500 X1:0 X2:9\n Yes,\nso. \n"),
        ("x.srt", "WEBVTT\n\nNOTE it is\nnothing\n\n00:01.000 --> 00:02.500 line:0\nYes,\nso.\n\nNOTE no cue\n"),
        (
            "x.vtt",
            "WEBVTT - title\n\nSTYLE\n::cue {}\n\nname\n00:01.000 --> 00:02.500\n<v Fred>Yes,\nso.</v>\n\nlast\n",
        ),
        (
            "x.ass",
            (
                "[Script Info]\n[V4+ Styles]\n[Events]\nFormat: Layer, Start, End, Style, Name, MarginL, MarginR, "
                "MarginV, Effect, Text\nComment: 0,0:00:00.00,0:00:01.00,D,,0,0,0,,no\n"
                "Dialogue: 0,0:00:01.00,0:00:02.50,D,,0,0,0,,{\\an8}{no}Yes,\\Nso.\n"
            ),
        ),
        ("x.sub", "{25}{62}Yes,|so.\n"),
        (
            "x.ttml",
            (
                '<?xml version="1.0"?><tt xmlns="http://www.w3.org/ns/ttml"><body><div>'
                '<p begin="00:00:01.000" end="00:00:02.500">Yes,<br/>so.</p></div></body></tt>'
            ),
        ),
    ],
    ids=["crlf", "bare", "named srt", "vtt", "ass", "microdvd", "ttml"],
)
def test_every_usual_format_is_read(tmp_path: Path, name: str, data: str) -> None:
    (cue,) = read(tmp_path, data, name, frame_rate=25.0).cues
    assert (cue.start, round(cue.end, -2), cue.text) == (1000, 2500, "Yes,\nso.")


@pytest.mark.parametrize(
    ("data", "name", "expected"),
    [
        ("Just a letter.\n", "x.txt", "it is no subtitle file"),
        ("Just a letter.\n", "x.srt", "it has text, but no cue"),
        (b"\x00\x00\x00 ftypisom" + bytes(range(256)) * 9, "x.srt", "may be no text"),
        ("{25}{62}Yes.\n", "x.sub", "it can't be read as microdvd"),
        ('<tt xmlns="http://www.w3.org/ns/ttml"><p begin=', "x.ttml", "it can't be read as ttml"),
    ],
)
def test_what_is_no_subtitle_file_is_refused_with_a_reason(
    tmp_path: Path, data: str | bytes, name: str, expected: str
) -> None:
    assert expected in refusal(tmp_path, data, name)


A, B, C = Cue(1000, 3000, "a"), Cue(4000, 6000, "b"), Cue(7000, 9000, "c")


@pytest.mark.parametrize(
    ("cues", "expected", "mended"),
    [
        ([A, B, C], [A, B, C], []),
        ([B, A], [A, B], [Mended("order", (2,))]),
        ([A, Cue(2000, 5000, "x")], [Cue(1000, 2000, "a"), Cue(2000, 5000, "x")], [Mended("overlap", (1, 2))]),
        ([A, Cue(1000, 2000, "x")], [Cue(1000, 3000, "x\na")], [Mended("together", (2, 1))]),
        ([A, Cue(2500, 5000, "a")], [Cue(1000, 5000, "a")], [Mended("twice", (1, 2))]),
        ([A, Cue(3500, 3600, "<i></i>"), B], [A, B], [Mended("empty", (2,))]),
        ([Cue(1000, 1000, "a")], [Cue(1000, 1500, "a")], [Mended("no-time", (1,))]),
    ],
)
def test_cues_that_get_in_each_other_s_way_are_mended_and_told(
    cues: list[Cue], expected: list[Cue], mended: list[Mended]
) -> None:
    assert mend(cues) == (expected, mended)
