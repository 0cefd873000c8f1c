"""Subtitle files from elsewhere, in their formats and encodings."""

from pathlib import Path

import pytest
from subtitling import reader
from subtitling.cues import Cue


def srt(text: str, times: str = "00:00:01,000 --> 00:00:02,500") -> str:
    return f"1\n{times}\n{text}\n\n"


def read(tmp_path: Path, data: str | bytes, name: str = "x.srt", **options: object) -> reader.SubtitleFile:
    file = tmp_path / name
    file.write_bytes(data.encode() if isinstance(data, str) else data)
    return reader.read(file, **options)  # type: ignore[arg-type]  # of a test's own words


def refusal(tmp_path: Path, data: str | bytes, name: str = "x.srt") -> str:
    with pytest.raises(reader.Unreadable) as refused:
        read(tmp_path, data, name)
    return str(refused.value)


@pytest.mark.parametrize("name", ["cp1251", "utf-16", "utf-8-sig"])
def test_old_encodings_are_read(tmp_path: Path, name: str) -> None:
    found = read(tmp_path, srt("Привет, как дела?\nЯ не знаю, что сказать.").encode(name))
    assert found.cues == [Cue(1000, 2500, "Привет, как дела?\nЯ не знаю, что сказать.")]
    assert found.encoding == name


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ("raw", "<font color=red><i>so</i></font>"),
        ("keep", "<i>so</i>"),
    ],
)
def test_markup_of_other_formats_is_kept_for_a_check(tmp_path: Path, tags: str, expected: str) -> None:
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
        ("{25}{62}Yes.\n", "x.sub", "--frame-rate"),
        ('<tt xmlns="http://www.w3.org/ns/ttml"><p begin=', "x.ttml", "it can't be read as ttml"),
    ],
)
def test_what_is_no_subtitle_file_is_refused_with_a_reason(
    tmp_path: Path, data: str | bytes, name: str, expected: str
) -> None:
    assert expected in refusal(tmp_path, data, name)
