"""A stage's file that was changed after a job was prepared, and asks for what the job's plan doesn't have."""

from collections.abc import Container, Iterable, Mapping

from pipeline.errors import ConfigurationError
from pipeline.jobs.job import PlannedJob, preparing_command
from pipeline.jobs.plan import PlannedStage
from pipeline.project import ProjectFolder


def unplanned(project: ProjectFolder, stage: PlannedStage) -> tuple[str, ...]:
    """What its file asks for and the plan doesn't give, such as ``input 'styled'``. Reads that file."""
    from pipeline.config import stages

    if stage.function:  # frozen with the plan
        return ()
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


def command_with(project: ProjectFolder, job: PlannedJob, stage: PlannedStage, values: Mapping[str, str]) -> str | None:
    """The command that prepares the job with other values for parameters of one of its stages.

    ``None`` where they don't come from parameters of the workflow. Reads the workflow's file.
    """
    from pipeline.config import workflows

    try:
        uses = workflows.load(project, job.plan.workflow).stages.values()
    except ConfigurationError:
        return None
    sources = {key: value for use in uses if use.uses == stage.uses for key, value in use.parameters.items()}
    texts = {str(sources.get(name, "")): value for name, value in values.items()}
    if not all(text.startswith("$") and text[1:].isidentifier() for text in texts):
        return None
    return preparing_command(job, {text[1:]: value for text, value in texts.items()})
