"""Preparing a job: everything is checked, then the plan is frozen. Nothing is written before the last step."""

import time
from collections.abc import Iterator, Mapping
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
from pipeline.envs.external.source import FOREIGN, Source
from pipeline.envs.registry import Registry
from pipeline.envs.run_leases import Leases
from pipeline.jobs import environment_sources
from pipeline.jobs.job import Job
from pipeline.jobs.plan import BesideInput, EngineDecision, EnvironmentOrigin, Plan, PlannedStage, WorkerBounds
from pipeline.jobs.store import JobStore
from pipeline.media import tracks
from pipeline.media.existing_subtitles import require_wanted
from pipeline.media.probe import PROBER, Media
from pipeline.models.shelf import Shelf
from pipeline.plan.parameters import resolve
from pipeline.plan.planner import PlannedWorkflow, plan
from pipeline.prepare import disk_space, file_parameters, readiness
from pipeline.prepare.inputs import Prober, describe, readable
from pipeline.prepare.readiness import Readiness
from pipeline.progress import Progress, quiet
from pipeline.values import from_plain, plain
from pipeline.values import replace as replace_fields

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
    origins = {name: _origin(answer) for name, answer in answers.items()}
    tools = _tools(ready)
    with _held(answers):
        frozen = Plan(
            schema=1,
            job_id="",
            created_at="",
            workflow=workflow.name,
            input=describe(file, media.duration_s if media else None),
            parameters=dict(chosen.parameters),
            environments={name: f"venv/{name}" for name in answers},
            environment_keys={name: answer.build.key for name, answer in answers.items()},
            environment_sources=origins,
            environment_locks={name: lock for name, answer in answers.items() if (lock := _lock_of(answer.build))},
            environment_variables=_variables(ready),
            stage_environments={stage.name: stage.environment for stage in planned.stages},
            tools=tools,
            models={name: catalog.model(name).digest for name in planned.models},
            stages=_stages(planned, origins, tools),
            deliver=planned.deliver,
            asked=dict(request.parameters),
            decisions=from_plain(chosen.decisions.recorded(), tuple[EngineDecision, ...]),
            beside=BesideInput(planned.beside, request.overwrite) if request.beside else None,
            disk_needed=needed,
            grace_seconds=catalog.settings.grace_seconds,
            cache_limit=catalog.settings.cache_limit,
            workers=WorkerBounds(**asdict(catalog.settings.workers)),
            timeout_seconds=planned.timeout_seconds,
        )
        return JobStore(catalog.project.jobs).create(lambda id: _named(frozen, id))


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


def _own_tools(workflow: WorkflowSpec, planned: PlannedWorkflow) -> tuple[str, ...]:
    """Programs that the orchestrator itself needs: to look at the input, and to hold stages to their promises."""
    measured = any("duration" in promise for stage in planned.stages for promise in stage.ensure.values())
    return (PROBER,) if workflow.takes_media or measured else ()


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def _origin(answer: Answer) -> EnvironmentOrigin:
    stands_in = answer.source in (Source.LEGACY, Source.DEGRADED)
    return EnvironmentOrigin(
        answer.source,
        place=answer.place if answer.source in FOREIGN else None,
        migration_target=f"venv/{answer.build.name}" if stands_in else None,
        warning=answer.warning or None,
    )


def _tools(ready: Readiness) -> dict[str, dict[str, str]]:
    return {
        environment: {tool.name: tool.provider.name if tool.provider else "PATH" for tool in tools}
        for environment, tools in ready.tools.items()
        if tools
    }


def _variables(ready: Readiness) -> dict[str, dict[str, str]]:
    """What a person set, as it was written; the usual ones are no part of the plan. Folders are the project's."""
    return {name: dict(each.variables) for name, each in ready.environments.items() if each.variables}


def _lock_of(build: Build) -> str | None:
    """The digest of the lock that it was built from, if it was."""
    lock = build.record.get("key_input", {}).get("lock")
    return lock if isinstance(lock, str) else None


def _stages(
    planned: PlannedWorkflow,
    origins: Mapping[str, EnvironmentOrigin],
    tools: Mapping[str, Mapping[str, str]],
) -> tuple[PlannedStage, ...]:
    """Stages whose results must not be shared with other jobs are marked, as a stage's own block may mark them."""
    apart = environment_sources.unshared(planned.stages, origins, tools)
    return tuple(replace_fields(each, cache=False) if each.name in apart else each for each in planned.stages)


def _named(frozen: Plan, id: str) -> Plan:
    """The plan of job ``id``."""
    from pipeline.config.source import schema_errors

    named = replace_fields(frozen, job_id=id, created_at=_now())
    errors = schema_errors(plain(named), "job")
    if errors:
        raise AssertionError(f"a job that its own schema refuses: {errors[0]}")
    return named
