"""What a stage left is compared with what it promised, in words and without a traceback."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from pipeline.config.ensure import parse_promises
from pipeline.errors import InputError
from pipeline.project import ProjectFolder
from pipeline.run.ensure import unmet_conditions

SCHEMA = {"type": "object", "required": ["segments"], "properties": {"segments": {"items": {"minimum": 0}}}}
SECONDS = {"half.mp4": 60.2, "whole.mp4": 120.0, "about.mp4": 120.9, "first.mp4": 59.9, "silent.mp4": None}


def measure(file: Path) -> float | None:
    """ffprobe's place."""
    if file.name not in SECONDS:
        raise InputError(f"{file.name} isn't a media file that ffmpeg can read: moov atom not found")
    return SECONDS[file.name]


class Bench:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.inputs: dict[str, list[Path]] = {}

    def file(self, name: str, content: Any) -> Path:
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
        return path

    def given(self, slot: str, name: str, content: Any) -> None:
        self.inputs.setdefault(slot, []).append(self.file(name, content))

    def broken(self, table: Mapping[str, Any], name: str, content: Any) -> list[str]:
        """What is said of an output ``x`` with these conditions."""
        return unmet_conditions(
            parse_promises({"x": table}),
            {"x": self.file(name, content)},
            self.inputs,
            ProjectFolder(self.folder),
            measure,
        )


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


EMPTY = {
    ("x.bin", b""): "output 'x' (x.bin) is empty",
    ("x.json", b""): "output 'x' (x.json) is empty",
    ("x.json", b"[]"): "output 'x' (x.json) holds nothing but []",
    ("x.json", b" {}\n"): "output 'x' (x.json) holds nothing but {}",
    ("x.json", b"null"): "output 'x' (x.json) holds nothing but null",
    ("x.json", b'""'): "output 'x' (x.json) holds nothing but ''",
    ("x.json", b"[1"): "output 'x' (x.json): it isn't JSON: Expecting ',' delimiter: line 1 column 3 (char 2)",
    ("x.txt", b"\xef\xbb\xbf \n\t\n"): "output 'x' (x.txt) holds nothing but white space",
    ("x.srt", b"\n"): "output 'x' (x.srt) is empty: it has 0 cues",
    ("x.vtt", b"WEBVTT\n"): "output 'x' (x.vtt) is empty: it has 0 cues",
    ("x.jsonl", b"\n\n"): "output 'x' (x.jsonl) is empty: it has 0 entries",
    ("x\n.bin", b""): "output 'x' (x\\n.bin) is empty",
}


@pytest.mark.parametrize(("name", "content"), EMPTY, ids=range(len(EMPTY)))
def test_what_is_empty_is_told(bench: Bench, name: str, content: bytes) -> None:
    assert bench.broken({"non_empty": True}, name, content) == [EMPTY[name, content]]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("x.bin", b"\0"),
        ("x.json", b"0"),
        ("x.json", b"false"),
        ("x.json", b"[[]]"),
        ("x.txt", b"\n a"),
        ("x.txt", b"\xff"),
        ("x.srt", b"1\n00:00:01,000 --> 00:00:02,000\n"),
        ("x.jsonl", b"{}\n"),
    ],
)
def test_what_is_not_empty_is_well(bench: Bench, name: str, content: bytes) -> None:
    assert bench.broken({"non_empty": True}, name, content) == []


def test_non_empty_may_be_said_not_to_be_wanted(bench: Bench) -> None:
    assert bench.broken({"non_empty": False}, "x.bin", b"") == []


def test_a_file_that_can_not_be_read_breaks_the_promise(bench: Bench) -> None:
    path = bench.folder / "gone.json"
    broken = unmet_conditions(
        parse_promises({"x": {"non_empty": True}}), {"x": path}, {}, ProjectFolder(bench.folder), measure
    )
    assert broken == [f"output 'x' (gone.json) can't be checked: {path}: No such file or directory"]


HUGE = b"9" * 400


@pytest.mark.parametrize("number", [b"NaN", b"-Infinity", b"1e400", b"-" + HUGE, HUGE, b"9" * 5000], ids=range(6))
@pytest.mark.parametrize("table", [{"at_least": {"a": 1}}, {"schema": "s.json"}], ids=str)
def test_a_number_that_is_none_or_too_large_breaks_a_promise_in_words(
    bench: Bench, table: Mapping[str, Any], number: bytes
) -> None:
    bench.file("s.json", {"properties": {"a": {"multipleOf": 0.1}}})
    assert len(bench.broken(table, "x.json", b'{"a": ' + number + b"}")) == 1


def test_json_may_be_in_any_encoding_of_unicode(bench: Bench) -> None:
    for encoding in ("utf-8-sig", "utf-16", "utf-32-le"):
        assert bench.broken({"at_least": {"ä": 1}}, "x.json", '{"ä": 2}'.encode(encoding)) == []


def test_a_value_that_fits_its_schema_is_well(bench: Bench) -> None:
    bench.file("s.json", SCHEMA)
    assert bench.broken({"schema": "s.json"}, "x.json", {"segments": [0, 1]}) == []


@pytest.mark.parametrize(
    ("schema", "content", "reason"),
    [
        (SCHEMA, {}, "doesn't fit s.json: as a whole: 'segments' is a required property"),
        (SCHEMA, {"segments": [1, -1]}, "doesn't fit s.json: segments.1: -1 is less than the minimum of 0"),
        ({"type": "string"}, ["y" * 900], f"doesn't fit s.json: as a whole: ['{'y' * 198}…"),
        (SCHEMA, b"{", "it isn't JSON"),
        (b"{", {}, "can't be checked: s.json: the schema isn't JSON"),
        (b"3", {}, "can't be checked: s.json: it isn't a JSON Schema: it must be an object"),
        ({"type": 3}, {}, "can't be checked: s.json: it isn't a JSON Schema: type: 3 is not valid"),
        ({"pattern": "["}, "x", "can't be checked: s.json: it isn't a JSON Schema: pattern: '[' is not"),
        (
            {"$ref": "http://localhost/x"},
            {},
            "can't be checked: s.json refers to http://localhost/x, which isn't in it",
        ),
        ({"$ref": "#/$defs/x"}, {}, "can't be checked: s.json refers to /$defs/x, which isn't in it"),
        ({"$ref": "#"}, {}, "doesn't fit s.json: it is nested too deeply"),
    ],
)
def test_what_does_not_fit_its_schema_is_told(bench: Bench, schema: Any, content: Any, reason: str) -> None:
    bench.file("s.json", schema)
    (broken,) = bench.broken({"schema": "s.json"}, "x.json", content)
    assert broken.removeprefix("output 'x' (x.json)").lstrip(": ").startswith(reason)


def test_a_schema_that_vanished_is_told(bench: Bench) -> None:
    (broken,) = bench.broken({"schema": "s.json"}, "x.json", {})
    assert broken == "output 'x' (x.json) can't be checked: s.json: the schema can't be read: No such file or directory"


def test_a_schema_in_pieces_is_used_whole(bench: Bench) -> None:
    bench.file("s.json", {"$defs": {"x": {"type": "string"}}, "$ref": "#/$defs/x"})
    assert bench.broken({"schema": "s.json"}, "x.json", "fits") == []
    assert len(bench.broken({"schema": "s.json"}, "x.json", 3)) == 1


def test_as_many_as_the_input_is_well(bench: Bench) -> None:
    bench.given("y", "y.json", {"segments": [1, 2]})
    table = {"count": {"like": "y", "of": "out.segments", "in": "segments"}}
    assert bench.broken(table, "x.json", {"out": {"segments": [3, 4]}}) == []


def test_another_number_than_the_input_s_is_told(bench: Bench) -> None:
    bench.given("y", "y.json", {"segments": [0] * 120})
    table = {"count": {"like": "y", "of": "segments", "in": "segments"}}
    assert bench.broken(table, "x.json", {"segments": [0] * 118}) == [
        "output 'x' (x.json): 118 segments, but input 'y' has 120"
    ]


def test_things_of_different_kinds_can_be_as_many(bench: Bench) -> None:
    bench.given("y", "y.jsonl", b"1\n2\n")
    table = {"count": {"like": "y"}}
    assert bench.broken(table, "x.txt", b"a\nb\n") == []
    assert bench.broken(table, "x.txt", b"a\n") == ["output 'x' (x.txt): 1 lines, but input 'y' has 2 entries"]


def test_an_input_of_several_files_is_their_sum(bench: Bench) -> None:
    bench.given("y", "1.txt", b"a\n")
    bench.given("y", "2.txt", b"b\nc\n")
    assert bench.broken({"count": {"like": "y"}}, "x.txt", b"1\n2\n3\n") == []
    bench.given("z", "first.mp4", b"")
    bench.given("z", "half.mp4", b"")
    assert bench.broken({"duration": {"like": "z"}}, "whole.mp4", b"") == []


def test_what_can_not_be_counted_is_told(bench: Bench) -> None:
    bench.given("y", "y.json", {"a": 1})
    table = {"count": {"like": "y", "of": "b", "in": "a"}}
    assert bench.broken(table, "x.json", {}) == ["output 'x' (x.json): it has no list 'b'"]
    assert bench.broken(table, "x.json", {"b": []}) == [
        "output 'x' (x.json): can't be compared with input 'y': it has no list 'a'"
    ]


def test_an_input_that_vanished_is_told(bench: Bench) -> None:
    bench.inputs["y"] = [bench.folder / "gone.txt"]
    (broken,) = bench.broken({"count": {"like": "y"}}, "x.txt", b"")
    assert broken == f"output 'x' (x.txt) can't be checked: {bench.folder / 'gone.txt'}: No such file or directory"


@pytest.mark.parametrize(
    ("name", "within", "expected"),
    [
        ("whole.mp4", {}, []),
        ("about.mp4", {}, []),
        ("about.mp4", {"within": 0.9001}, []),
        (
            "about.mp4",
            {"within": 0.5},
            ["output 'x' (about.mp4): 120.900 s long, but input 'y' has 120.000 s, and 0.5"],
        ),
        ("half.mp4", {}, ["output 'x' (half.mp4): 60.200 s long, but input 'y' has 120.000 s, and 1 s of difference"]),
        ("silent.mp4", {}, ["output 'x' (silent.mp4): silent.mp4 doesn't say how long it is"]),
        ("broken.mp4", {}, ["output 'x' (broken.mp4): broken.mp4 isn't a media file that ffmpeg can read: moov"]),
    ],
)
def test_a_duration_is_compared(bench: Bench, name: str, within: dict[str, float], expected: list[str]) -> None:
    bench.given("y", "whole.mp4", b"")
    broken = bench.broken({"duration": {"like": "y", **within}}, name, b"")
    assert len(broken) == len(expected)
    assert all(text.startswith(start) for text, start in zip(broken, expected, strict=True))


def test_every_broken_condition_of_every_output_is_told(bench: Bench) -> None:
    bench.given("y", "y.txt", b"a\n")
    table: dict[str, dict[str, Any]] = {
        "x": {"non_empty": True, "count": {"like": "y"}},
        "z": {"non_empty": True},
        "absent": {"non_empty": True},
    }
    outputs = {"x": bench.file("x.txt", b""), "z": bench.file("z.txt", b"")}
    assert unmet_conditions(parse_promises(table), outputs, bench.inputs, ProjectFolder(bench.folder), measure) == [
        "output 'x' (x.txt) is empty",
        "output 'x' (x.txt): 0 lines, but input 'y' has 1",
        "output 'z' (z.txt) is empty",
    ]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'{"coverage": {"share": 0.6}}', []),
        (b'{"coverage": {"share": 1}}', []),
        (b'{"coverage": {"share": 0.25}}', ["output 'x' (x.json): coverage.share is 0.25, but must be at least 0.6"]),
        (b'{"coverage": {"share": "1"}}', ["output 'x' (x.json): it has no number 'coverage.share'"]),
        (b'{"coverage": {"share": true}}', ["output 'x' (x.json): it has no number 'coverage.share'"]),
        (b'{"coverage": []}', ["output 'x' (x.json): it has no number 'coverage.share'"]),
        (b"[1", ["output 'x' (x.json): it isn't JSON: Expecting ',' delimiter: line 1 column 3 (char 2)"]),
    ],
)
def test_a_number_below_what_was_promised_is_told(bench: Bench, content: bytes, said: list[str]) -> None:
    assert bench.broken({"at_least": {"coverage.share": 0.6}}, "x.json", content) == said


def test_a_number_that_is_none_keeps_no_promise(bench: Bench) -> None:
    assert bench.broken({"at_least": {"share": 0}}, "x.json", b'{"share": NaN}') == [
        "output 'x' (x.json): share is nan, but must be at least 0"
    ]


def test_each_number_is_looked_at(bench: Bench) -> None:
    assert len(bench.broken({"at_least": {"a": 1, "b": 1}}, "x.json", b'{"a": 0, "b": 0}')) == 2
