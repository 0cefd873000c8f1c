"""The draft of one track of a job: what is shown of it, how it changes, and how it becomes the job's subtitles."""

import json
import threading
from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.config.catalog import Catalog
from pipeline.errors import UsageError
from pipeline.films import subtitle_cues, subtitle_edits
from pipeline.films.subtitle_edits import CueEdits, EditedTrack
from pipeline.jobs import film_outputs, job_editor, output_edits
from pipeline.jobs.job import JobFolder, load
from pipeline.jobs.job_editor import EditSource, JobEditor
from pipeline.project import ProjectFolder
from pipeline.run import single_stage
from pipeline.subtitles import attention, spoken_words
from pipeline.subtitles.draft import SCHEMA, AnyLine, Draft, DraftAccepted, DraftBegun, EditConflict, next_line
from pipeline.subtitles.draft_cues import DraftCue, in_order
from pipeline.subtitles.draft_file import DraftFile, path_of, timestamp
from pipeline.subtitles.operations import AnyOperation
from pipeline.values import Struct

STAGE = "subtitle_cues"
NOBODY: Mapping[str, Any] = {}


class TrackView(Struct, frozen=True):
    """What a page shows. ``base``: digest of the file that the cues are from; ``now``: of the one that counts now."""

    base: str
    now: str
    draft: Draft
    cues: list[DraftCue]


class TrackDraft:
    """For use by several threads at once. Nothing is written before the first change."""

    def __init__(self, project: ProjectFolder, job: JobFolder, name: str) -> None:
        """Raises ``UsageError`` where the job has no track of this name."""
        self.project = project
        self.job = job
        self.name = name
        desk = JobEditor(load(job.folder))
        self.track = self.track_in(desk)
        self.file = DraftFile(path_of(job.folder / output_edits.FOLDER, name))
        seconds = desk.job.plan.input.duration_s
        self.film_end = round(seconds * 1000) if seconds else None
        self.rules = subtitle_edits.rules(desk, self.track)
        self._lock = threading.Lock()
        self._parsed: tuple[str, list[DraftCue]] = ("", [])
        self._points: tuple[Any, list[attention.AttentionPoint]] = (None, [])

    def track_in(self, desk: JobEditor) -> EditedTrack:
        found = next((each for each in subtitle_edits.tracks(desk) if each.name == self.name), None)
        if found is None:
            raise UsageError(f"{self.job.id} has no subtitles '{self.name}'", f"pipeline job show {self.job.id}")
        return found

    def view(self) -> TrackView:
        """The draft's cues where anything is changed; else those that count now."""
        draft = self.file.read()
        digest, cues = self._current(JobEditor(load(self.job.folder)))
        if draft.begun is None or (draft.is_empty and draft.begun.base != digest):
            return TrackView(digest, digest, draft, cues)
        return TrackView(draft.begun.base, digest, draft, in_order(draft.cues.values()))

    def edit(self, base: str, seen: int, operation: AnyOperation, who: str) -> Draft:
        """The draft with this change, which is on the disk then. ``base`` and ``seen``: what the person's page shows.

        Raises ``EditConflict``, ``EditRejected``, ``CuesGone``, and ``OSError`` where it can't be written.
        """
        with self.file.writing() as append:
            draft, begun = self.file.read(), list[AnyLine]()
            if draft.begun is None or (draft.is_empty and draft.begun.base != base):
                digest, cues = self._current(JobEditor(load(self.job.folder)))
                line = DraftBegun(
                    revision=draft.revision + 1, at=timestamp(), who=who, schema=SCHEMA, base=digest, cues=tuple(cues)
                )
                begun, seen = [line], line.revision
                draft = Draft(line, {cue.id: cue for cue in cues}, revision=line.revision)
            if draft.begun is None or draft.begun.base != base:
                raise EditConflict(())
            change = next_line(draft, operation, seen, who, timestamp(), self.film_end)
            return append([*begun, change]) if change else draft

    def accept(self, who: str) -> CueEdits | None:
        """Bring the draft into the job's subtitles, as ``pipeline subtitles accept`` does; ``None`` without a change.

        Raises ``NotReady`` where a process runs the job, ``UsageError`` and ``InputError``.
        """
        with job_editor.opened(self.job.folder) as desk, self.file.writing() as append:
            draft = self.file.read()
            if draft.begun is None or draft.is_empty:
                return None
            track = self.track_in(desk)
            subtitle_edits.require_current(desk, track.stage)
            found = subtitle_edits.apply(desk, Catalog(self.project), track, [_passage(draft)])
            source = EditSource.of(self.file.path)
            subtitle_edits.put(self.project, desk, track, found, draft.people, source)
            append([DraftAccepted(revision=draft.revision + 1, at=timestamp(), who=who)])
            return found

    def points(self, view: TrackView) -> list[attention.AttentionPoint]:
        """What deserves a look in these cues."""
        key = (view.base, view.draft.revision)
        if self._points[0] != key:
            parameters = {**self.rules, "language": self.track.language, "cues": [cue.told for cue in view.cues]}
            with single_stage.run(Catalog(self.project), STAGE, {"subtitles": []}, parameters) as outputs:
                violations = json.loads(outputs["cues"].read_bytes())["violations"]
            transcript = self.transcript()
            words = self.words(view.cues)
            self._points = (key, attention.points(view.cues, violations if view.cues else [], transcript, words))
        return self._points[1]

    def words(self, cues: Sequence[DraftCue]) -> dict[str, list[spoken_words.CueWord]]:
        """By cue: when its words are spoken, as far as that is known."""
        transcript = self.transcript()
        if transcript.get("language") != self.track.language:
            return {}
        return spoken_words.by_cue(cues, spoken_words.of_transcript(transcript))

    def transcript(self) -> Mapping[str, Any]:
        """As it was recognised; empty for subtitles that are from elsewhere."""
        output = film_outputs.transcript(load(self.job.folder))
        return json.loads(output.path.read_bytes()) if output else NOBODY

    def _current(self, desk: JobEditor) -> tuple[str, list[DraftCue]]:
        output = subtitle_edits.current(desk, self.track_in(desk))["vtt"]
        with self._lock:
            if self._parsed[0] != output.digest:
                self._parsed = subtitle_cues.current(desk, self.project, self.track)
            return self._parsed


def changes(desk: JobEditor, catalog: Catalog, track: EditedTrack) -> list[dict[str, Any]]:
    """What the draft of a track would change, as passages with the cues before and after, who, and when."""
    draft = DraftFile(path_of(desk.job.folder / output_edits.FOLDER, track.name)).read()
    if draft.begun is None or draft.is_empty:
        return []
    found = subtitle_edits.apply(desk, catalog, track, [_passage(draft)]).edits
    return [{**_maker(draft, each), "before": each["before"], "after": each["after"]} for each in found]


def _maker(draft: Draft, passage: Mapping[str, Any]) -> dict[str, str]:
    """Who has made the last change of these cues."""
    times = {(cue["start"], cue["end"]) for cue in (*passage["before"], *passage["after"])}
    counting = [each for each in draft.changes if each.revision in draft.done]
    own = [
        each for each in counting if times & {(cue.start / 1000, cue.end / 1000) for cue in (*each.before, *each.after)}
    ]
    last = (own or counting)[-1]
    return {"who": last.who, "at": last.at}


def _passage(draft: Draft) -> dict[str, Any]:
    """All cues before and after: each is compared with those that are shown at its time, whether it has changed."""
    before = draft.begun.cues if draft.begun else ()
    return {"before": [cue.told for cue in before], "after": [cue.told for cue in in_order(draft.cues.values())]}
