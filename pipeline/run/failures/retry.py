"""What becomes of an attempt without a result: its evidence, and whether there is another one, and when."""

from collections.abc import Mapping

from pipeline.executors.reports import StageException
from pipeline.jobs.job import PlannedJob, preparing_command
from pipeline.project import ProjectFolder
from pipeline.run.failures import stray_module
from pipeline.run.failures.classes import FREE_ATTEMPTS, FailureClass, Retry
from pipeline.run.failures.evidence import Evidence, PlanDrift, ServiceTrouble
from pipeline.run.failures.message import Failure, last_lines, with_paths
from pipeline.run.failures.oom import OomKills
from pipeline.run.failures.plan_drift import command_with, unplanned
from pipeline.run.task import AttemptEnd, LiveAttempt, Task
from pipeline.values import fields_of, replace


def failure_of(
    project: ProjectFolder, job: PlannedJob, live: LiveAttempt, end: AttemptEnd, oom_after: OomKills
) -> Failure:
    """An attempt's failure, with all that is known of how it ended."""
    stage, log = live.task.stage, live.invocation.log
    lacks = unplanned(project, stage) if end.returncode else ()
    evidence = Evidence(
        prefix=str(live.invocation.interpreter.prefix),
        error=live.error,
        raised=live.raised and _with_paths_here(live.raised, live.paths_here),
        last_lines=last_lines(log, live.log_start, live.paths_here),
        wrong_environment=live.wrong_environment,
        timed_out=live.task.stage.timeout_seconds if live.timed_out else None,
        killed_by_us=live.killed_by_us,
        oom_before=live.oom_before,
        plan_drift=PlanDrift(lacks, preparing_command(job)) if lacks else None,
        again=preparing_command(job),
        comes_along=not stage.function and project.is_extended(project.stage_file(stage.uses)),
        stray_module=stray_module.find(project, job, stage, live.raised),
        usable_plan=command_with(project, job, stage, live.instead) if live.instead else None,
        **fields_of(end),
        oom_after=oom_after,
    )
    return Failure(job.id, live.task.name, stage.label, stage.environment, stage.file, evidence, log)


def _with_paths_here(raised: StageException, paths_here: Mapping[str, str]) -> StageException:
    file = raised.file and with_paths(raised.file, paths_here)
    return replace(raised, message=with_paths(raised.message, paths_here), file=file)


def unserved(job: PlannedJob, task: Task, trouble: ServiceTrouble) -> Failure:
    """The failure of a stage that wasn't started, since a service that it needs isn't there."""
    stage = task.stage
    evidence = Evidence(prefix="", service=trouble, again=preparing_command(job))
    return Failure(job.id, task.name, stage.label, stage.environment, stage.file, evidence, job.log(task.name))


def seconds_until_again(task: Task, kind: FailureClass) -> float | None:
    """Counts the failed attempt; ``None`` where there is no other one."""
    if kind is FailureClass.WORKER_LOST:
        task.start = "cold"  # if the stage itself crashes its process, a fresh one says so
    match kind.rule.retry:
        case Retry.FREE:
            task.spared += 1
            # At once, then after a second: a machine that is out of processes needs a moment.
            return task.spared - 1.0 if task.spared <= FREE_ATTEMPTS else None
        case Retry.ELSEWHERE:
            return 0.0
        case Retry.ONCE:
            task.spared += 1
            return 0.0 if task.spared <= 1 else None
        case Retry.BUDGET:
            task.failed += 1
            return task.stage.retries.pause(task.failed) if task.failed < task.stage.retries.attempts else None
    return None
