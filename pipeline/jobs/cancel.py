"""Giving a job up: whoever runs it is asked to end it; a job that nobody runs is marked."""

import contextlib
import os
import signal
import time

from pipeline.errors import NotReady, UsageError
from pipeline.jobs.events import RunCancelled, RunEvent, RunStarted
from pipeline.jobs.job import PlannedJob, load
from pipeline.jobs.state import RUN_STATUS, Status
from pipeline.locks import Held, exclusive, holder

SECONDS = 60.0  # for its stages to end: their grace, and a little


def cancel(job: PlannedJob) -> str:
    """Returns what became of the job, in words. Raises ``UsageError`` where there is nothing to give up."""
    seen = len(job.journal().read())
    end = time.monotonic() + job.plan.grace_seconds + SECONDS
    while time.monotonic() < end:
        if ended := _end_since(job, seen):
            return ended.value
        try:
            with exclusive(job.lock):
                return _marked(load(job.folder), seen)
        except Held:
            _ask(job)
        time.sleep(0.05)
    raise NotReady(f"{job.id} hasn't ended yet; {holder(job.lock)} was asked to end it", f"pipeline job show {job.id}")


def _end_since(job: PlannedJob, seen: int) -> Status | None:
    """How a run of the job has ended that was under way after this many events."""
    kinds = [type(event) for event in job.journal().read()[seen:] if isinstance(event, RunEvent)]
    return next((RUN_STATUS[kind] for kind in reversed(kinds) if kind is not RunStarted), None)


def _marked(job: PlannedJob, seen: int) -> str:
    if ended := _end_since(job, seen):
        return ended.value
    status = job.loaded.status
    if status in (Status.FINISHED, Status.CANCELLED):
        raise UsageError(f"{job.id} is {status.value} already", f"pipeline job show {job.id}")
    journal = job.journal()
    journal.append(RunCancelled())
    journal.close()
    return "cancelled; it wasn't running"


def _ask(job: PlannedJob) -> None:
    """Tell the process that holds the lock to look. Once, unless it began only now and took that for a word of old."""
    who = holder(job.lock)
    if who is None:  # it ends, or hasn't said yet who it is
        return
    if not who.is_here:
        raise UsageError(f"{job.id} is being run by {who}", "give the command on that machine, or wait")
    if not job.is_cancelled:
        job.cancellation.touch()
        with contextlib.suppress(ProcessLookupError):
            os.kill(who.pid, signal.SIGUSR1)
