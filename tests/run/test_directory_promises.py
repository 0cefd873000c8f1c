"""What a stage may promise of a directory."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from pipeline.config.ensure import parse_promises
from pipeline.project import ProjectFolder
from pipeline.run.ensure import unmet_conditions

SCHEMA = {"type": "object", "required": ["score"], "properties": {"score": {"maximum": 1}}}


@pytest.fixture
def tiles(tmp_path: Path) -> Path:
    (tmp_path / "schema.json").write_text(json.dumps(SCHEMA))
    (tmp_path / "tiles/below/deeper").mkdir(parents=True)
    (tmp_path / "tiles/below/a.json").write_text('{"score": 0.5}')
    (tmp_path / "tiles/below/b.JSONL").write_text('{"score": 0.5}\n\n{"score": 1}\n')
    (tmp_path / "tiles/picture.bin").write_bytes(b"\0")
    return tmp_path / "tiles"


def broken(tiles: Path, table: Mapping[str, Any], **inputs: list[Path]) -> list[str]:
    return unmet_conditions(
        parse_promises({"x": table}), {"x": tiles}, inputs, ProjectFolder(tiles.parent), lambda _: None
    )


def test_each_json_file_in_it_must_fit_its_schema(tiles: Path) -> None:
    table = {"schema": "schema.json"}
    assert broken(tiles, table) == []
    (tiles / "below/b.JSONL").write_text('{"score": 0.5}\n\n{"score": 2}\n')
    (said,) = broken(tiles, table)
    assert "below/b.JSONL: line 3: score: 2" in said
    (tiles / "below/a.json").write_text("{")
    (said,) = broken(tiles, table)
    assert "below/a.json: it isn't JSON" in said


def test_one_without_json_does_not_fit_any_schema(tiles: Path) -> None:
    (tiles / "below/a.json").unlink()
    (tiles / "below/b.JSONL").unlink()
    assert "no .json or .jsonl file" in broken(tiles, {"schema": "schema.json"})[0]


def test_a_file_of_json_lines_is_held_against_its_schema_line_by_line(tiles: Path) -> None:
    lines = (tiles / "below/b.JSONL").rename(tiles.parent / "b.JSONL")
    assert broken(lines, {"schema": "schema.json"}) == []
    lines.write_text('{"score": 1}\n{"other": 1}\n')
    assert "line 2: as a whole: 'score' is a required property" in broken(lines, {"schema": "schema.json"})[0]


def test_its_files_are_counted_at_every_depth(tiles: Path) -> None:
    listed = tiles.parent / "list.json"
    listed.write_text("[1, 2, 3]")
    table = {"count": {"like": "chunks"}}
    assert broken(tiles, table, chunks=[listed]) == []
    assert broken(tiles, table, chunks=[tiles]) == []
    (tiles / "below/deeper/more").touch()
    assert broken(tiles, table, chunks=[listed]) == [
        "output 'x' (tiles): 4 files, but input 'chunks' has 3 entries",
    ]
    assert "it is a folder" in broken(tiles, {"count": {"like": "chunks", "in": "a"}}, chunks=[tiles])[0]


def test_bytes_are_promised_of_its_files_together(tiles: Path) -> None:
    assert broken(tiles, {"non_empty": True}) == []
    for file in tiles.rglob("*.*"):
        file.write_bytes(b"")
    assert broken(tiles, {"non_empty": True}) == ["output 'x' (tiles) has no file with a byte in it"]
    assert broken(tiles, {"non_empty": False}) == []
