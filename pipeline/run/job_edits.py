"""A person's edits of subtitles, as a run of their job goes on from them."""

from pipeline.jobs.job import PlannedJob
from pipeline.jobs.output_edits import OutputEdit
from pipeline.progress import Progress
from pipeline.project import ProjectFolder
from pipeline.values import Struct


class JobEdits(Struct, frozen=True):
    """Its methods block for a moment. What they did is told."""

    project: ProjectFolder
    job: PlannedJob
    tell: Progress

    def merged(self, stage: str) -> OutputEdit | None:
        """A person's edit of the stage's subtitles in those that it has made now."""
        from pipeline.run import subtitle_edits

        return self._told(subtitle_edits.merged_in_run(self.project, self.job, stage))

    def followed(self, stage: str) -> OutputEdit | None:
        """A translation that was made anew, with what a person has corrected in its original."""
        if not self.job.loaded.edits:
            return None
        from pipeline.run import followed_tracks

        return self._told(followed_tracks.followed_in_run(self.project, self.job, stage))

    def _told(self, found: "tuple[OutputEdit | None, list[str]] | None") -> OutputEdit | None:
        edit, said = found or (None, [])
        for text in said:
            self.tell(text)
        return edit
