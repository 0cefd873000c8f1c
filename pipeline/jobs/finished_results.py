"""The results that a job's stages have, as the journal tells them."""

from pipeline.jobs import attempts, items, output_edits, overview
from pipeline.jobs.job import PlannedJob
from pipeline.jobs.results import Results
from pipeline.jobs.state import JobState


def finished_results(job: PlannedJob, state: JobState) -> Results:
    """Of all stages that were finished once, fan-outs by their members.

    Raises ``EditOutdated`` where an edit was made from another result.
    """
    results = Results(output_edits.of_state(job, state))
    for stage, known in overview.stages(job, state):
        if known.members is not None:
            of_members = items.of_fan_out(job, stage, state)
            names = overview.members(stage.name, state)
            results.gather(stage.name, names, [of_members.get(name, "") for name in names])
        elif committed := state.stage(stage.name).committed:
            results.add(stage.name, attempts.of_event(job, committed))
    return results
