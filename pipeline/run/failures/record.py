"""A failure as a line of the journal."""

from pipeline.jobs.events import AttemptFailed
from pipeline.run.failures.message import Failure
from pipeline.run.task import LiveAttempt, Task


def of_attempt(live: LiveAttempt, failure: Failure, again: float | None) -> AttemptFailed:
    """``again``: seconds until the next attempt, where there is one."""
    return AttemptFailed(
        live.task.name,
        live.attempt.number,
        round(live.seconds, 3),
        failure.reason,
        failure.kind.value,
        failure.evidence.returncode,
        again,
        live.used.cpu_seconds if live.used else None,
        live.used.memory if live.used else None,
        live.start_seconds,
    )


def of_unserved(task: Task, failure: Failure) -> AttemptFailed:
    """Of a stage that wasn't started."""
    return AttemptFailed(task.name, 0, 0, failure.reason, failure.kind.value)
