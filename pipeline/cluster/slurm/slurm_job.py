"""The job of Slurm that this process runs in: its number, and how much of its walltime is left."""

import time
from collections.abc import Mapping

import psutil

from pipeline.cluster.batch.batch_job import BatchJob

JOB = "SLURM_JOB_ID"
START = "SLURM_JOB_START_TIME"  # seconds since 1970, by the clock of Slurm
END = "SLURM_JOB_END_TIME"


def of_process(variables: Mapping[str, str]) -> BatchJob | None:
    """``None`` outside of a job."""
    if not (id := variables.get(JOB)):
        return None
    left = _seconds_left(variables, id)
    return BatchJob(id, None if left is None else time.monotonic() + left)


def _seconds_left(variables: Mapping[str, str], id: str) -> float | None:
    """A node's clock may be an hour off that of Slurm, so the job's length counts, and the age of its processes."""
    start, end = _seconds(variables, START), _seconds(variables, END)
    if end is None:
        return None
    return end - start - _age(id) if start is not None else end - time.time()


def _seconds(variables: Mapping[str, str], name: str) -> float | None:
    text = variables.get(name, "")
    return float(text) if text.isdecimal() else None


def _age(id: str) -> float:
    """Seconds since the oldest of our ancestors that belong to the job was started."""
    own = psutil.Process()
    oldest = own.create_time()
    for process in own.parents():
        try:
            if process.environ().get(JOB) != id:
                break
            oldest = process.create_time()
        except psutil.Error:  # another user's, such as Slurm's own
            break
    return max(0.0, time.time() - oldest)
