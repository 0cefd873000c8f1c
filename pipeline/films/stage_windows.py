"""A job's stage, run on a part of its input: with the environment, the models and the parameters that the job's plan
names, in a worker where there is one, so that a model that is loaded already isn't loaded again.

Nothing of it stands in the journal. What it gives is kept under its key in the project's cache, so that the same
question is answered at once the next time.
"""

import os
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from pipeline.config.catalog import Catalog
from pipeline.digests import content_digest, tagged_digest
from pipeline.envs.leases import Leases
from pipeline.errors import StageError
from pipeline.executors import EXECUTORS, Invocation, Message, ProcessExit, StageReport, WorkerLimits, runtime_folder
from pipeline.files import read_json, tail, write_at_once
from pipeline.jobs.attempts import Attempt
from pipeline.jobs.job import PlannedJob
from pipeline.jobs.output_files import OutputsMissing
from pipeline.jobs.plan import PlannedStage
from pipeline.jobs.results import Results
from pipeline.project import ProjectFolder
from pipeline.run import runtime
from pipeline.run.stage_call import StageCall, write_invocation
from pipeline.run.stage_key import StageKeys
from pipeline.run.supervision.guardian import Guardian
from pipeline.values import Struct, encode, field, fields_of, replace

FOLDER = "windows"  # of the cache
MOST_KEPT = 500
SECONDS = 1800.0
LAST_LINES = 20


class StageWindow(Struct, frozen=True):
    """A planned stage with other inputs than the job's, and maybe with other parameters and models."""

    stage: PlannedStage
    inputs: Mapping[str, Sequence[Path]]
    output: str  # which of its outputs is wanted, a JSON file
    parameters: Mapping[str, Any] = field(default_factory=dict)
    models: Mapping[str, str] = field(default_factory=dict)  # slot to a model's name


def document(project: ProjectFolder, job: PlannedJob, window: StageWindow, seconds: float = SECONDS) -> Any:
    """What the wanted output holds. Raises ``NotReady`` and ``StageError`` as a run does."""
    catalog = Catalog(project)
    digests = {name: catalog.models[name].digest for name in window.models.values()}
    planned = _with_models(job, window.stage, digests)
    path = project.cache / FOLDER / f"{_key(project, planned, window)}.json"
    with suppress(OSError, ValueError):
        return read_json(path)
    found = _performed(catalog, planned, window, seconds)
    with suppress(OSError):  # a disk without room costs only the time that it took
        path.parent.mkdir(parents=True, exist_ok=True)
        _make_room(path.parent)
        write_at_once(path, encode(found))
    return found


def _with_models(job: PlannedJob, stage: PlannedStage, digests: Mapping[str, str]) -> PlannedJob:
    """The same job with this stage alone, as if it had been prepared with these models."""
    plan, name = job.plan, stage.environment
    needed = {name, *plan.tools.get(name, {}).values()}
    models = {each: plan.models[each] for each in stage.models.values()}
    return PlannedJob(
        job.folder,
        replace(
            plan,
            stages=(stage,),
            environments={each: place for each, place in plan.environments.items() if each in needed},
            environment_keys={each: key for each, key in plan.environment_keys.items() if each in needed},
            tools={name: plan.tools[name]} if name in plan.tools else {},
            models={**models, **digests},
        ),
    )


def _key(project: ProjectFolder, job: PlannedJob, window: StageWindow) -> str:
    keys, stage = StageKeys(project, job, Results()), window.stage
    parts = {
        "source": keys.loaded_source(stage),
        "environment": job.plan.environment_keys[stage.environment],
        "inputs": {slot: [content_digest(path) for path in paths] for slot, paths in window.inputs.items()},
        "parameters": {**stage.parameters, **window.parameters},
        "models": {slot: job.plan.models[name] for slot, name in {**stage.models, **window.models}.items()},
        "output": window.output,
    }
    return tagged_digest("window", parts).partition(":")[2]


def _make_room(folder: Path) -> None:
    files = sorted(folder.glob("*.json"), key=lambda each: each.stat().st_mtime_ns)
    for path in files[: max(0, len(files) - MOST_KEPT)]:
        path.unlink(missing_ok=True)


def _performed(catalog: Catalog, job: PlannedJob, window: StageWindow, seconds: float) -> Any:
    project, stage, spec = catalog.project, window.stage, catalog.stage(window.stage.uses)
    guardian = Guardian(os.urandom(16).hex(), runtime_folder.locate(os.environ))
    with Leases() as leases, tempfile.TemporaryDirectory(prefix="pipeline-", ignore_cleanup_errors=True) as place:
        found = runtime.resolve(project, job, guardian.token, leases)
        found.require(job)
        attempt = Attempt(stage.name, 1, Path(place))
        attempt.outputs.mkdir()
        models = {slot: found.models[name] for slot, name in {**stage.models, **window.models}.items()}
        parameters = {**stage.parameters, **window.parameters}
        call = StageCall(spec, window.inputs, parameters, models, os.cpu_count() or 1)
        write_invocation(project, call, attempt)
        invocation = Invocation(
            id=f"{job.id}/{stage.name}/window",
            interpreter=found.interpreters[stage.environment],
            stage_file=call.stage_file(),
            source_digest=StageKeys(project, job, Results()).loaded_source(stage),
            file=attempt.invocation,
            log=Path(place) / "log",
            start=stage.way(None),
            modules=tuple(call.modules(project)),
        )
        guardian.start()
        try:
            _wait(invocation, WorkerLimits(**fields_of(job.plan.workers)), seconds)
        finally:
            guardian.end()
        try:
            return read_json(attempt.find(spec.outputs)[window.output])
        except OutputsMissing as error:
            raise StageError(f"stage '{stage.uses}' failed: {error}") from error


def _wait(invocation: Invocation, limits: WorkerLimits, seconds: float) -> None:
    """Until it has ended well. Raises ``StageError``. What it says stays with it: no run shows it."""
    until, reports = time.monotonic() + seconds, list[StageReport]()
    reading, writing = os.pipe()  # nothing is ever written: the waiting needs something that never becomes readable
    try:
        with closing(EXECUTORS["local"](invocation.file.parent / "starts", limits)) as executor:
            try:
                executor.submit(invocation)
                while time.monotonic() < until:
                    for event in executor.wait(reading, max(0.0, until - time.monotonic())):
                        if isinstance(event, Message):
                            reports.append(event.report)
                        elif isinstance(event, ProcessExit):
                            return _require_good(invocation, event, reports)
                raise StageError(f"stage '{invocation.stage_file.stem}' took longer than {seconds:g} s, and was ended")
            finally:
                executor.stop(0)
    finally:
        os.close(reading)
        os.close(writing)


def _require_good(invocation: Invocation, ended: ProcessExit, reports: Sequence[StageReport]) -> None:
    if ended.returncode == 0:
        return
    said = next((each.error for each in reversed(reports) if each.error), None)
    lines = "\n".join(tail(invocation.log, LAST_LINES)) if invocation.log.exists() else ""
    what = said or lines or ended.lost or f"it ended with exit code {ended.returncode}"
    raise StageError(f"stage '{invocation.stage_file.stem}' failed: {what}")
