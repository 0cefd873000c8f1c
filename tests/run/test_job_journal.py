"""When what happens is on the disk, and told."""

import errno
import os
from pathlib import Path

import pytest

from pipeline.errors import StageError
from pipeline.jobs.events import RunFailed, RunFinished
from pipeline.jobs.records import Result
from pipeline.run.job_journal import JobJournal
from pipeline.run.observer import JobOutcome
from tests.jobs.helpers import DIGEST, stored
from tests.run.helpers import Listener

RESULT = Result(1, DIGEST, {}, 1.0)


@pytest.fixture
def listener() -> Listener:
    return Listener()


@pytest.fixture
def journal(tmp_path: Path, listener: Listener) -> JobJournal:
    return JobJournal(stored(tmp_path / "jobs"), listener)


def test_the_last_result_and_the_job_s_end_share_a_flush(
    journal: JobJournal, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    told_at_flush: list[int] = []
    monkeypatch.setattr(os, "fsync", lambda _: told_at_flush.append(len(listener.of("finished"))))
    journal.finished("copy", RESULT, None)
    journal.ended(RunFinished(()), JobOutcome())
    assert told_at_flush == [0]  # once, and before anybody was told
    assert len(listener.of("finished")) == 1


def test_a_full_disk_doesn_t_hide_why_a_run_failed(
    journal: JobJournal, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal.finished("copy", RESULT, None)

    def full(file: int, data: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    outcome = JobOutcome(error=StageError("it failed"))
    assert journal.ended(RunFailed("it failed"), outcome) is outcome
    assert len(listener.of("finished")) == 1  # its line was written before the disk was full


def test_a_job_whose_end_can_t_be_written_isn_t_told_as_finished(
    journal: JobJournal, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(file: int, data: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(OSError, match="No space"):
        journal.ended(RunFinished(()), JobOutcome())
    assert listener.ended == {}
