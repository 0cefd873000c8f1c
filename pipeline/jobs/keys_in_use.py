"""The stage keys that jobs hold while they are run; the store of results evicts none of them."""

from pathlib import Path

from pipeline.errors import UsageError
from pipeline.jobs.events import StageFinished, StageStarted
from pipeline.jobs.job import JobFolder
from pipeline.jobs.store import JobStore
from pipeline.locks import is_held


def held_keys(jobs: Path) -> frozenset[str]:
    """Each ``key`` in the journals of the jobs whose lock a process has right now."""
    return frozenset(key for id in JobStore(jobs).ids() for key in _keys(JobFolder(jobs / id)))


def _keys(job: JobFolder) -> list[str]:
    """None where the journal can't be read: what is evicted meanwhile costs a job time, never its result."""
    try:
        events = job.journal().read() if is_held(job.lock) else []
    except (UsageError, OSError):
        return []
    return [event.key for event in events if isinstance(event, StageStarted | StageFinished)]
