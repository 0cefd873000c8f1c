"""The drafts that pages have open."""

import threading
from collections import OrderedDict

from pipeline.films import subtitle_edits
from pipeline.films.subtitle_drafts import TrackDraft
from pipeline.jobs.job import JobFolder, load
from pipeline.jobs.job_editor import JobEditor
from pipeline.project import ProjectFolder

KEPT = 8  # some megabytes each, for a film with 5,000 cues


class OpenDrafts:
    """For use by several threads at once."""

    def __init__(self, project: ProjectFolder) -> None:
        self._project = project
        self._lock = threading.Lock()
        self._found: OrderedDict[tuple[str, str], TrackDraft] = OrderedDict()

    def draft(self, job: JobFolder, track: str) -> TrackDraft:
        """Raises ``UsageError`` where the job has no subtitles of this name."""
        key = (job.id, track)
        with self._lock:
            if key in self._found:
                self._found.move_to_end(key)
                return self._found[key]
        made = TrackDraft(self._project, job, track)
        with self._lock:
            found = self._found.setdefault(key, made)  # of two that were made at once, one is used by all
            while len(self._found) > KEPT:
                self._found.popitem(last=False)
        return found

    def all_of(self, job: JobFolder) -> list[TrackDraft]:
        """Of each track that the job has."""
        return [self.draft(job, track.name) for track in subtitle_edits.tracks(JobEditor(load(job.folder)))]
