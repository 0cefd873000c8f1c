"""Giving a job up: whoever runs it is asked to end it; a job that nobody runs is marked."""

import os
import signal
import time

from pipeline.errors import NotReady, UsageError
from pipeline.jobs.job import Job, load
from pipeline.jobs.state import Status
from pipeline.locks import Held, exclusive, holder

SECONDS = 60.0  # for its stages to end: their grace, and a little


def cancel(job: Job) -> str:
    """Returns what was done, in words. Raises ``UsageError`` where there is nothing to give up."""
    try:
        with exclusive(job.lock):
            return _marked(load(job.folder))
    except Held:
        return _asked(job)


def _marked(job: Job) -> str:
    status = job.state().status
    if status in (Status.FINISHED, Status.CANCELLED):
        raise UsageError(f"{job.id} is {status.value} already", f"pipeline job show {job.id}")
    journal = job.journal()
    journal.append("run_cancelled")
    journal.close()
    return "cancelled; it wasn't running"


def _asked(job: Job) -> str:
    """Tell the process that holds the lock to look, and wait until it has."""
    job.cancellation.touch()
    who = holder(job.lock)
    if who is None or not who.is_here:
        raise UsageError(
            f"{job.id} is being run by {who or 'another process'}", "give the command on that machine, or wait"
        )
    os.kill(who.pid, signal.SIGUSR1)
    end = time.monotonic() + float(job.document["grace_seconds"]) + SECONDS
    while time.monotonic() < end:
        if job.state().status is not Status.RUNNING:
            return job.state().status.value
        time.sleep(0.05)
    raise NotReady(f"{job.id} hasn't ended yet; {who} was asked to end it", f"pipeline job show {job.id}")
