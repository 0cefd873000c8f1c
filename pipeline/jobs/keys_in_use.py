"""The stage keys that jobs hold while they are run; the store of results evicts none of them."""

from pathlib import Path

from pipeline.jobs.job import Job
from pipeline.jobs.journal import JournalDamaged
from pipeline.jobs.store import JobStore
from pipeline.locks import is_held


def held_keys(jobs: Path) -> frozenset[str]:
    """Each ``key`` in the journals of the jobs whose lock a process has right now."""
    return frozenset(key for id in JobStore(jobs).ids() for key in _keys(Job(jobs / id, {})))


def _keys(job: Job) -> list[str]:
    """None where the journal can't be read: what is evicted meanwhile costs a job time, never its result."""
    try:
        return [event["key"] for event in job.journal().read() if "key" in event] if is_held(job.lock) else []
    except (JournalDamaged, OSError):
        return []
