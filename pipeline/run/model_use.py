"""How fast models were in a job's stages, for the choice of a model in later jobs."""

from typing import TYPE_CHECKING

from pipeline.jobs.job import PlannedJob
from pipeline.jobs.plan import PlannedStage
from pipeline.project import ProjectFolder

if TYPE_CHECKING:
    from pipeline.models.speeds import ModelSpeeds


class ModelUse:
    def __init__(self, project: ProjectFolder, job: PlannedJob) -> None:
        self._project = project
        self._job = job
        self._speeds: ModelSpeeds | None = None  # made for the first stage with a model

    def took(self, stage: PlannedStage, seconds: float) -> None:
        """A stage has run. One of a fan-out worked on a part of the input, which says nothing."""
        if not stage.models or stage.planned_name != stage.name:
            return
        from pipeline.models.speeds import ModelSpeeds

        self._speeds = self._speeds or ModelSpeeds(self._project)
        self._speeds.took(stage.uses, stage.models.values(), seconds, self._job.plan.input.duration_s)

    def save(self) -> None:
        if self._speeds:
            self._speeds.save()
