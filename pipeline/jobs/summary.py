"""What is told of a job before all else: its state, in one word."""

from dataclasses import dataclass

from pipeline.errors import PipelineError
from pipeline.jobs.job import JobFolder, PlannedJob
from pipeline.jobs.state import Status
from pipeline.jobs.store import JobStore
from pipeline.locks import is_held

KILLED = "killed"  # said to be running by the journal, but nobody holds the job's lock
DAMAGED = "damaged"  # its plan or its journal can't be read
STATES = (*(status.value for status in Status), KILLED, DAMAGED)


@dataclass(frozen=True)
class JobSummary:
    job_id: str
    workflow: str
    state: str  # one of STATES
    input: str  # its path; of a damaged job, what is wrong
    created_at: str | None  # in UTC; None where it can't be read


def summary(job: PlannedJob) -> JobSummary:
    return JobSummary(
        job.id, job.plan.workflow, state_word(job, job.state().status), job.plan.input.path, job.plan.created_at
    )


def summaries(store: JobStore) -> list[JobSummary]:
    """Of all jobs, the oldest first. One that can't be read says so, and doesn't hide the others."""
    return [_found(store, id) for id in store.ids()]


def _found(store: JobStore, id: str) -> JobSummary:
    try:
        return summary(store.find(id))
    except (PipelineError, OSError) as error:
        return JobSummary(id, "", DAMAGED, str(error), None)


def state_word(job: JobFolder, status: Status) -> str:
    """What the journal says; a run that ended without a word shows as killed, which its lock tells."""
    if status is Status.RUNNING and not is_held(job.lock):
        return KILLED
    return status.value
