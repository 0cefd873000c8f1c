"""An attempt that ended well becomes a result, if its outputs are what the stage promises."""

from collections.abc import Mapping
from pathlib import Path

from pipeline.cache.store import ResultStore
from pipeline.jobs.output_files import OutputsMissing
from pipeline.jobs.plan import PlannedStage
from pipeline.jobs.records import Result, StoredResult
from pipeline.project import ProjectFolder
from pipeline.run.invocations import Invocations
from pipeline.run.task import AttemptEnd, LiveAttempt, Task


def commit(project: ProjectFolder, live: LiveAttempt, invocations: Invocations) -> Result | AttemptEnd:
    """The result, on the disk; or why there is none."""
    stage = live.task.stage
    try:
        outputs = live.attempt.find(stage.outputs, [each.file.path for each in live.inputs])
        if any(pattern.endswith("/") for pattern in stage.outputs.values()):
            from pipeline.jobs import output_directories  # few stages have one

            output_directories.require_files(stage.outputs, stage.ensure, outputs)
        if unmet := _unmet(project, stage, outputs, invocations):
            return AttemptEnd(0, unmet=tuple(unmet))
        return live.attempt.commit(outputs, live.task.due.key, live.seconds, tuple(live.warnings), live.about)
    except OutputsMissing as error:
        return AttemptEnd(0, missing=str(error))


def share(store: ResultStore, task: Task, result: Result) -> None:
    """Let other jobs have a committed result."""
    record = StoredResult(
        task.name,
        task.job_id,
        result.attempt,
        result.key,
        result.seconds,
        result.output_records,
        task.due.key.parts,
        result.warnings,
        result.about,
    )
    signatures = {name: each.signature for name, each in result.outputs.items() if each.signature}
    store.put(result.key, record, {name: each.path for name, each in result.outputs.items()}, signatures)


def _unmet(
    project: ProjectFolder, stage: PlannedStage, outputs: Mapping[str, Path], invocations: Invocations
) -> list[str]:
    if not stage.ensure:
        return []
    from pipeline.run.ensure import unmet

    owner = project.owner(project.stage_file(stage.uses))
    return unmet(stage, outputs, invocations.inputs(stage), owner, invocations.runtime)
