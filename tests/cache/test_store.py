"""The store: what was put is what is taken, and nothing that happens to the disk fails a run."""

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest

from pipeline.cache.store import ResultStore
from tests.cache.helpers import LARGE, entry, finished, key_of, litter, make_old, outputs, put, python, record, taken


def test_what_was_put_is_taken_with_its_record(store: ResultStore, tmp_path: Path) -> None:
    key = put(store, "one", words="hello\n", times="1 2\n")
    (tmp_path / "new").mkdir()
    result = store.take(key, tmp_path / "new")
    assert result is not None
    assert result == record(key, {name: tmp_path / "new" / f"{name}.txt" for name in ("words", "times")})
    assert (tmp_path / "new" / "words.txt").read_text() == "hello\n"


def test_a_result_without_files_is_one_too(store: ResultStore, tmp_path: Path) -> None:
    assert taken(store, put(store, "none"), tmp_path / "new") == {}


def test_a_key_that_nobody_put_gives_nothing(store: ResultStore, tmp_path: Path) -> None:
    assert taken(store, key_of("other"), tmp_path / "before anything was put") is None
    put(store, "one", words="hello\n")
    assert taken(store, key_of("other"), tmp_path / "after") is None


def test_two_outputs_may_be_one_file(store: ResultStore, tmp_path: Path) -> None:
    file = outputs(tmp_path / "job", {"both.txt": "hello\n"})["both"]
    key = key_of("twice")
    store.put(key, record(key, {"a": file, "b": file}), {"a": file, "b": file})
    assert taken(store, key, tmp_path / "new") == {"both.txt": "hello\n"}


@pytest.mark.parametrize("name", [b"with space", b"line\nbreak", b"-dash", b".hidden", b"no utf8 \xff"])
def test_any_file_name_survives(store: ResultStore, tmp_path: Path, name: bytes) -> None:
    key, file = key_of("named"), outputs(tmp_path / "job", {os.fsdecode(name): "hello\n"}).popitem()[1]
    store.put(key, record(key, {"file": file}), {"file": file})
    assert taken(store, key, tmp_path / "new") == {os.fsdecode(name): "hello\n"}


def test_the_first_result_of_a_key_stays(store: ResultStore, tmp_path: Path) -> None:
    key = put(store, "one", words="first\n")
    put(store, "one", words="second\n")
    assert taken(store, key, tmp_path / "new") == {"words.txt": "first\n"}
    assert litter(store) == []


def test_who_loses_the_race_for_a_key_leaves_nothing(
    store: ResultStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = put(store, "one", words="first\n")
    monkeypatch.setattr(os.path, "lexists", lambda path: False)  # it looked before the other was there
    put(store, "one", words="second\n")
    monkeypatch.undo()
    assert taken(store, key, tmp_path / "new") == {"words.txt": "first\n"}
    assert litter(store) == []


def test_a_taken_result_outlives_the_entry_and_the_job_it_came_from(store: ResultStore, tmp_path: Path) -> None:
    key = put(store, "one", words="hello\n")
    assert taken(store, key, tmp_path / "new") == {"words.txt": "hello\n"}
    shutil.rmtree(tmp_path / "job-one")
    shutil.rmtree(store.root)
    assert (tmp_path / "new" / "words.txt").read_text() == "hello\n"


def test_taking_is_a_use(store: ResultStore, tmp_path: Path) -> None:
    key = put(store, "one")
    make_old(entry(store, key) / "record.json")
    before = next(store.entries()).used
    taken(store, key, tmp_path / "new")
    assert next(store.entries()).used > before + 3600


def test_taking_from_a_disk_that_is_read_only_needs_no_note_of_the_use(
    store: ResultStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = put(store, "one", words="hello\n")
    monkeypatch.setattr(os, "utime", refusal(errno.EROFS))
    assert taken(store, key, tmp_path / "new") == {"words.txt": "hello\n"}


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EMFILE, errno.EIO])
@pytest.mark.parametrize("call", ["mkdir", "rename"])
def test_a_disk_that_refuses_a_result_fails_no_run(
    store: ResultStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, number: int
) -> None:
    monkeypatch.setattr(os, call, refusal(number))
    key = key_of("one")
    paths = {"words": tmp_path / "words.txt"}
    paths["words"].write_text("hello\n")
    store.put(key, record(key, paths), paths)
    monkeypatch.undo()
    assert litter(store) == []
    assert taken(store, key, tmp_path / "new") is None


def test_a_file_that_went_away_before_it_was_put_fails_no_run(store: ResultStore, tmp_path: Path) -> None:
    paths = outputs(tmp_path / "job", {"words.txt": "hello\n"})
    key = key_of("one")
    described = record(key, paths)
    paths["words"].unlink()
    store.put(key, described, paths)
    assert litter(store) == []
    assert taken(store, key, tmp_path / "new") is None


def test_a_file_where_the_store_should_be_fails_no_run(tmp_path: Path) -> None:
    (tmp_path / "results").write_text("in the way")
    store = ResultStore(tmp_path / "results")
    assert taken(store, put(store, "one", words="hello\n"), tmp_path / "new") is None


def test_an_interrupt_while_putting_leaves_nothing(store: ResultStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: Any) -> NoReturn:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "rename", interrupted)
    with pytest.raises(KeyboardInterrupt):
        put(store, "one", words="hello\n")
    assert litter(store) == []


def test_a_full_disk_while_taking_keeps_the_entry(
    store: ResultStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = put(store, "one", words=LARGE, times="1\n")
    monkeypatch.setattr(os, "link", refusal(errno.EMLINK))
    monkeypatch.setattr(shutil, "copyfile", refusal(errno.ENOSPC))
    assert taken(store, key, tmp_path / "full") is None
    monkeypatch.undo()
    assert taken(store, key, tmp_path / "room") == {"words.txt": LARGE, "times.txt": "1\n"}


def test_a_disk_that_fills_in_the_middle_keeps_what_fitted(small_disk: Path, tmp_path: Path) -> None:
    store = ResultStore(small_disk / "results")
    keys = []
    for number in range(40):  # 40 * 16 KiB don't fit; from elsewhere, so that each must be copied
        key = key_of(str(number))
        paths = outputs(tmp_path / f"job-{number}", {"words.txt": str(number % 10) * 16384})
        store.put(key, record(key, paths), paths)
        keys.append(key)
    assert litter(store) == []
    contents = [taken(store, key, tmp_path / f"new-{number}") for number, key in enumerate(keys)]
    kept = [content for content in contents if content is not None]
    assert 5 < len(kept) < 20
    assert all(content is None or content == {"words.txt": str(n % 10) * 16384} for n, content in enumerate(contents))


def test_taking_onto_a_full_disk_gives_nothing_and_leaves_nothing(small_disk: Path, tmp_path: Path) -> None:
    store = ResultStore(tmp_path / "results")
    key = put(store, "one", words="x" * 300_000)
    assert taken(store, key, small_disk / "new") is None
    assert taken(store, key, tmp_path / "room") == {"words.txt": "x" * 300_000}


READ_ONLY = """
import os, sys
from pathlib import Path
from pipeline.cache.store import ResultStore
from tests.cache.helpers import put, record, taken, key_of
if os.geteuid() == 0:  # root may write anywhere
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
os.umask(0)
store, here = ResultStore(Path(sys.argv[1])), Path(sys.argv[2])
assert taken(store, key_of("one"), here / "new") == {"words.txt": "hello\\n"}
store.put(key_of("two"), record(key_of("two"), {}), {})
store.trim(0, ())
assert not store.drop_damaged(key_of("broken"))
"""


def test_a_folder_that_may_only_be_read_serves_and_stays_as_it_is(open_folder: Path, spawning: None) -> None:
    store = ResultStore(open_folder / "results")
    put(store, "one", words="hello\n")
    (entry(store, put(store, "broken")) / "record.json").write_text("{")
    before = sorted(store.root.rglob("*"))
    for folder in (store.root, *(path for path in before if path.is_dir())):
        folder.chmod(0o555)
    finished(python(READ_ONLY, store.root, open_folder))
    assert sorted(store.root.rglob("*")) == before


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that other users of the machine may reach, too, which pytest's own may not be."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o777)
    yield folder
    for path in folder.rglob("*"):
        if path.is_dir():
            path.chmod(0o755)
    shutil.rmtree(folder)


def refusal(number: int) -> Any:
    def refuse(*arguments: Any, **_: Any) -> NoReturn:
        raise OSError(number, os.strerror(number))

    return refuse
