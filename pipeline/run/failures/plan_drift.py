"""A stage's file that was changed after a job was prepared, and asks for what the job's plan doesn't have."""

import shlex
from collections.abc import Container, Iterable

from pipeline.errors import ConfigurationError
from pipeline.jobs.job import Job
from pipeline.jobs.plan import PlannedStage
from pipeline.project import Project


def unplanned(project: Project, stage: PlannedStage) -> tuple[str, ...]:
    """What its file asks for and the plan doesn't give, such as ``input 'styled'``. Reads that file."""
    from pipeline.config import stages

    try:
        now = stages.load(project, stage.uses)
    except ConfigurationError:  # then that is what is told
        return ()
    kinds: dict[str, tuple[Iterable[str], Container[str]]] = {
        "input": (now.inputs, stage.inputs),
        "parameter": (now.parameters, {**stage.parameters, **stage.secrets}),
        "model": (now.models, stage.models),
        "output": (now.outputs, stage.outputs),
        "module": (now.modules, stage.modules),
        "variable": (now.passed, stage.passed),
    }
    return tuple(
        f"{kind} '{name}'" for kind, (wanted, planned) in kinds.items() for name in wanted if name not in planned
    )


def preparing_command(job: Job) -> str:
    """The command that prepares the same once more."""
    asked = [word for name, value in job.plan.asked.items() for word in ("--param", f"{name}={value}")]
    return shlex.join(["prepare-job", job.plan.input.path, "--workflow", job.plan.workflow, *asked])
