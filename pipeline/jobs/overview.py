"""A job's stages as a person looks at them: the planned ones, and the members of fan-outs that are known by now."""

from pipeline.jobs.job import PlannedJob
from pipeline.jobs.plan import PlannedStage
from pipeline.jobs.state import JobState, StageState, StageStatus
from pipeline.references import member_name
from pipeline.values import replace

WORST_FIRST = (StageStatus.FAILED, StageStatus.SKIPPED, StageStatus.RUNNING, StageStatus.WAITING)


def stages(job: PlannedJob, state: JobState) -> list[tuple[PlannedStage, StageState]]:
    """In the plan's order, each fan-out's members after it."""
    rows = []
    for stage in job.stages:
        names = members(stage.name, state)
        own = state.stage(stage.name)
        together = own if own.members is None else _together(own, [state.stage(name) for name in names])
        rows.append((stage, together))
        rows += [(replace(stage, name=name), state.stage(name)) for name in names]
    return rows


def members(name: str, state: JobState) -> list[str]:
    """Of a fan-out whose list is known; none of any other stage."""
    return [member_name(name, index) for index in range(state.stage(name).members or 0)]


def _together(own: StageState, members: list[StageState]) -> StageState:
    """A fan-out's state: the worst of its members'. Without any it is done, unless it couldn't be."""
    found = {member.status for member in members} or {own.status} & {StageStatus.SKIPPED}
    worst = next((each for each in WORST_FIRST if each in found), None)
    done = sum(member.status is StageStatus.FINISHED for member in members)
    failed = worst in (StageStatus.FAILED, StageStatus.SKIPPED)
    reason = (own.reason if failed else None) or f"{done} of {len(members)} done"
    seconds = sum(member.seconds or 0.0 for member in members)
    return StageState(worst or StageStatus.FINISHED, 0, seconds, reason, members=own.members)
