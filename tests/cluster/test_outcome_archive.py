"""What an agent keeps of attempts that have ended, in one file."""

import errno
import os
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from pipeline.cluster.node import outcome_archive
from pipeline.cluster.node.outcome_archive import ArchivedAttempt, OutcomeArchive
from pipeline.cluster.wire.attempt_order import AttemptId
from pipeline.cluster.wire.attempt_outcome import AttemptOutcome
from pipeline.executors.reports import StageReport


def kept(number: int = 1, words: str = "") -> ArchivedAttempt:
    id = AttemptId("run0", "job", "test", number)
    outcome = AttemptOutcome(id=id, node="node1", returncode=0, words=words)
    return ArchivedAttempt(outcome=outcome, reports=(StageReport(warning="odd"),), likeness="sha256:1")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "outcomes.jsonl"


def read(file: Path) -> dict[str, ArchivedAttempt]:
    with closing(OutcomeArchive(file)) as outcomes:
        return dict(outcomes.all())


def test_the_next_agent_finds_what_was_kept_and_not_dropped(file: Path) -> None:
    with closing(OutcomeArchive(file)) as outcomes:
        for number in (1, 2, 3):
            outcomes.keep(f"a.{number}", kept(number))
        outcomes.drop("a.2")
        outcomes.keep("a.3", kept(4))
        outcomes.drop("nobody")
    assert read(file) == {"a.1": kept(1), "a.3": kept(4)}
    assert read(file) == {"a.1": kept(1), "a.3": kept(4)}


@pytest.mark.parametrize("cut", range(0, 400, 7))
def test_a_line_that_was_cut_off_takes_no_other_with_it(file: Path, cut: int) -> None:
    with closing(OutcomeArchive(file)) as outcomes:
        outcomes.keep("a.1", kept(1))
        whole = file.stat().st_size
        outcomes.keep("a.2", kept(2))
    data = file.read_bytes()
    end = whole + min(cut, len(data) - whole)
    file.write_bytes(data[:end])
    found = read(file)
    assert found["a.1"] == kept(1)
    assert ("a.2" in found) == (end >= len(data) - 1)
    with closing(OutcomeArchive(file)) as outcomes:
        outcomes.keep("a.3", kept(3))
    assert read(file) == {**found, "a.3": kept(3)}


def test_what_is_no_line_is_passed_over(file: Path) -> None:
    with closing(OutcomeArchive(file)) as outcomes:
        outcomes.keep("a.1", kept(1))
    file.write_bytes(b'nonsense\n{"place": 3}\n\n\xff\0\n' + file.read_bytes())
    assert read(file) == {"a.1": kept(1)}


def test_it_stays_small_however_many_attempts_there_were(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outcome_archive, "LARGEST", 10_000)
    with closing(OutcomeArchive(file)) as outcomes:
        outcomes.keep("first", kept(1))
        for number in range(500):
            outcomes.keep(f"a.{number}", kept(number))
            outcomes.drop(f"a.{number}")
            assert file.stat().st_size < 12_000
    assert read(file) == {"first": kept(1)}


def test_it_is_on_the_disk_before_anybody_hears_of_it(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was on the disk at the last call that waits for it is what a power cut leaves."""
    on_disk = b""
    sync = os.fsync

    def fsync(descriptor: int) -> None:
        nonlocal on_disk
        sync(descriptor)
        on_disk = file.read_bytes() if file.exists() else b""

    with closing(OutcomeArchive(file)) as outcomes:
        monkeypatch.setattr(os, "fsync", fsync)
        for number in range(3):
            outcomes.keep(f"a.{number}", kept(number))
            assert f'"a.{number}"'.encode() in on_disk


def test_several_that_end_at_once_wait_for_the_disk_together(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []
    first, go_on = threading.Event(), threading.Event()
    sync = os.fsync

    def fsync(descriptor: int) -> None:
        calls.append(descriptor)
        first.set()
        go_on.wait(20)
        sync(descriptor)

    with closing(OutcomeArchive(file)) as outcomes:
        monkeypatch.setattr(os, "fsync", fsync)
        threads = [threading.Thread(target=outcomes.keep, args=(f"a.{each}", kept(each))) for each in range(10)]
        threads[0].start()
        assert first.wait(20)
        for thread in threads[1:]:
            thread.start()
        while file.read_bytes().count(b"\n") < len(threads):
            pass
        go_on.set()
        for thread in threads:
            thread.join(20)
        monkeypatch.undo()
    assert len(calls) == 2
    assert len(read(file)) == 10


@pytest.mark.parametrize("written", [0, 10])
def test_a_full_disk_leaves_no_half_line(file: Path, monkeypatch: pytest.MonkeyPatch, written: int) -> None:
    write: Callable[[int, bytes], int] = os.write

    def full(descriptor: int, data: bytes) -> int:
        if written and len(data) > 20 and data.startswith(b"{"):
            return write(descriptor, data[:written])
        raise OSError(errno.ENOSPC, "full")

    with closing(OutcomeArchive(file)) as outcomes:
        outcomes.keep("a.1", kept(1))
        before = file.read_bytes()
        monkeypatch.setattr(os, "write", full)
        with pytest.raises(OSError, match="full"):
            outcomes.keep("a.2", kept(2))
        outcomes.drop("a.1")
        monkeypatch.undo()
        assert file.read_bytes() == before
        outcomes.keep("a.3", kept(3))
    assert read(file) == {"a.1": kept(1), "a.3": kept(3)}


def test_what_nobody_has_asked_for_in_a_week_goes(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with closing(OutcomeArchive(file)) as outcomes:
        outcomes.keep("a.1", kept(1))
    monkeypatch.setattr(outcome_archive, "KEPT_SECONDS", -1)
    assert read(file) == {}
