"""A person's edits of subtitles, as a run of their job goes on from them."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from pipeline.jobs.job import PlannedJob
from pipeline.jobs.output_edits import OutputEdit
from pipeline.values import Struct

if TYPE_CHECKING:
    from pipeline.progress import Progress
    from pipeline.run.edit_merger import EditMerger


class JobEdits(Struct, frozen=True):
    """Its methods block for a moment. What they did is told."""

    merger: "Callable[[], EditMerger]"
    job: PlannedJob
    tell: "Progress"

    def merged(self, stage: str) -> OutputEdit | None:
        """A person's edit of the stage's subtitles in those that it has made now."""
        return self._told(self.merger().merged(self.job, stage))

    def followed(self, stage: str) -> OutputEdit | None:
        """A translation that was made again, with what a person has corrected in its original."""
        return self._told(self.merger().followed(self.job, stage)) if self.job.loaded.edits else None

    def _told(self, found: "tuple[OutputEdit | None, list[str]] | None") -> OutputEdit | None:
        edit, said = found or (None, [])
        for text in said:
            self.tell(text)
        return edit
