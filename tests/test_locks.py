"""Locks between processes: one holder, who can be named, and nothing left when it dies."""

import contextlib
import errno
import fcntl
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.errors import NotReady
from pipeline.locks import Held, discard, exclusive, holder, is_held, is_without_locks, try_exclusive, try_shared

HOLDER = """
import sys, time
from pathlib import Path
from pipeline.locks import exclusive
with exclusive(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def hold(lock: Path) -> "subprocess.Popen[bytes]":
    """A process that has the lock until its standard input is closed."""
    child = subprocess.Popen([sys.executable, "-c", HOLDER, lock], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert child.stdout is not None
    assert child.stdout.readline() == b"held\n"
    return child


def release(child: "subprocess.Popen[bytes]") -> None:
    child.communicate(timeout=90)


def test_a_second_holder_is_refused_and_told_who_the_first_is(tmp_path: Path, spawning: None) -> None:
    child = hold(tmp_path / "lock")
    with pytest.raises(Held) as refused, exclusive(tmp_path / "lock"):
        pass
    release(child)
    assert refused.value.holder == f"process {child.pid} on {os.uname().nodename}"


def test_a_lock_vanishes_with_a_holder_that_was_killed(tmp_path: Path, spawning: None) -> None:
    child = hold(tmp_path / "lock")
    child.send_signal(signal.SIGKILL)
    release(child)
    with exclusive(tmp_path / "lock"):
        assert (tmp_path / "lock").read_text().startswith(f"process {os.getpid()} ")


def test_a_waiter_is_told_who_holds_it_and_gets_it_afterwards(tmp_path: Path, spawning: None) -> None:
    child = hold(tmp_path / "lock")
    told: list[str] = []

    def free(holder: str) -> None:
        told.append(holder)
        release(child)

    with exclusive(tmp_path / "lock", on_wait=free):
        assert is_held(tmp_path / "lock")
    assert told == [f"process {child.pid} on {os.uname().nodename}"]


def test_a_lock_is_free_after_an_exception_inside(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), exclusive(tmp_path / "lock"):
        _ = 1 / 0
    assert not is_held(tmp_path / "lock")


def test_threads_of_one_process_exclude_each_other(tmp_path: Path) -> None:
    inside, most = 0, 0

    def work() -> None:
        nonlocal inside, most
        with exclusive(tmp_path / "lock", on_wait=lambda _: None):
            inside += 1
            most = max(most, inside)
            inside -= 1

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert most == 1


def test_a_lock_that_was_never_taken_is_not_held_and_asking_does_not_make_it(tmp_path: Path) -> None:
    assert not is_held(tmp_path / "lock")
    assert list(tmp_path.iterdir()) == []


def test_asking_needs_no_right_to_write(tmp_path: Path) -> None:
    (tmp_path / "lock").write_text("")
    (tmp_path / "lock").chmod(0o444)
    with exclusive(tmp_path / "other"):
        assert not is_held(tmp_path / "lock")


def test_garbage_in_a_lock_file_is_no_obstacle(tmp_path: Path, spawning: None) -> None:
    (tmp_path / "lock").write_bytes(b"\xff\xfe garbage")
    child = hold(tmp_path / "lock")
    (tmp_path / "lock").write_bytes(b"\xff\xfe garbage")
    with pytest.raises(Held, match="garbage"), exclusive(tmp_path / "lock"):
        pass
    release(child)


@pytest.fixture(params=["ENOLCK", "EOPNOTSUPP", "ENOSYS"])
def lockless(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """A file system that has no locks; what it says."""
    code = getattr(errno, request.param)

    def refuse(*_: object) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(fcntl, "flock", refuse)
    return os.strerror(code)


@pytest.mark.parametrize("waiting", [True, False])
def test_a_file_system_without_locks_is_told_and_not_taken_for_a_holder(
    tmp_path: Path, lockless: str, waiting: bool
) -> None:
    with (
        pytest.raises(NotReady) as refused,
        exclusive(tmp_path / "lock", on_wait=pytest.fail if waiting else None),
    ):
        pytest.fail("without a lock, nobody may go on")
    assert str(tmp_path / "lock") in refused.value.message
    assert lockless in refused.value.message
    assert "paths in config/pipeline.yaml" in str(refused.value.next_step)


def test_where_there_are_no_locks_nobody_holds_one(tmp_path: Path, lockless: str) -> None:
    (tmp_path / "lock").touch()
    assert not is_held(tmp_path / "lock")


def test_any_other_trouble_with_a_lock_is_its_own(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), exclusive(tmp_path / "nowhere/lock"):
        pass


@pytest.fixture
def two(tmp_path: Path) -> Iterator[tuple[int, int]]:
    """One file, opened twice for reading alone."""
    (tmp_path / "lock").touch()
    both = [os.open(tmp_path / "lock", os.O_RDONLY) for _ in range(2)]
    yield both[0], both[1]
    for descriptor in both:
        with contextlib.suppress(OSError):
            os.close(descriptor)


def test_a_shared_lock_is_shared_and_keeps_an_exclusive_one_away(two: tuple[int, int]) -> None:
    assert [try_shared(descriptor) for descriptor in two] == [True, True]
    assert not try_exclusive(two[0])
    os.close(two[1])
    assert try_exclusive(two[0])


def test_a_lock_is_tried_for_as_long_as_was_asked_for(two: tuple[int, int]) -> None:
    assert try_exclusive(two[0])
    assert not try_shared(two[1], 0.02)
    threading.Timer(0.05, os.close, two[:1]).start()
    assert try_shared(two[1], 30)


def test_an_open_file_without_locks_says_so(two: tuple[int, int], lockless: str) -> None:
    with pytest.raises(OSError, match=lockless) as refused:
        try_shared(two[0], 30)
    assert is_without_locks(refused.value)


def test_asking_works_where_an_exclusive_lock_takes_a_file_open_for_writing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on NFS."""
    flock = fcntl.flock

    def strict(descriptor: int, operation: int) -> None:
        is_for_reading = fcntl.fcntl(descriptor, fcntl.F_GETFL) & os.O_ACCMODE == os.O_RDONLY
        if operation & fcntl.LOCK_EX and is_for_reading:
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        flock(descriptor, operation)

    monkeypatch.setattr(fcntl, "flock", strict)
    with exclusive(tmp_path / "lock"):
        assert is_held(tmp_path / "lock")
    assert not is_held(tmp_path / "lock")


def test_who_waits_for_a_lock_file_that_its_holder_removes_gets_the_one_that_others_lock(
    tmp_path: Path, spawning: None
) -> None:
    child = hold(tmp_path / "lock")
    waits, got = threading.Event(), threading.Event()

    def wait() -> None:
        with exclusive(tmp_path / "lock", lambda _: waits.set()):
            got.set()
            assert is_held(tmp_path / "lock")

    thread = threading.Thread(target=wait)
    thread.start()
    assert waits.wait(60)
    discard(tmp_path / "lock")
    with exclusive(tmp_path / "lock"):  # a third one makes it again, and comes first
        release(child)
        assert not got.wait(0.2)
    thread.join(60)
    assert got.is_set()


def test_others_are_told_what_a_lock_is_for(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    with exclusive(lock, purpose="environment 'alpha'"):
        with pytest.raises(Held, match=r"process \d+ on .* \(for environment 'alpha'\)"), exclusive(lock):
            pass
        found = holder(lock)
    assert found is not None
    assert (found.pid, found.purpose) == (os.getpid(), "environment 'alpha'")
    discard(lock)
    assert holder(lock) is None
