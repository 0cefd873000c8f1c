"""Preparing a job: everything is checked, then the plan is frozen. Nothing is written before the last step."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.config.catalog import Catalog
from pipeline.config.workflows import WorkflowSpec
from pipeline.engines.decisions import NOTHING_KNOWN, Chooser, usual_commands
from pipeline.engines.select import Decisions
from pipeline.environments import ProjectVariables
from pipeline.envs.build import Build
from pipeline.envs.external.adoption import Adoption, Answer
from pipeline.envs.external.decision import Allowed
from pipeline.envs.registry import Registry
from pipeline.envs.run_leases import Leases
from pipeline.jobs import environment_sources
from pipeline.jobs.job import Job
from pipeline.jobs.store import JobStore
from pipeline.media import tracks
from pipeline.media.existing_subtitles import require_wanted
from pipeline.media.probe import PROBER, Media
from pipeline.models.shelf import Shelf
from pipeline.plan.parameters import resolve
from pipeline.plan.planner import Plan, PlannedStage, plan
from pipeline.prepare import disk_space, file_parameters, readiness
from pipeline.prepare.inputs import Prober, describe, readable
from pipeline.prepare.readiness import Readiness
from pipeline.progress import Progress, quiet

if TYPE_CHECKING:
    from pipeline.envs.builder.builder import Builder

WAIT_SECONDS = 300.0  # for an environment that another process is building
USUAL = Allowed(WAIT_SECONDS)


@dataclass(frozen=True)
class Request:
    input: Path
    workflow: str
    parameters: Mapping[str, str]  # as typed
    allowed: Allowed = USUAL  # for environments that aren't there
    beside: bool = False  # deliver next to the input, too, what the workflow says may stand there
    overwrite: bool = False  # also where the movie has what would be made
    reserved: int = 0  # bytes of the disk that other jobs will take


def prepare(catalog: Catalog, request: Request, progress: Progress = quiet) -> Job:
    """Raises the error that fits: usage, configuration, input, or what isn't ready; then there is no job.

    ``progress`` hears what takes long, for environments that others make or that we may build.
    """
    workflow = catalog.workflow(request.workflow)
    fixed = file_parameters.taken(workflow, request.parameters, catalog)
    values = resolve(workflow, request.parameters, catalog, fixed)
    file = readable(request.input)
    adoption = _adoption(catalog, Registry(catalog.project.environments), request.allowed, progress)
    media = Prober(catalog, adoption).look(file) if workflow.takes_media else None
    chosen = _chosen(Chooser(catalog, adoption, workflow), values, file, media)
    planned = plan(workflow, chosen.all, catalog)
    _require_wanted(workflow, request, chosen, file, media)
    ready = readiness.look(catalog, planned, adoption, Shelf(catalog.project.models), _own_tools(workflow, planned))
    readiness.require(ready, lambda: usual_commands(catalog, adoption))
    needed = disk_space.require(catalog.project, planned.disk, file, media, request)
    answers = {
        name: adoption.settle(definition, ready.choices[name]) for name, definition in ready.environments.items()
    }
    environments = _environments(ready, answers, planned)
    with _held(answers):
        document = {
            "workflow": workflow.name,
            "input": describe(file, media.duration_s if media else None),
            "parameters": chosen.parameters,
            **environments,
            "models": {name: catalog.model(name).digest for name in planned.models},
            "stages": _stages(planned, environments),
            "deliver": list(planned.deliver),
            **_extras(planned, request, chosen.decisions, needed),
            "grace_seconds": catalog.settings.grace_seconds,
            "cache_limit": catalog.settings.cache_limit,
            "workers": asdict(catalog.settings.workers),
            **({"timeout_seconds": planned.timeout_seconds} if planned.timeout_seconds else {}),
        }
        return JobStore(catalog.project.jobs).create(lambda id: _checked({**_heading(id), **document}))


@dataclass(frozen=True)
class Chosen:
    """All that a workflow's ``$names`` stand for in this job."""

    parameters: Mapping[str, Any]
    decisions: Decisions
    media: Mapping[str, Any]  # what the input is, as ``$input.frame_rate``

    @property
    def all(self) -> dict[str, Any]:
        return {**self.parameters, **self.decisions.values, "input": self.media}


def _chosen(chooser: Chooser, values: Mapping[str, Any], file: Path, media: Media | None) -> Chosen:
    workflow = chooser.workflow
    tagged = tracks.spoken(file_parameters.tracked(workflow, values), media) if media else ""
    known = {**values, **file_parameters.of_movie(workflow, values, file, media)} if media else values
    facts = {**NOTHING_KNOWN, **({"frame_rate": media.frame_rate, "language": tagged} if media else {})}
    return Chosen(known, replace(chooser, tagged=tagged).decide(known), facts)


def _require_wanted(workflow: WorkflowSpec, request: Request, chosen: Chosen, file: Path, media: Media | None) -> None:
    """Raises ``AlreadyThere`` where the movie has subtitles in each language that they would be made in."""
    if not workflow.makes_subtitles or request.overwrite or media is None:
        return
    made = [each for each in chosen.decisions.values.values() if "targets" in each]
    languages: list[str] = [code for each in made for code in (*each["original"], *each["targets"])]
    require_wanted(languages or [tracks.ORIGINAL], str(chosen.media["language"]), file, media)


def _extras(planned: Plan, request: Request, decisions: Decisions, needed: int) -> dict[str, Any]:
    """What most plans don't have."""
    found: Mapping[str, Sequence[Any] | int | Mapping[str, Any]] = {
        "asked": dict(request.parameters),
        "decisions": decisions.recorded(),
        "beside": {"outputs": list(planned.beside), "overwrite": request.overwrite} if request.beside else {},
        "disk_needed": needed,
    }
    return {key: value for key, value in found.items() if value}


@contextmanager
def _held(answers: Mapping[str, Answer]) -> Iterator[None]:
    """Our builds stay in their place until there is a job that names them."""
    with Leases() as leases:
        for answer in answers.values():
            if answer.build.is_ours:
                leases.on(answer.build)
        yield


def _adoption(catalog: Catalog, registry: Registry, allowed: Allowed, progress: Progress) -> Adoption:
    def builder() -> "Builder":
        from pipeline.environments import builder_for

        return builder_for(catalog)

    own = ProjectVariables(catalog.project)
    notes = environment_sources.notes(catalog.project)
    return Adoption(registry=registry, notes=notes, allowed=allowed, builder=builder, progress=progress, own=own)


def _own_tools(workflow: WorkflowSpec, planned: Plan) -> tuple[str, ...]:
    """Programs that the orchestrator itself needs: to look at the input, and to hold stages to their promises."""
    measured = any("duration" in promise for stage in planned.stages for promise in stage.ensure.values())
    return (PROBER,) if workflow.takes_media or measured else ()


def _heading(id: str) -> dict[str, Any]:
    return {"schema": 1, "job_id": id, "created_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}


def _environments(ready: Readiness, answers: Mapping[str, Answer], planned: Plan) -> dict[str, Any]:
    return {
        "environments": {name: f"venv/{name}" for name in answers},
        "environment_keys": {name: answer.build.key for name, answer in answers.items()},
        "environment_sources": {name: answer.recorded() for name, answer in answers.items()},
        "environment_locks": {name: lock for name, answer in answers.items() if (lock := _lock_of(answer.build))},
        # What a person set, as it was written; the usual ones are no part of the plan. Folders are the project's.
        **({"environment_variables": variables} if (variables := _variables(ready)) else {}),
        "stage_environments": {stage.name: stage.environment for stage in planned.stages},
        "tools": {
            environment: {tool.name: tool.provider.name if tool.provider else "PATH" for tool in tools}
            for environment, tools in ready.tools.items()
            if tools
        },
    }


def _variables(ready: Readiness) -> dict[str, dict[str, str]]:
    return {name: dict(each.variables) for name, each in ready.environments.items() if each.variables}


def _lock_of(build: Build) -> str | None:
    """The digest of the lock that it was built from, if it was."""
    lock = build.record.get("key_input", {}).get("lock")
    return lock if isinstance(lock, str) else None


def _stages(planned: Plan, environments: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Those whose results are nobody else's say so, as a stage's own block may."""
    stages = [_plain(stage) for stage in planned.stages]
    apart = environment_sources.unshared({**environments, "stages": stages})
    return [{**stage, "cache": False} if stage["name"] in apart else stage for stage in stages]


def _plain(stage: PlannedStage) -> dict[str, Any]:
    """As it stands in the plan; what is the default isn't there, since a plan can have ten thousand stages."""
    plain = {
        "name": stage.name,
        "uses": stage.uses,
        "environment": stage.environment,
        "needs": list(stage.needs),
        "inputs": {slot: list(refs) for slot, refs in stage.inputs.items()},
        "parameters": stage.parameters,
        "models": stage.models,
        "outputs": stage.outputs,
        "for_each": stage.for_each,
        "ensure": stage.ensure,
        "modules": list(stage.modules),
        **stage.policy,
    }
    return {key: value for key, value in plain.items() if key not in ("for_each", "ensure", "modules") or value}


def _checked(document: dict[str, Any]) -> dict[str, Any]:
    from pipeline.config.source import schema_errors

    errors = schema_errors(document, "job")
    if errors:
        raise AssertionError(f"a job that its own schema refuses: {errors[0]}")
    return document
