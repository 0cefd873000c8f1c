"""The interface by which a run merges people's edits.

``films/run_edits.py`` has the one for subtitles, ``films/subtitle_edits.py`` says which files are merged, and the
stages' ``subtitling/cue_merge.py`` merges the cues.
"""

from typing import Protocol

from pipeline.jobs.job import PlannedJob
from pipeline.jobs.output_edits import OutputEdit


class EditMerger(Protocol):
    """Brings people's edits into outputs that were made again. The run holds the job's lock.

    Each function blocks for a moment. It returns the edit that counts now and what to tell of it; ``None`` where there
    is nothing to do.
    """

    def merged(self, job: PlannedJob, stage: str) -> tuple[OutputEdit | None, list[str]] | None:
        """An edit of the stage's outputs, in those that it has made now."""

    def followed(self, job: PlannedJob, stage: str) -> tuple[OutputEdit | None, list[str]] | None:
        """What an edit elsewhere in the job changes in what the stage has made."""
