"""Edits of a film's subtitles, for a run that makes these again."""

from pipeline.films import followed_tracks, subtitle_edits
from pipeline.jobs.job import PlannedJob
from pipeline.jobs.output_edits import OutputEdit
from pipeline.project import ProjectFolder
from pipeline.values import Struct


class FilmEdits(Struct, frozen=True):
    """An ``EditMerger``."""

    project: ProjectFolder

    def merged(self, job: PlannedJob, stage: str) -> tuple[OutputEdit | None, list[str]] | None:
        return subtitle_edits.merged_in_run(self.project, job, stage)

    def followed(self, job: PlannedJob, stage: str) -> tuple[OutputEdit | None, list[str]] | None:
        return followed_tracks.followed_in_run(self.project, job, stage)
