"""A stage's identity: if none of this has changed, the result it had is the result it would have."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from pipeline.digests import sha256_of_bytes, tagged_digest
from pipeline.errors import ConfigurationError
from pipeline.jobs.attempts import Result
from pipeline.jobs.job import Job
from pipeline.project import Project
from pipeline.references import JOB_INPUT, split

SDK = Path(__file__).parent / "sdk"


def key_input(project: Project, job: Job, stage: Mapping[str, Any], results: Mapping[str, Result]) -> dict[str, Any]:
    """The parts of the key by name, so that a difference can be told. All of ``needs`` must be in ``results``.

    Raises ``ConfigurationError`` where the stage's file isn't there.
    """
    return {
        "stage": stage["uses"],
        "source": _source_digest(project, stage["uses"]),
        "stagekit": _sdk_digest(),
        "environment": job.document["environment_keys"][stage["environment"]],
        "parameters": stage["parameters"],
        "inputs": {slot: [_digest(job, results, ref) for ref in refs] for slot, refs in stage["inputs"].items()},
        "models": {slot: job.document["models"][name] for slot, name in stage["models"].items()},
        "outputs": stage["outputs"],
    }


def key_of(key_input: Mapping[str, Any]) -> str:
    return tagged_digest("stage", key_input)


def changed_parts(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    return [part for part in now if before.get(part) != now[part]]


def _source_digest(project: Project, stage: str) -> str:
    try:
        return sha256_of_bytes(project.stage_file(stage).read_bytes())
    except FileNotFoundError as error:
        name = project.stage_file(stage).relative_to(project.root)
        raise ConfigurationError(f"the stage file {name} isn't there any more", f"put {name} back") from error


def _digest(job: Job, results: Mapping[str, Result], reference: str) -> str:
    if reference == JOB_INPUT:
        return str(job.document["input"]["digest"])
    name, output = split(reference)
    return results[name].outputs[output].digest


@cache
def _sdk_digest() -> str:
    return sha256_of_bytes((SDK / "run_stage.py").read_bytes() + (SDK / "stagekit" / "__init__.py").read_bytes())
