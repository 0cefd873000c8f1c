"""What the user's other projects need of the store that they share with this one: builds and models."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress

from pipeline.config import models
from pipeline.config.paths import with_settings
from pipeline.environments import registry_of
from pipeline.errors import PipelineError
from pipeline.project import MARKER, ProjectFolder

JobNeeds = Callable[[ProjectFolder], Mapping[str, str]]  # of a project: key or digest to the job that needs it


def others(project: ProjectFolder) -> Iterator[ProjectFolder]:
    """Those that use the same store. One whose settings are broken runs nothing, and holds only what it points to."""
    known = registry_of(project).projects
    for each in known.others() if known else ():
        with suppress(PipelineError, OSError):
            if (each.root / MARKER).is_file():
                yield with_settings(ProjectFolder(each.root))


def needed_by_jobs(project: ProjectFolder, needs: JobNeeds) -> dict[str, str]:
    """What unfinished jobs of other projects need, each with a job and its project, for a person."""
    return {key: f"{job} in {each.root}" for each in others(project) for key, job in needs(each).items()}


def defined_models(project: ProjectFolder) -> dict[str, str] | None:
    """Digests of the models that other projects define, each with its project, for a person.

    ``None`` where one of them can't be read: then nobody knows what it needs.
    """
    found: dict[str, str] = {}
    for each in others(project):
        try:
            specs: Iterable[models.ModelSpec] = models.load(each).values()
        except PipelineError:
            return None
        found |= {spec.digest: str(each.root) for spec in specs if spec.is_locked and not spec.lock_problem}
    return found
