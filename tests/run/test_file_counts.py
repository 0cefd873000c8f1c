"""How many things are in a file of each kind, and what is said of a file that isn't what its name says."""

from pathlib import Path

import pytest

from pipeline.run.file_counts import FileCount, Uncountable, count

SRT = "1\n00:00:01,000 --> 00:00:02,000\nhe said --> there\n\n2\n100:00:03,5 --> 100:00:04,0\nb\n"
VTT = "WEBVTT\n\nNOTE a --> b\n\n00:01.000 --> 00:02.000 align:left\na\n\nid\n01:00:01.000\t-->  01:00:02.000\nb\n"


@pytest.mark.parametrize(
    ("name", "content", "key", "expected"),
    [
        ("a.json", "[1, 2, 3]", None, FileCount(3, "entries")),
        ("a.json", '\ufeff{"a": {"segments": [1]}}', "a.segments", FileCount(1, "segments")),
        ("a.JSON", "[]", None, FileCount(0, "entries")),
        ("a.jsonl", '{"a": 1}\n\n[2]\n3', None, FileCount(3, "entries")),
        ("a.srt", SRT, None, FileCount(2, "cues")),
        ("a.srt", SRT.replace("\n", "\r\n"), None, FileCount(2, "cues")),
        ("a.srt", "no cue --> here\n", None, FileCount(0, "cues")),
        ("a.vtt", VTT, None, FileCount(2, "cues")),
        ("a.vtt", "WEBVTT\n", None, FileCount(0, "cues")),
        ("a.txt", "", None, FileCount(0, "lines")),
        ("a.txt", "a\n\nb\n", None, FileCount(3, "lines")),
        ("a.txt", "a\n\nb", None, FileCount(3, "lines")),
        ("nothing after a dot", "a\n", None, FileCount(1, "lines")),
    ],
)
def test_what_is_there_is_counted(
    tmp_path: Path, name: str, content: str, key: str | None, expected: FileCount
) -> None:
    file = tmp_path / name
    file.write_bytes(content.encode())
    assert count(file, key) == expected


@pytest.mark.parametrize(
    ("name", "content", "key", "reason"),
    [
        ("a.json", b"{", None, "it isn't JSON: Expecting property name"),
        ("a.json", b"", None, "it isn't JSON: Expecting value"),
        ("a.json", b"\xff\xfe\xfd", None, "it isn't JSON"),
        ("a.json", b"[" * 200_000, None, "it isn't JSON: it is nested too deeply"),
        ("a.json", b"{}", None, "it isn't a list, so a key must be named"),
        ("a.json", b'{"a": 3}', "a", "it has no list 'a'"),
        ("a.json", b"[1]", "a", "it has no list 'a'"),
        ("a.json", b'{"a": 3}', "a.b.c", "it has no list 'a.b.c'"),
        ("a.srt", b"x", "cues", "it isn't JSON"),
        ("a.jsonl", b'{"a": 1}\n{"b":', None, "its line 2 isn't JSON"),
        ("a.wav", b"RIFF\0\0", None, "it isn't text"),
    ],
)
def test_what_can_not_be_counted_says_why(tmp_path: Path, name: str, content: bytes, key: str, reason: str) -> None:
    file = tmp_path / name
    file.write_bytes(content)
    with pytest.raises(Uncountable) as raised:
        count(file, key)
    assert str(raised.value).startswith(reason)


def test_a_file_larger_than_what_is_read_at_once_is_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.run.file_counts.CHUNK", 3)
    file = tmp_path / "a.txt"
    file.write_text("ab\ncd\nef\ng")
    assert count(file) == FileCount(4, "lines")
