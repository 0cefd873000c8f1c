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
        _require_files(stage, outputs)
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


def _require_files(stage: PlannedStage, outputs: Mapping[str, Path]) -> None:
    """An empty directory is no result, unless the stage says that it may be. Raises ``OutputsMissing``."""
    for name, path in outputs.items():
        if not stage.outputs[name].endswith("/") or stage.ensure.get(name, {}).get("non_empty") is False:
            continue
        from pipeline.jobs.output_directories import has_files

        if not has_files(path):
            hint = f"where that is right, its stage says so: [tool.pipeline.stage.ensure.{name}] non_empty = false"
            raise OutputsMissing(f"it ended well, but its output '{name}' ({path.name}/) has no file; {hint}")


def _unmet(
    project: ProjectFolder, stage: PlannedStage, outputs: Mapping[str, Path], invocations: Invocations
) -> list[str]:
    if not stage.ensure:
        return []
    from pipeline.run.ensure import unmet

    owner = project.owner(project.stage_file(stage.uses))
    return unmet(stage, outputs, invocations.inputs(stage), owner, invocations.runtime)
