"""Directories in the store of results."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.cache import stored_directories
from pipeline.cache.record import OUTPUTS, folder_of
from pipeline.cache.store import ResultStore
from pipeline.directories import manifest, tree_reader
from pipeline.directories.scan import TreeItem
from pipeline.directories.tree_reader import digest_of, read
from pipeline.jobs.records import OutputRecord, StoredResult
from pipeline.signatures import Signature
from tests.cache.helpers import key_of, litter

KEY = key_of("tiles")
FILES = 40


@pytest.fixture
def store(tmp_path: Path) -> ResultStore:
    return ResultStore(tmp_path / "cache/results")


@pytest.fixture
def committed(tmp_path: Path) -> tuple[Path, str, Signature]:
    """A directory as an attempt has committed it."""
    directory = tmp_path / "job/outputs/tiles"
    (directory / "below/empty").mkdir(parents=True)
    for number in range(FILES):
        (directory / f"below/{number}").write_text(f"tile {number}")
    (directory / "first").symlink_to("below/0")
    found = read(directory)
    manifest.write(directory, found.manifest)
    return directory, found.manifest.digest, found.signature


def put(store: ResultStore, committed: tuple[Path, str, Signature]) -> Path:
    """The entry's directory."""
    directory, digest, signature = committed
    records = {"tiles": OutputRecord("tiles", signature.size, signature.mtime_ns, digest)}
    store.put(KEY, StoredResult("draw", "job-1", 1, KEY, 1.0, records, {}), {"tiles": directory}, {"tiles": signature})
    return folder_of(store.root, KEY) / OUTPUTS / "tiles"


def taken(store: ResultStore, folder: Path) -> Path | None:
    (folder / "outputs").mkdir(parents=True)
    return folder / "outputs/tiles" if store.take(KEY, folder / "outputs") else None


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files that are read from here on."""
    found: list[str] = []
    digest = tree_reader.file_digest

    def noted(directory: str, file: TreeItem) -> str:
        found.append(file.path)
        return digest(directory, file)

    monkeypatch.setattr(tree_reader, "file_digest", noted)
    return found


def test_a_stored_directory_is_given_to_job_after_job_without_reading_it(
    store: ResultStore, committed: tuple[Path, str, Signature], tmp_path: Path, reads: list[str]
) -> None:
    put(store, committed)
    for number in range(3):
        assert taken(store, tmp_path / f"{number}")
    assert reads == []
    for number in range(3):
        directory = tmp_path / f"{number}/outputs/tiles"
        assert digest_of(directory) == committed[1]
        assert manifest.read(directory, committed[1])


def test_one_that_a_removed_job_had_shared_is_read_and_given(
    store: ResultStore, committed: tuple[Path, str, Signature], tmp_path: Path, reads: list[str]
) -> None:
    put(store, committed)
    shutil.rmtree(committed[0])  # which changes the number of names, and so the signature
    assert taken(store, tmp_path / "next")
    assert len(reads) == FILES
    reads.clear()
    assert taken(store, tmp_path / "after")
    assert reads == []


def rewrites(directory: Path) -> None:
    """With the size and the time that it had."""
    file = directory / "below/7"
    status = file.stat()
    file.chmod(0o644)
    file.write_text("tile X")
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))


def loses_a_file(directory: Path) -> None:
    (directory / "below/7").unlink()


def gets_a_file(directory: Path) -> None:
    (directory / "below/new").touch()


def loses_a_folder(directory: Path) -> None:
    (directory / "below/empty").rmdir()


def has_another_link(directory: Path) -> None:
    (directory / "first").unlink()
    (directory / "first").symlink_to("below/1")


def is_gone(directory: Path) -> None:
    shutil.rmtree(directory)


def loses_its_manifest(directory: Path) -> None:
    manifest.place_for(directory).unlink()


def has_a_wrong_manifest(directory: Path) -> None:
    manifest.place_for(directory).write_text('{"schema": 1, "entries": []}')


DAMAGE = [
    rewrites,
    loses_a_file,
    gets_a_file,
    loses_a_folder,
    has_another_link,
    is_gone,
    loses_its_manifest,
    has_a_wrong_manifest,
]


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_directory_is_not_given_and_its_entry_goes(
    store: ResultStore, committed: tuple[Path, str, Signature], tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    damage(put(store, committed))
    assert store.problem(KEY)
    assert taken(store, tmp_path / "next") is None
    assert not store.has(KEY)
    assert os.listdir(tmp_path / "next/outputs") == []


def test_the_name_that_is_damaged_is_told(store: ResultStore, committed: tuple[Path, str, Signature]) -> None:
    rewrites(put(store, committed))
    assert "below/7 (changed)" in str(store.problem(KEY))


def test_one_that_was_changed_between_commit_and_sharing_is_read_when_it_is_taken(
    store: ResultStore, committed: tuple[Path, str, Signature], tmp_path: Path
) -> None:
    gets_a_file(committed[0])
    put(store, committed)
    assert taken(store, tmp_path / "next") is None


def test_a_directory_without_its_manifest_is_not_stored(
    store: ResultStore, committed: tuple[Path, str, Signature]
) -> None:
    loses_its_manifest(committed[0])
    put(store, committed)
    assert not store.has(KEY)
    assert [name for name in os.listdir(store.root) if "putting" in name] == []


def test_its_size_counts_with_all_that_is_in_it(store: ResultStore, committed: tuple[Path, str, Signature]) -> None:
    put(store, committed)
    (entry,) = store.entries()
    assert entry.size > FILES * 4096
    assert entry.shared >= FILES * 4096


def test_a_damaged_list_of_signatures_only_costs_the_reading(
    store: ResultStore, committed: tuple[Path, str, Signature], tmp_path: Path, reads: list[str]
) -> None:
    stored_directories._file(put(store, committed)).write_text("{")
    assert taken(store, tmp_path / "next")
    assert len(reads) == FILES


def test_a_disk_that_fills_in_the_middle_of_a_directory_stores_nothing(
    small_disk: Path, committed: tuple[Path, str, Signature]
) -> None:
    store = ResultStore(small_disk / "results")
    for number in range(40):
        (committed[0] / f"large-{number}").write_bytes(os.urandom(16384))
    found = read(committed[0])
    manifest.write(committed[0], found.manifest)
    put(store, (committed[0], found.manifest.digest, found.signature))
    assert not store.has(KEY)
    assert litter(store) == []


def test_one_that_has_no_room_where_it_is_wanted_stays_in_the_store(
    store: ResultStore, committed: tuple[Path, str, Signature], small_disk: Path, tmp_path: Path
) -> None:
    (committed[0] / "large").write_bytes(os.urandom(300_000))
    found = read(committed[0])
    manifest.write(committed[0], found.manifest)
    put(store, (committed[0], found.manifest.digest, found.signature))
    assert taken(store, small_disk / "new") is None
    assert os.listdir(small_disk / "new/outputs") == []
    there = taken(store, tmp_path / "room")
    assert there
    assert digest_of(there) == found.manifest.digest


def test_a_copy_on_another_disk_is_the_same(
    store: ResultStore, committed: tuple[Path, str, Signature], small_disk: Path, reads: list[str]
) -> None:
    put(store, committed)
    there = taken(store, small_disk / "new")
    assert there
    assert reads == []
    assert digest_of(there) == committed[1]
