"""What a plan may say: names that the project's configuration can hold, and references to earlier stages.

``job.json`` is refused where it isn't what ``prepare-job`` wrote. This is the second lock: even a plan that was
forged together with its journal leads to no path, interpreter or command but the project's own. The schema
says the same and more, but costs ten times what a small job does.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pipeline.envs.external.source import Source
from pipeline.references import JOB_INPUT, PAIRED

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_]*")
ENVIRONMENT = re.compile(r"[a-z][a-z0-9_-]*")
MODEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")

SOURCES = {source.value for source in Source}


def out_of_bounds(document: Any, id: str) -> str | None:
    """What a plan names that it may not, or ``None``."""
    try:
        return next(_complaints(document, id), None)
    except (LookupError, TypeError, AttributeError) as error:
        return f"it hasn't the form of a plan ({type(error).__name__}: {error})"


def _complaints(document: Mapping[str, Any], id: str) -> Iterator[str]:
    if document["job_id"] != id:
        yield f"it is the plan of {document['job_id']!r}"
    environments, keys, models = document["environments"], document["environment_keys"], document["models"]
    yield from _misnamed("an environment", ENVIRONMENT, [*environments, *keys, *document["tools"]])
    yield from _misnamed("an environment's key", DIGEST, keys.values())
    yield from _misnamed("a workflow", NAME, [document["workflow"]])
    yield from _misnamed("a model", MODEL, models)
    yield from _misnamed("a model's digest", DIGEST, models.values())
    if any(folder != f"venv/{name}" for name, folder in environments.items()) or environments.keys() != keys.keys():
        yield "its environments aren't venv/NAME, each with its key"
    yield from _unknown("an environment of this job", environments, document.get("environment_sources", {}))
    yield from _unknown("a source of environments", SOURCES, _sources(document))
    numbers = {name: document[name] for name in ("grace_seconds", "cache_limit")}
    for name, number in {**numbers, **document["workers"]}.items():
        if not isinstance(number, int | float):
            yield f"its {name} isn't a number"
    yield from _stage_complaints(document)


def _stage_complaints(document: Mapping[str, Any]) -> Iterator[str]:
    done: set[str] = set()
    outputs = {JOB_INPUT}
    for stage in document["stages"]:
        yield from _misnamed("a stage", NAME, [stage["name"], stage["uses"]])
        yield from _unknown("an environment of this job", document["environments"], [stage["environment"]])
        yield from _unknown("a model of this job", document["models"], stage["models"].values())
        yield from _unknown("an earlier stage", done, stage["needs"])
        yield from _unknown("an earlier stage's output", outputs, _listed(stage))
        done.add(stage["name"])
        outputs |= {f"{stage['name']}.{output}" for output in stage["outputs"]}
    yield from _unknown("a stage's output", outputs - {JOB_INPUT}, document["deliver"])
    yield from _unknown("a deliverable", document["deliver"], document.get("beside", {}).get("outputs", ()))


def _sources(document: Mapping[str, Any]) -> list[str]:
    return [each["source"] for each in document.get("environment_sources", {}).values()]


def _listed(stage: Mapping[str, Any]) -> list[str]:
    """All references of a stage; the mark of a pair stands only where the stage itself is a fan-out."""
    refs = [reference for references in stage["inputs"].values() for reference in references]
    return [*(ref.replace(PAIRED, "", 1) for ref in refs), stage["for_each"]] if "for_each" in stage else refs


def _misnamed(kind: str, pattern: "re.Pattern[str]", names: Iterable[str]) -> Iterator[str]:
    return (f"{name!r} can't be {kind}" for name in names if not pattern.fullmatch(name))


def _unknown(kind: str, known: Iterable[str], names: Iterable[str]) -> Iterator[str]:
    return (f"{name!r} isn't {kind}" for name in names if name not in known)
