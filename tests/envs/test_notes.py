"""What is noted of builds, and that nothing fails where nothing can be noted."""

import os
import threading
from pathlib import Path

import pytest

from pipeline.envs.notes import FOLDER, LINES, BuildNotes, Uses, measure, note_use
from pipeline.envs.registry import Registry
from tests.envs.conftest import Make


@pytest.fixture
def notes(registry: Registry) -> BuildNotes:
    return BuildNotes(registry.root)


def used(*prefixes: Path) -> None:
    note_use(prefixes[0].parents[1], prefixes)


def test_uses_are_counted_by_build(notes: BuildNotes, make: Make) -> None:
    one, other = make("alpha", 1).prefix, make("alpha", 2).prefix
    used(one)
    used(one, other)
    assert (notes.uses(one).count, notes.uses(other).count) == (2, 1)
    assert notes.uses(one).last == os.stat(one.parents[1] / FOLDER / f"{one.name}.uses").st_mtime


def test_a_build_that_was_not_used_has_no_uses(notes: BuildNotes, make: Make) -> None:
    assert notes.uses(make("alpha").prefix) == Uses(0, None)


def test_uses_at_once_are_all_counted(notes: BuildNotes, make: Make) -> None:
    prefix = make("alpha").prefix
    threads = [threading.Thread(target=lambda: used(*[prefix] * 50)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert notes.uses(prefix).count == 200


def test_nothing_is_written_into_the_build(notes: BuildNotes, make: Make) -> None:
    prefix = make("alpha").prefix
    before = {path: os.stat(path).st_mtime_ns for path in [prefix, *prefix.rglob("*")]}
    used(prefix)
    notes.built("alpha", prefix, 1.0)
    assert {path: os.stat(path).st_mtime_ns for path in [prefix, *prefix.rglob("*")]} == before


def test_where_nothing_can_be_written_nothing_is_noted_and_nothing_fails(tmp_path: Path, make: Make) -> None:
    prefix = make("alpha").prefix
    (tmp_path / "file").write_text("in place of the folder")
    notes = BuildNotes(tmp_path / "file")
    note_use(tmp_path / "file", [prefix])
    notes.built("alpha", prefix, 1.0)
    assert notes.uses(prefix) == Uses()
    assert notes.builds("alpha") == []
    assert notes.size(prefix) == measure(prefix)


def test_a_link_in_place_of_a_note_is_not_followed(notes: BuildNotes, registry: Registry, make: Make) -> None:
    prefix = make("alpha").prefix
    (registry.root / FOLDER).mkdir()
    victim = registry.root / "victim"
    victim.write_text("whole")
    (registry.root / FOLDER / f"{prefix.name}.uses").symlink_to(victim)
    used(prefix)
    assert victim.read_text() == "whole"


def test_builds_are_remembered_with_their_times(notes: BuildNotes, make: Make) -> None:
    prefix = make("alpha").prefix
    notes.built("alpha", prefix, 1.5)
    notes.built("alpha", prefix, 2.5)
    assert [(each["seconds"], each["build"]) for each in notes.builds("alpha")] == [
        (1.5, prefix.name),
        (2.5, prefix.name),
    ]


def test_a_torn_or_edited_line_is_left_out(notes: BuildNotes, registry: Registry, make: Make) -> None:
    prefix = make("alpha").prefix
    notes.built("alpha", prefix, 1.5)
    with (registry.root / FOLDER / "alpha.builds").open("a") as file:
        file.write('[]\n{"seconds": "many"}\n{"seconds": 3')
    assert [each["seconds"] for each in notes.builds("alpha")] == [1.5]


def test_of_very_many_builds_the_latest_are_told(notes: BuildNotes, make: Make) -> None:
    prefix = make("alpha").prefix
    for number in range(LINES + 5):
        notes.built("alpha", prefix, number)
    assert [each["seconds"] for each in notes.builds("alpha")] == list(range(5, LINES + 5))


def test_a_size_is_measured_once(notes: BuildNotes, make: Make) -> None:
    prefix = make("alpha").prefix
    size = notes.size(prefix)
    (prefix / "later").write_bytes(b"x" * 100_000)
    assert notes.size(prefix) == size


@pytest.mark.parametrize("note", ["", "[1, 2", '{"a": 1}', "[1, 2, null]"])
def test_a_size_that_cannot_be_read_is_measured_again(
    notes: BuildNotes, registry: Registry, make: Make, note: str
) -> None:
    prefix = make("alpha").prefix
    size = notes.size(prefix)
    (registry.root / FOLDER / f"{prefix.name}.size").write_text(note)
    assert notes.size(prefix) == size


def test_what_has_a_name_elsewhere_is_shared(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "own").write_bytes(b"x" * 8192)
    (tmp_path / "cached").write_bytes(b"x" * 16384)
    os.link(tmp_path / "cached", folder / "linked")
    size = measure(folder)
    assert (size.allocated, size.shared, size.files) == (24576, 16384, 2)


def test_a_file_with_two_names_in_the_build_counts_once_and_is_not_shared(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "own").write_bytes(b"x" * 8192)
    os.link(folder / "own", folder / "again")
    size = measure(folder)
    assert (size.allocated, size.shared) == (8192, 0)


def test_links_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "large").mkdir()
    (tmp_path / "large" / "file").write_bytes(b"x" * 100_000)
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "link").symlink_to(tmp_path / "large")
    assert measure(folder).allocated < 100_000
