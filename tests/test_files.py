"""Durable writes: whole or not at all."""

import contextlib
import errno
import json
import os
import stat
import threading
from pathlib import Path

import pytest

from pipeline.files import dump_json, read_json, sync_file, tail, write_whole


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
