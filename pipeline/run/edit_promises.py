"""Whether files that a person has edited are what the stage promises of its outputs."""

import contextlib
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from pipeline.config.ensure import Ensure, parse_promises
from pipeline.digests import is_tree
from pipeline.environments import registry_of
from pipeline.envs.variables import which
from pipeline.errors import InputError, PipelineError
from pipeline.jobs.job_editor import JobEditor
from pipeline.jobs.plan import PlannedStage
from pipeline.media.probe import PROBER, probe
from pipeline.project import ProjectFolder
from pipeline.references import JOB_INPUT, split
from pipeline.run.ensure import unmet_conditions


def require(project: ProjectFolder, desk: JobEditor, stage: str, files: Mapping[str, bytes], source: str) -> None:
    """Raises ``InputError`` with each condition that doesn't hold. ``source`` says whose content it is."""
    planned = _planned(desk, stage)
    if planned is None or not planned.ensure:
        return
    inputs = dict(_inputs(desk, planned))
    promises = {name: _checkable(each, inputs) for name, each in parse_promises(planned.ensure).items()}
    with _as_outputs(desk, stage, files) as paths:
        owner = project.owner(project.stage_file(planned.uses))
        broken = unmet_conditions(promises, paths, inputs, owner, lambda file: _seconds(project, desk, file))
    if broken:
        what = f"{source} isn't what stage '{stage}' of {desk.job.id} promises: {'; '.join(dict.fromkeys(broken))}"
        step = f"pipeline stage show {planned.uses}   tells what it promises; nothing was changed"
        raise InputError(what, step)


def _planned(desk: JobEditor, stage: str) -> PlannedStage | None:
    """That of a member is its fan-out's."""
    planned = {each.name: each for each in desk.job.stages}
    return planned.get(stage) or planned.get(stage.rpartition("_")[0])


def _inputs(desk: JobEditor, planned: PlannedStage) -> Iterator[tuple[str, Sequence[Path]]]:
    """The files of each input, but for those that only a run can name, as members of a fan-out over a list."""
    for slot, references in planned.inputs.items():
        with contextlib.suppress(PipelineError):
            yield slot, [_path(desk, each) for each in references]


def _path(desk: JobEditor, reference: str) -> Path:
    if reference == JOB_INPUT:
        return desk.job.input
    stage, output = split(reference)
    edit, made = desk.edit(stage), desk.output(stage, output)
    return edit.outputs.get(output, made).path if edit else made.path


def _checkable(promise: Ensure, inputs: Mapping[str, Sequence[Path]]) -> Ensure:
    """Without comparisons to inputs that aren't known."""
    count = promise.count if promise.count and promise.count.like in inputs else None
    duration = promise.duration if promise.duration and promise.duration.like in inputs else None
    return replace(promise, count=count, duration=duration)


@contextlib.contextmanager
def _as_outputs(desk: JobEditor, stage: str, files: Mapping[str, bytes]) -> Iterator[Mapping[str, Path]]:
    """The contents as files with the names of the outputs, for a moment."""
    made = desk.made(stage).outputs
    with tempfile.TemporaryDirectory(prefix="pipeline-", ignore_cleanup_errors=True) as folder:
        paths = {name: Path(folder) / name / made[name].path.name for name in files if not is_tree(made[name].digest)}
        for name, path in paths.items():
            path.parent.mkdir()
            path.write_bytes(files[name])
        yield paths


def _seconds(project: ProjectFolder, desk: JobEditor, file: Path) -> float | None:
    """By the prober on PATH, or that of an environment of the project."""
    return probe(file, _prober(project, desk)).duration_s


def _prober(project: ProjectFolder, desk: JobEditor) -> Path:
    if path := which(PROBER, os.environ):
        return Path(path)
    registry = registry_of(project)
    builds = [live for name in desk.job.plan.environments if (live := registry.live(name))]
    return next(
        (each.provided_tools / PROBER for each in builds if (each.provided_tools / PROBER).exists()), Path(PROBER)
    )
