"""Runs that outlive the program which has started them, and how they have ended.

The file ``jobs/ID/background`` is locked for as long as such a run's process lives, from before it begins, and ends
with what it replies.
"""

import os

from pipeline.api.call_process import error_of, replies_in, start_detached
from pipeline.api.wire import CallFailed, RunCall
from pipeline.errors import Interrupted, NotReady, PipelineError, StageError, UsageError
from pipeline.jobs.events import RunFailed
from pipeline.jobs.job import JobFolder, PlannedJob
from pipeline.jobs.state import Status
from pipeline.locks import holder, is_held, try_exclusive
from pipeline.sdk.protocol import RUN_VARIABLE

NAME = "background"


def is_alive(job: JobFolder) -> bool:
    """Whether a process that ``start`` has started lives."""
    return is_held(job.folder / NAME)


def running(job: JobFolder) -> NotReady:
    """The error where somebody runs the job already."""
    return NotReady(f"{job.id} is being run by {holder(job.lock) or 'another process'}", f"pipeline job show {job.id}")


def start(job: PlannedJob, call: RunCall) -> None:
    """Raises ``NotReady`` where a process was started already, and ``UsageError`` within a stage."""
    if RUN_VARIABLE in os.environ:
        raise UsageError("a stage leaves no process behind, so it can't start a job", "call run() instead of start()")
    # The lock goes to the new process with the open file, so there is no moment in which nobody has it.
    descriptor = os.open(job.folder / NAME, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        if not try_exclusive(descriptor):
            raise running(job)
        os.ftruncate(descriptor, 0)
        start_detached(call, descriptor, dict(os.environ))
    finally:
        os.close(descriptor)


def raise_outcome(job: PlannedJob) -> None:
    """Raises the error of the last run; nothing where it did what it was asked for."""
    if error := _told(job):
        raise error
    match job.loaded.status:
        case Status.FINISHED | Status.PARTIAL:
            return
        case Status.FAILED:
            raise StageError(f"{job.id} failed: {_reason(job)}", f"pipeline job show {job.id}")
        case Status.EDITED:
            raise UsageError(f"{job.id} was edited since it was run", f"run-pipeline -j {job.id}")
        case Status.PREPARED:
            raise UsageError(f"{job.id} hasn't been run yet", f"run-pipeline -j {job.id}")
    raise Interrupted(f"{job.id} was stopped before its end", f"run-pipeline -j {job.id}   goes on from here")


def _told(job: PlannedJob) -> PipelineError | None:
    """What the last run replied, if it was started here, and nobody has run the job since."""
    try:
        data = (job.folder / NAME).read_bytes()
    except FileNotFoundError:
        return None
    last = next((reply for reply in replies_in(data) if isinstance(reply, CallFailed)), None)
    return error_of(last) if last and last.events == len(job.journal().read()) else None


def _reason(job: PlannedJob) -> str:
    return next((event.reason for event in reversed(job.journal().read()) if isinstance(event, RunFailed)), "")
