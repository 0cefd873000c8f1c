"""What a plan may say: names that the project's configuration can hold, and references to earlier stages.

``job.json`` is refused where it isn't what ``prepare-job`` wrote. This is the second lock: even a plan that was
forged together with its journal leads to no path, interpreter or command but the project's own. The schema
says the same and more, but costs ten times what a small job does.
"""

import re
from collections.abc import Iterable, Iterator

from pipeline.jobs.plan import Plan, PlannedStage
from pipeline.references import JOB_INPUT, PAIRED, part, split

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_]*")
ENVIRONMENT = re.compile(r"[a-z][a-z0-9_-]*")
MODEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


def out_of_bounds(plan: Plan, id: str) -> str | None:
    """What the plan of job ``id`` names that it may not, or ``None``."""
    return next(_problems(plan, id), None)


def _problems(plan: Plan, id: str) -> Iterator[str]:
    if plan.job_id != id:
        yield f"it is the plan of {plan.job_id!r}"
    environments, keys = plan.environments, plan.environment_keys
    yield from _misnamed("an environment", ENVIRONMENT, [*environments, *keys, *plan.tools, *plan.tool_versions])
    yield from _misnamed("an environment's key", DIGEST, keys.values())
    yield from _misnamed("a workflow", NAME, [plan.workflow])
    yield from _misnamed("a model", MODEL, plan.models)
    yield from _misnamed("a model's digest", DIGEST, plan.models.values())
    if any(folder != f"venv/{name}" for name, folder in environments.items()) or environments.keys() != keys.keys():
        yield "its environments aren't venv/NAME, each with its key"
    yield from _unknown("an environment of this job", environments, plan.environment_sources)
    yield from _stage_problems(plan)


def _stage_problems(plan: Plan) -> Iterator[str]:
    done: set[str] = set()
    outputs = {JOB_INPUT}
    services = {service.name for service in plan.services}
    for stage in plan.programs:
        yield from _misnamed("a stage", NAME, (stage.name, stage.uses))
        yield from _misnamed("a function's digest", DIGEST, [stage.function] if stage.function else ())
        yield from _unknown("an environment of this job", plan.environments, (stage.environment,))
        yield from _unknown("a model of this job", plan.models, stage.models.values())
        yield from _unknown("a service of this job", services, stage.services.values())
    for stage in plan.stages:
        yield from _unknown("an earlier stage", done, stage.needs)
        yield from _unknown("an earlier stage's output", outputs, _references(stage))
        done.add(stage.name)
        outputs |= {f"{stage.name}.{output}" for output in stage.outputs}
    yield from _unknown("a stage's output", outputs - {JOB_INPUT}, plan.deliver)
    yield from _unknown("a deliverable", plan.deliver, plan.beside.outputs if plan.beside else ())


def _references(stage: PlannedStage) -> list[str]:
    """All references of a stage; the mark of a pair stands only where the stage itself is a fan-out."""
    references = [
        reference if part(reference) is None else ".".join(split(reference))
        for each in stage.inputs.values()
        for reference in each
    ]
    return [*(each.replace(PAIRED, "", 1) for each in references), stage.for_each] if stage.for_each else references


def _misnamed(kind: str, pattern: "re.Pattern[str]", names: Iterable[str]) -> Iterator[str]:
    return (f"{name!r} can't be {kind}" for name in names if not pattern.fullmatch(name))


def _unknown(kind: str, known: Iterable[str], names: Iterable[str]) -> Iterator[str]:
    return (f"{name!r} isn't {kind}" for name in names if name not in known)
