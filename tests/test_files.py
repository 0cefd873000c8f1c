"""Durable writes: whole or not at all."""

import contextlib
import errno
import json
import os
import stat
import sys
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest

from pipeline import files
from pipeline.files import (
    dump_json,
    ignores_case,
    publish,
    read_json,
    replace_folder,
    replaced,
    sync_disk,
    sync_file,
    tail,
    try_remove_tree,
    write_new,
    write_whole,
)


def test_a_file_is_replaced_whole_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    target = tmp_path / "state.json"
    target.write_bytes(b"old and longer than the new content")
    write_whole(target, b"new")
    assert target.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [target]


def test_a_write_that_fails_leaves_the_old_content_and_no_litter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "state.json"
    target.write_bytes(b"old")

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_whole(target, b"new")
    assert target.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [target]


def test_what_a_crashed_process_of_the_same_number_left_is_no_obstacle(tmp_path: Path) -> None:
    target = tmp_path / "state.json"
    (tmp_path / f".{target.name}.{os.getpid()}.tmp").write_bytes(b"torn")
    write_whole(target, b"new")
    assert target.read_bytes() == b"new"


def test_threads_that_write_one_file_leave_one_of_their_contents(tmp_path: Path) -> None:
    target = tmp_path / "state.json"
    failures: list[BaseException] = []

    def write(content: bytes) -> None:
        try:
            for _ in range(5):
                write_whole(target, content)
        except BaseException as error:  # shown by the test
            failures.append(error)

    threads = [threading.Thread(target=write, args=(letter * 1000,)) for letter in (b"a", b"b", b"c")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert failures == []
    assert target.read_bytes() in {b"a" * 1000, b"b" * 1000, b"c" * 1000}
    assert list(tmp_path.iterdir()) == [target]


def test_what_is_written_under_the_other_name_is_flushed_before_it_takes_the_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []
    fsync, replace = os.fsync, os.replace

    def flush(descriptor: int) -> None:
        steps.append("flushed")
        fsync(descriptor)

    def name(source: str, target: Path) -> None:
        steps.append("named")
        replace(source, target)

    monkeypatch.setattr(os, "fsync", flush)
    monkeypatch.setattr(os, "replace", name)
    with replaced(tmp_path / "film") as beside:
        assert beside.parent == tmp_path  # on the same file system
        beside.write_bytes(b"whole")
    assert (steps, (tmp_path / "film").read_bytes()) == (["flushed", "named"], b"whole")
    with replaced(tmp_path / "film", flush=False) as beside:
        beside.write_bytes(b"other")
    assert steps == ["flushed", "named", "named"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_a_block_that_raises_leaves_the_old_content_and_nothing_beside(
    tmp_path: Path, error: type[BaseException]
) -> None:
    target = tmp_path / "film"
    target.write_bytes(b"old")

    def write_half() -> None:
        with replaced(target) as beside:
            beside.write_bytes(b"half")
            raise error

    with pytest.raises(error):
        write_half()
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"old"]


def test_a_block_that_writes_nothing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), replaced(tmp_path / "film"):
        pass


def test_a_name_as_long_as_the_file_system_allows_can_be_replaced_under_a_short_one(tmp_path: Path) -> None:
    target = tmp_path / ("a" * 255)
    with replaced(target, temporary=".short") as beside:
        assert beside == tmp_path / ".short"
        beside.write_bytes(b"whole")
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize(("code", "named"), [(errno.ENOSPC, True), (errno.EIO, True), (errno.ECONNRESET, False)])
def test_the_error_of_a_disk_names_the_file_and_that_of_a_network_does_not(
    tmp_path: Path, code: int, named: bool
) -> None:
    with pytest.raises(OSError, match=os.strerror(code)) as failed, replaced(tmp_path / "film"):
        raise OSError(code, os.strerror(code))
    assert failed.value.filename == (str(tmp_path / "film") if named else None)


def test_a_new_file_is_refused_where_there_is_one(tmp_path: Path) -> None:
    write_new(tmp_path / "stage.py", b"first")
    with pytest.raises(FileExistsError):
        write_new(tmp_path / "stage.py", b"second")
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"first"]


def test_a_new_file_appears_where_the_file_system_has_no_hard_links(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "link", refuse)
    write_new(tmp_path / "stage.py", b"first")
    with pytest.raises(FileExistsError):
        write_new(tmp_path / "stage.py", b"second")
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"first"]


def folder_with(path: Path, content: str) -> Path:
    path.mkdir()
    (path / "file").write_text(content)
    return path


def test_a_folder_gets_its_name_unless_another_has_it(tmp_path: Path) -> None:
    first, second = folder_with(tmp_path / ".first", "1"), folder_with(tmp_path / ".second", "2")
    assert publish(first, tmp_path / "job")
    assert not publish(second, tmp_path / "job")
    assert (tmp_path / "job/file").read_text() == "1"
    assert (second / "file").read_text() == "2"


def test_a_folder_whose_place_is_missing_is_not_taken_for_one_whose_name_is_taken(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        publish(folder_with(tmp_path / ".part", "1"), tmp_path / "nowhere/job")


def test_a_folder_takes_the_place_of_another(tmp_path: Path) -> None:
    folder_with(tmp_path / "model", "old")
    replace_folder(folder_with(tmp_path / ".part", "new"), tmp_path / "model")
    assert [path.name for path in tmp_path.iterdir()] == ["model"]
    assert (tmp_path / "model/file").read_text() == "new"


def test_a_tree_that_is_not_there_is_no_obstacle_to_its_removal(tmp_path: Path) -> None:
    try_remove_tree(folder_with(tmp_path / "tree", "content"))
    try_remove_tree(tmp_path / "tree")
    assert list(tmp_path.iterdir()) == []


def test_a_read_only_file_can_be_made_durable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[int] = []
    real = os.open

    def note(path: Path, flags: int) -> int:
        opened.append(flags)
        return real(path, flags)

    file = tmp_path / "output"
    file.write_bytes(b"")
    monkeypatch.setattr(os, "open", note)  # root may write what is read-only, so the flags are what counts
    sync_file(file)
    assert opened == [os.O_RDONLY]


def test_a_name_that_is_no_utf8_survives_json(tmp_path: Path) -> None:
    name = os.fsdecode(b"film-\xff.mp4")
    write_whole(tmp_path / "a.json", dump_json({"path": name}))
    assert os.fsencode(read_json(tmp_path / "a.json")["path"]) == b"film-\xff.mp4"


def test_a_number_that_json_lacks_is_refused() -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        dump_json({"duration": float("nan")})


def test_json_for_people_ends_with_a_newline() -> None:
    data = dump_json({"a": 1})
    assert data.endswith(b"}\n")
    assert json.loads(data) == {"a": 1}


@pytest.mark.parametrize(("code", "accepted"), [(errno.EINVAL, True), (errno.EOPNOTSUPP, True), (errno.EIO, False)])
def test_a_file_system_that_syncs_no_folders_is_no_failure_and_a_broken_disk_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, accepted: bool
) -> None:
    fsync = os.fsync

    def files_only(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(code, os.strerror(code))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", files_only)
    with contextlib.nullcontext() if accepted else pytest.raises(OSError, match=os.strerror(code)):
        write_whole(tmp_path / "file", b"new")
    assert (tmp_path / "file").read_bytes() == b"new"


def test_the_tail_is_the_last_lines(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("".join(f"line {number}\n" for number in range(100)))
    assert tail(log, 2) == ["line 98", "line 99"]


def test_the_tail_begins_after_what_was_there_before(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("old\nnew\n")
    assert tail(log, 10, start=4) == ["new"]


def test_the_tail_survives_any_bytes(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_bytes(b"\xff\xfe\0\n")
    assert tail(log, 1) == ["\ufffd\ufffd\0"]


def test_the_tail_of_no_log_is_empty(tmp_path: Path) -> None:
    assert tail(tmp_path / "log", 5) == []


def test_a_folder_that_answers_to_another_case_ignores_case(tmp_path: Path) -> None:
    folder = tmp_path / "site-packages"
    folder.mkdir()
    assert ignores_case(folder) is (tmp_path / "SITE-PACKAGES").exists()
    if not (tmp_path / "SITE-PACKAGES").exists():
        (tmp_path / "SITE-PACKAGES").symlink_to(folder)
    assert ignores_case(folder)


def test_a_disk_is_flushed_and_what_could_not_be_written_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flushed = list[str]()
    monkeypatch.setattr(os, "sync", lambda: flushed.append("all"))
    sync_disk(tmp_path)
    assert flushed == ([] if sys.platform == "linux" else ["all"])
    for number in (errno.EIO, errno.ENOSYS):
        with monkeypatch.context() as patch:
            patch.setattr("ctypes.CDLL", lambda *_, **__: SimpleNamespace(syncfs=lambda _: -1))
            patch.setattr("ctypes.get_errno", lambda number=number: number)
            patch.setattr(sys, "platform", "linux")
            with pytest.raises(OSError, match=os.strerror(number)) if number == errno.EIO else contextlib.nullcontext():
                sync_disk(tmp_path)
    assert flushed[-1:] == ["all"]


@pytest.mark.parametrize("size", [0, 1, files.COPIED_BYTES, 2 * files.COPIED_BYTES + 1])
def test_a_copy_has_the_same_bytes_and_is_a_file_of_its_own(tmp_path: Path, size: int) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    source.write_bytes(os.urandom(size))
    target.write_bytes(b"longer than what is copied there")
    files.copy(source, target)
    assert target.read_bytes() == source.read_bytes()
    assert not target.samefile(source)
