"""Giving a job up that nobody runs. One that is being run is given up in tests/test_run_jobs.py."""

import signal
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path
from types import SimpleNamespace

import pytest

from pipeline.errors import NotReady, UsageError
from pipeline.jobs import cancel as module
from pipeline.jobs.cancel import cancel
from pipeline.jobs.events import Event, RunCancelled, RunEnded, RunFailed, RunFinished, RunInterrupted, RunStarted
from pipeline.jobs.job import PlannedJob, load
from pipeline.jobs.state import Status
from pipeline.locks import Holder, exclusive
from tests.jobs.helpers import record, stored


@pytest.fixture
def job(tmp_path: Path) -> PlannedJob:
    return load(stored(tmp_path / "jobs").folder)


STARTED, FAILED, INTERRUPTED = RunStarted(), RunFailed("no disk"), RunInterrupted("SIGTERM")


@pytest.mark.parametrize("before", [[], [STARTED], [STARTED, FAILED], [INTERRUPTED]])
def test_a_job_that_nobody_runs_is_marked(job: PlannedJob, before: list[Event]) -> None:
    record(job, *before)
    assert cancel(job) == "cancelled; it wasn't running"
    assert job.state().status is Status.CANCELLED


@pytest.mark.parametrize(("end", "status"), [(RunFinished(()), "finished"), (RunCancelled(), "cancelled")])
def test_a_job_that_is_over_is_left_alone(job: PlannedJob, end: Event, status: str) -> None:
    record(job, STARTED, end)
    before = (job.folder / "journal.jsonl").read_bytes()
    with pytest.raises(UsageError, match=f"is {status} already"):
        cancel(job)
    assert (job.folder / "journal.jsonl").read_bytes() == before


def test_a_job_that_runs_on_another_machine_is_not_ours_to_end(
    job: PlannedJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "holder", lambda _: Holder(1, "elsewhere"))
    with exclusive(job.lock), pytest.raises(UsageError, match="process 1 on elsewhere"):
        cancel(job)
    assert not job.is_cancelled


@pytest.fixture
def asked(job: PlannedJob, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The job is held by us, who never end it unless a test says so; what we are sent."""
    sent: list[int] = []
    monkeypatch.setattr("os.kill", lambda pid, number: sent.append(number))
    return sent


def napping(nap: Callable[[float], None]) -> SimpleNamespace:
    return SimpleNamespace(monotonic=time.monotonic, sleep=nap)


@pytest.mark.parametrize("earlier", [INTERRUPTED, FAILED, RunEnded(), STARTED])
def test_what_an_earlier_run_left_is_no_answer(
    job: PlannedJob, asked: list[int], monkeypatch: pytest.MonkeyPatch, earlier: Event
) -> None:
    record(job, earlier)
    naps: list[float] = []

    def nap(seconds: float) -> None:
        naps.append(seconds)
        if len(naps) == 3:
            record(job, RunCancelled())

    monkeypatch.setattr(module, "time", napping(nap))
    with exclusive(job.lock):
        assert cancel(job) == "cancelled"
    assert asked == [signal.SIGUSR1]


def test_a_run_that_has_just_begun_is_asked_again(
    job: PlannedJob, asked: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It takes the file that asks it for one of an earlier run, and removes it."""
    naps: list[float] = []

    def nap(seconds: float) -> None:
        naps.append(seconds)
        if len(naps) == 1:
            job.cancellation.unlink()
        if len(naps) == 3:
            record(job, RunCancelled())

    monkeypatch.setattr(module, "time", napping(nap))
    with exclusive(job.lock):
        assert cancel(job) == "cancelled"
    assert asked == [signal.SIGUSR1] * 2


def test_a_job_that_finishes_instead_is_told_as_finished(
    job: PlannedJob, asked: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    record(job, STARTED)
    monkeypatch.setattr(module, "time", napping(lambda _: record(job, RunFinished(()))))
    with exclusive(job.lock):
        assert cancel(job) == "finished"


def test_a_run_that_does_not_end_is_told_of(job: PlannedJob, asked: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    hours = count()  # the clock goes by one with each look at it
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: 3600.0 * next(hours), sleep=lambda _: None))
    with exclusive(job.lock), pytest.raises(NotReady, match="hasn't ended yet"):
        cancel(job)
