"""The stages of a job that a person names."""

from pipeline.errors import UsageError, did_you_mean
from pipeline.jobs import items, overview
from pipeline.jobs.job import PlannedJob


def chosen(job: PlannedJob, stage: str | None) -> list[str]:
    """All stages, or this one with its members if it is a fan-out. Raises ``UsageError`` where there is none."""
    state = job.state()
    known = [each.name for each, _ in overview.stages(job, state)]
    if stage is None:
        return known
    stage = items.internal_name(job, stage)
    if stage not in known:
        raise UsageError(f"{job.id} has no stage '{stage}'{did_you_mean(stage, known)}", f"pipeline job show {job.id}")
    return [stage, *overview.members(stage, state)]
