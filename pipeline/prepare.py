"""Preparing a job: everything is checked, then the plan is frozen. Nothing is written before the last step."""

import os
import stat
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline import readiness, sources
from pipeline.digests import sha256_of_file
from pipeline.envs.adopting.adoption import Adoption, Answer
from pipeline.envs.adopting.decide import Allowed
from pipeline.envs.definition import Build
from pipeline.envs.keeping.holding import Leases
from pipeline.envs.registry import Registry
from pipeline.envs.tools import locate
from pipeline.errors import InputUnusable, NotReady
from pipeline.jobs.job import Job
from pipeline.jobs.store import JobStore
from pipeline.media.probe import PROBER, probe
from pipeline.models.shelf import Shelf
from pipeline.plan.parameters import resolve
from pipeline.plan.planner import Plan, PlannedStage, plan
from pipeline.provisioning.places import ProjectVariables
from pipeline.readiness import Readiness
from pipeline.spec.catalog import Catalog
from pipeline.spec.workflows import WorkflowSpec
from pipeline.telling import Tell, quiet
from pipeline.text import printable

if TYPE_CHECKING:
    from pipeline.envs.building.build import Builder

WAIT_SECONDS = 300.0  # for an environment that another process is building
USUAL = Allowed(WAIT_SECONDS)


@dataclass(frozen=True)
class Request:
    input: Path
    workflow: str
    parameters: Mapping[str, str]  # as typed
    allowed: Allowed = USUAL  # for environments that aren't there


def prepare(catalog: Catalog, request: Request, tell: Tell = quiet) -> Job:
    """Raises the error that fits: usage, configuration, input, or what isn't ready; then there is no job.

    ``tell`` hears what takes long, for environments that others make or that we may build.
    """
    workflow = catalog.workflow(request.workflow)
    values = resolve(workflow, request.parameters, catalog)
    planned = plan(workflow, values, catalog)
    file = _readable(request.input)
    registry = Registry(catalog.project.environments)
    adoption = _adoption(catalog, registry, request.allowed, tell)
    own_tools = _own_tools(workflow, planned)
    ready = readiness.look(catalog, planned, adoption, Shelf(catalog.project.models), own_tools)
    readiness.require(ready)
    answers = {
        name: adoption.settle(definition, ready.choices[name]) for name, definition in ready.environments.items()
    }
    environments = _environments(ready, answers, planned)
    with _held(answers):
        duration = probe(file, _prober(catalog, registry)).duration_s if workflow.takes_media else None
        document = {
            "workflow": workflow.name,
            "input": _describe(file, duration),
            "parameters": values,
            **environments,
            "models": {name: catalog.model(name).digest for name in planned.models},
            "stages": _stages(planned, environments),
            "deliver": list(planned.deliver),
            "grace_seconds": catalog.settings.grace_seconds,
            "cache_limit": catalog.settings.cache_limit,
            "workers": asdict(catalog.settings.workers),
            **({"timeout_seconds": planned.timeout_seconds} if planned.timeout_seconds else {}),
        }
        return JobStore(catalog.project.jobs).create(lambda id: _checked({**_heading(id), **document}))


@contextmanager
def _held(answers: Mapping[str, Answer]) -> Iterator[None]:
    """Our builds stay in their place until there is a job that names them."""
    with Leases() as leases:
        for answer in answers.values():
            if answer.build.is_ours:
                leases.on(answer.build)
        yield


def _adoption(catalog: Catalog, registry: Registry, allowed: Allowed, tell: Tell) -> Adoption:
    def builder() -> "Builder":
        from pipeline.provisioning.builders import builder_for

        return builder_for(catalog)

    own = ProjectVariables(catalog.project)
    notes = sources.notes(catalog.project)
    return Adoption(registry=registry, notes=notes, allowed=allowed, builder=builder, tell=tell, own=own)


def _own_tools(workflow: WorkflowSpec, planned: Plan) -> tuple[str, ...]:
    """Programs that the orchestrator itself needs: to look at the input, and to hold stages to their promises."""
    measured = any("duration" in promise for stage in planned.stages for promise in stage.ensure.values())
    return (PROBER,) if workflow.takes_media or measured else ()


def _prober(catalog: Catalog, registry: Registry) -> Path:
    tool = locate(PROBER, catalog.provider(PROBER), os.environ)
    if tool.path is not None:
        return tool.path
    build = registry.live(tool.provider.name) if tool.provider else None
    if build is None:
        raise NotReady(f"{PROBER} isn't there", "./bootstrap.sh")
    return build.provided_tools / PROBER


def _readable(path: Path) -> Path:
    """The input's absolute path. Raises ``InputUnusable`` where it can't be opened, or isn't a plain file."""
    file = Path(os.path.abspath(path))
    shown = printable(str(file))
    try:
        _require_regular(file, shown)
        with file.open("rb") as opened:
            if not opened.read(1):
                raise InputUnusable(f"{shown} is empty")
    except FileNotFoundError as error:
        raise InputUnusable(f"there is no file {shown}") from error
    except OSError as error:
        raise InputUnusable(f"{shown} can't be read: {error.strerror}") from error
    return file


def _require_regular(file: Path, shown: str) -> None:
    """Before it is opened: a pipe that nobody writes to would be waited for."""
    mode = os.stat(file).st_mode
    if stat.S_ISDIR(mode):
        raise InputUnusable(f"{shown} is a folder; name a file in it")
    if not stat.S_ISREG(mode):
        raise InputUnusable(f"{shown} isn't a regular file; copy what it gives into one")


def _describe(file: Path, duration: float | None) -> dict[str, Any]:
    status = file.stat()  # before the digest: what is written meanwhile shows as a change
    return {
        "path": str(file),
        "size": status.st_size,
        "mtime_ns": status.st_mtime_ns,
        "digest": sha256_of_file(file),
        "duration_s": duration,
    }


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
    apart = sources.unshared({**environments, "stages": stages})
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
    from pipeline.spec.source import schema_errors

    errors = schema_errors(document, "job")
    if errors:
        raise AssertionError(f"a job that its own schema refuses: {errors[0]}")
    return document
