"""What isn't what was put there is never handed on, and makes room for a whole one."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.cache.record import encode, with_checksum
from pipeline.cache.store import ResultStore
from pipeline.values import plain, replace
from tests.cache.helpers import LARGE, entry, key_of, litter, put, record, taken


def flip(file: Path, where: int) -> None:
    """Change one bit; size, time and mode stay."""
    status, data = file.stat(), bytearray(file.read_bytes())
    data[where] ^= 1
    file.chmod(0o644)
    file.write_bytes(data)
    file.chmod(status.st_mode)
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))


def replace_by_folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


def replace_by_link(file: Path) -> None:
    elsewhere = file.with_name("elsewhere")
    file.rename(elsewhere)
    file.symlink_to(elsewhere)


DAMAGES: dict[str, Callable[[Path], object]] = {
    "a byte of a file": lambda entry: flip(entry / "outputs" / "words.txt", 3),
    "a shorter file": lambda entry: os.truncate(entry / "outputs" / "words.txt", 3),
    "a file's time": lambda entry: os.utime(entry / "outputs" / "words.txt", (1, 1)),
    "no file": lambda entry: (entry / "outputs" / "words.txt").unlink(),
    "a folder for a file": lambda entry: replace_by_folder(entry / "outputs" / "words.txt"),
    "a link for a file": lambda entry: replace_by_link(entry / "outputs" / "words.txt"),
    "no record": lambda entry: (entry / "record.json").unlink(),
    "a folder for the record": lambda entry: replace_by_folder(entry / "record.json"),
    "an empty record": lambda entry: os.truncate(entry / "record.json", 0),
    "a truncated record": lambda entry: os.truncate(entry / "record.json", 150),
    "a record without its last byte": lambda entry: os.truncate(
        entry / "record.json", (entry / "record.json").stat().st_size - 1
    ),
    "a bit of the record": lambda entry: flip(entry / "record.json", 60),
    "a bit of the checksum": lambda entry: flip(entry / "record.json", 8),
    "zeros for the record": lambda entry: (entry / "record.json").write_bytes(bytes(400)),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
def test_a_damaged_entry_is_thrown_away_and_can_be_put_again(
    store: ResultStore, tmp_path: Path, damage: Callable[[Path], object]
) -> None:
    key = put(store, "one", words="hello\n", times="1\n")
    damage(entry(store, key))
    assert store.problem(key)
    assert taken(store, key, tmp_path / "damaged") is None
    assert not entry(store, key).exists()
    assert litter(store) == []
    put(store, "one", words="hello\n", times="1\n")
    assert taken(store, key, tmp_path / "again") == {"words.txt": "hello\n", "times.txt": "1\n"}


def test_a_file_in_the_place_of_an_entry_is_thrown_away(store: ResultStore, tmp_path: Path) -> None:
    key = key_of("one")
    entry(store, key).parent.mkdir(parents=True)
    entry(store, key).write_text("in the way")
    assert taken(store, key, tmp_path / "damaged") is None
    put(store, "one", words="hello\n")
    assert taken(store, key, tmp_path / "again") == {"words.txt": "hello\n"}


def test_another_key_s_entry_is_not_handed_on(store: ResultStore, tmp_path: Path) -> None:
    one, two = put(store, "one", words="hello\n"), key_of("two")
    entry(store, two).parent.mkdir(exist_ok=True)
    entry(store, one).rename(entry(store, two))
    assert taken(store, two, tmp_path / "new") is None


@pytest.mark.parametrize("name", ["../../escaped", "/escaped", "..", "", "sub/name"])
def test_a_record_that_names_a_file_outside_its_folder_is_refused(
    store: ResultStore, tmp_path: Path, name: str
) -> None:
    key = put(store, "one", words="hello\n")
    forged = record(key, {"words": tmp_path / "job-one" / "words.txt"})
    outputs = {"words": replace(forged.outputs["words"], file=name)}
    (entry(store, key) / "record.json").write_bytes(encode(replace(forged, outputs=outputs)))
    assert store.problem(key) is not None
    assert taken(store, key, tmp_path / "new") is None


@pytest.mark.parametrize(
    "outputs", [None, [], {"words": 1}, {"words": {}}, {"words": {"file": 1, "size": 1, "mtime_ns": 1, "digest": 1}}]
)
def test_a_record_of_a_form_that_this_version_does_not_read_is_refused(
    store: ResultStore, tmp_path: Path, outputs: object
) -> None:
    key = put(store, "one")
    body = json.dumps({**plain(record(key, {})), "outputs": outputs}).encode()
    (entry(store, key) / "record.json").write_bytes(with_checksum(body))
    assert taken(store, key, tmp_path / "new") is None


def test_a_result_that_a_person_edited_in_its_job_is_not_handed_on(store: ResultStore, tmp_path: Path) -> None:
    key = put(store, "one", words=LARGE)
    shared = tmp_path / "job-one" / "words.txt"
    flip(shared, 3)
    assert shared.samefile(entry(store, key) / "outputs" / "words.txt")
    assert taken(store, key, tmp_path / "new") is None
    assert shared.read_text() == LARGE[:3] + "y" + LARGE[4:]


def test_a_file_that_was_edited_before_it_was_put_is_not_handed_on(store: ResultStore, tmp_path: Path) -> None:
    key, file = key_of("one"), tmp_path / "words.txt"
    file.write_text("hello\n")
    committed = record(key, {"words": file})
    file.write_text("HELLO\n")
    store.put(key, committed, {"words": file})
    assert taken(store, key, tmp_path / "new") is None


def test_a_file_that_can_not_be_read_any_more_is_thrown_away(
    store: ResultStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = put(store, "one", words="hello\n")

    def unreadable(path: Path) -> str:
        raise OSError(5, os.strerror(5), str(path))

    monkeypatch.setattr("pipeline.cache.record.content_digest", unreadable)
    assert "Input/output error" in str(store.problem(key))
    assert taken(store, key, tmp_path / "new") is None
    assert not entry(store, key).exists()


def test_what_another_process_has_made_whole_again_is_not_removed(store: ResultStore) -> None:
    key = put(store, "one", words="hello\n")
    assert not store.drop_damaged(key)
    assert store.problem(key) is None


@pytest.mark.parametrize("again", [True, False], ids=["and put again", "for good"])
def test_an_entry_that_is_collected_while_it_is_read_is_not_damaged(
    store: ResultStore, monkeypatch: pytest.MonkeyPatch, again: bool
) -> None:
    key = put(store, "one", words="hello\n")

    def collected(path: Path) -> str:
        monkeypatch.undo()
        store.evict(list(store.entries()))
        if again:
            put(store, "one", words="hello\n")
        return "blake3:of nothing"

    monkeypatch.setattr("pipeline.cache.record.content_digest", collected)
    assert store.problem(key) is None
    assert entry(store, key).exists() is again


def test_an_entry_that_is_gone_has_no_problem(store: ResultStore) -> None:
    assert store.problem(key_of("one")) is None
    assert not store.drop_damaged(key_of("one"))
