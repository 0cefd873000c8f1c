"""Single pictures of a job's film, with the cues of that moment as the file's own renderer draws them."""

import threading
from collections import OrderedDict
from pathlib import Path

from pipeline.config.catalog import Catalog
from pipeline.errors import NotReady
from pipeline.films import subtitle_edits
from pipeline.jobs.job import PlannedJob
from pipeline.jobs.job_editor import JobEditor
from pipeline.jobs.records import Output
from pipeline.project import ProjectFolder
from pipeline.run import single_stage

STAGE = "film_still"
SECONDS = 60.0
AT_ONCE = 1  # ffmpeg decodes with all CPUs
WAITING_SECONDS = 20.0
KEPT = 32  # stills in memory, some 100 kB each


class FilmStills:
    """Makes stills one after the other, and keeps the last ones. For use by several threads at once."""

    def __init__(self, project: ProjectFolder) -> None:
        self._project = project
        self._room = threading.BoundedSemaphore(AT_ONCE)
        self._lock = threading.Lock()
        self._made: OrderedDict[tuple[str, str, int], bytes] = OrderedDict()

    def still(self, job: PlannedJob, at: float, track: str = "") -> bytes:
        """A JPEG of the picture ``at`` seconds from the film's start, with the subtitles of ``track``, such as ``en``.

        Without a track, nothing is drawn into it. Raises ``NotReady`` where others wait for stills already, and as
        ``single_stage.run``.
        """
        styled = _styled(job, track)
        key = (job.plan.input.digest, styled.digest if styled else "", round(at * 1000))
        if (known := self._known(key)) is not None:
            return known
        if not self._room.acquire(timeout=WAITING_SECONDS):
            raise NotReady("other stills are being made; ask again in a moment")
        try:
            made = self._known(key) or self._drawn(job.input, styled, at)
        finally:
            self._room.release()
        with self._lock:
            self._made[key] = made
            while len(self._made) > KEPT:
                self._made.popitem(last=False)
        return made

    def _known(self, key: tuple[str, str, int]) -> bytes | None:
        with self._lock:
            if key in self._made:
                self._made.move_to_end(key)
            return self._made.get(key)

    def _drawn(self, film: Path, styled: Output | None, at: float) -> bytes:
        inputs = {"media": [film], "subtitles": [styled.path] if styled else []}
        with single_stage.run(Catalog(self._project), STAGE, inputs, {"at": at}, SECONDS) as outputs:
            return outputs["still"].read_bytes()


def _styled(job: PlannedJob, track: str) -> Output | None:
    desk = JobEditor(job)
    named = next((each for each in subtitle_edits.tracks(desk) if track and each.name == track), None)
    return subtitle_edits.current(desk, named)["ass"] if named else None
