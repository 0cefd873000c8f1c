"""What becomes of an attempt without a result: its evidence, and whether there is another one."""

from typing import Any

from pipeline.jobs.job import Job
from pipeline.project import Project
from pipeline.run.failures.classes import FREE_ATTEMPTS, FailureClass, Retry
from pipeline.run.failures.evidence import Evidence, Outgrown, raised_of
from pipeline.run.failures.message import Failure, last_lines
from pipeline.run.failures.plan_drift import outgrown, prepared_again
from pipeline.run.task import Running, Task


def failure_of(project: Project, job: Job, running: Running, **found: Any) -> Failure:
    """``found``: fields of ``Evidence`` that the end of the attempt showed."""
    stage, log = running.task.stage, running.invocation.log
    lacks = outgrown(project, stage) if found.get("returncode") else ()
    evidence = Evidence(
        prefix=str(running.invocation.interpreter.prefix),
        error=running.error,
        raised=raised_of(running.raised or {}),
        last_lines=last_lines(log, running.log_start),
        wrong_environment=running.wrong_environment,
        timed_out=running.task.stage.timeout_seconds if running.timed_out else None,
        killed_by_us=running.killed_by_us,
        oom_before=running.oom_before,
        outgrown=Outgrown(lacks, prepared_again(job)) if lacks else None,
        **found,
    )
    return Failure(job.id, running.task.name, stage.environment, f"stages/{stage.uses}.py", evidence, log)


def seconds_until_again(task: Task, kind: FailureClass) -> float | None:
    """Counts the failed attempt; ``None`` where there is no other one."""
    if kind is FailureClass.WORKER_LOST:
        task.start = "cold"  # if the stage itself crashes its process, a fresh one says so
    match kind.rule.retry:
        case Retry.FREE:
            task.spared += 1
            # At once, then after a second: a machine that is out of processes needs a moment.
            return task.spared - 1.0 if task.spared <= FREE_ATTEMPTS else None
        case Retry.BUDGET:
            task.failed += 1
            return task.stage.retries.pause(task.failed) if task.failed < task.stage.retries.attempts else None
    return None
