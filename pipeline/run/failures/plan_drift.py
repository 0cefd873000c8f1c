"""A stage's file that was changed after a job was prepared, and asks for what the job's plan doesn't have."""

import shlex
from collections.abc import Mapping
from typing import Any

from pipeline.errors import ConfigurationError
from pipeline.jobs.job import Job
from pipeline.project import Project


def outgrown(project: Project, stage: Mapping[str, Any]) -> tuple[str, ...]:
    """What it asks for and wouldn't get, such as ``input 'styled'``. For a stage that has failed: it reads its file."""
    from pipeline.config import stages

    try:
        now = stages.load(project, stage["uses"])
    except ConfigurationError:  # then that is what is told
        return ()
    asked = {"input": now.inputs, "parameter": now.parameters, "model": now.models, "output": now.outputs}
    return tuple(
        f"{kind} '{name}'" for kind, names in asked.items() for name in names if name not in stage.get(f"{kind}s", {})
    )


def prepared_again(job: Job) -> str:
    """The command that prepares the same once more."""
    document = job.document
    asked = [word for name, value in document.get("asked", {}).items() for word in ("--param", f"{name}={value}")]
    return shlex.join(["prepare-job", document["input"]["path"], "--workflow", document["workflow"], *asked])
