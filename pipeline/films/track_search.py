"""Search in the subtitles of a job, and changes of all that is found: texts, and the names of who speaks."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.config.catalog import Catalog
from pipeline.errors import UsageError, did_you_mean
from pipeline.films import subtitle_cues, subtitle_edits
from pipeline.films.subtitle_edits import EditedTrack
from pipeline.jobs.job_editor import EditSource, JobEditor
from pipeline.project import ProjectFolder
from pipeline.subtitles import cue_changes, text_search
from pipeline.subtitles.cue_changes import CueChange
from pipeline.subtitles.draft_cues import SPEAKERS, DraftCue, EditRejected, in_order, tidy
from pipeline.subtitles.operations import RenameOperation
from pipeline.subtitles.text_search import TextPattern
from pipeline.values import Struct, replace


class FoundCue(Struct, frozen=True):
    """A cue in which a search has found something."""

    track: str
    cue: DraftCue


class TrackChange(Struct, frozen=True):
    """What changes in a track: passages, each with a cue before and after."""

    track: EditedTrack
    passages: Sequence[Mapping[str, Any]]


def named_tracks(desk: JobEditor, names: Sequence[str]) -> list[EditedTrack]:
    """All, or those of these names. Raises ``UsageError`` for a name that none has."""
    known = {each.name: each for each in subtitle_edits.tracks(desk)}
    for name in names:
        if name not in known:
            near = did_you_mean(name, list(known))
            there = near or (f"; there are: {', '.join(known)}" if known else "")
            what = f"{desk.job.id} has no subtitles '{name}'{there}"
            raise UsageError(what, f"pipeline job show {desk.job.id}")
    return [known[name] for name in dict.fromkeys(names)] or list(known.values())


def in_words(pattern: TextPattern) -> TextPattern:
    """A pattern of plain words as an expression in which a space is also the end of a line."""
    if pattern.is_expression:
        return pattern
    words = r"\s+".join(re.escape(word) for word in pattern.pattern.split(" "))
    new = pattern.replacement and pattern.replacement.replace("\\", r"\\")
    return replace(pattern, pattern=words, replacement=new, is_expression=True)


def find(
    desk: JobEditor, project: ProjectFolder, tracks: Sequence[EditedTrack], pattern: TextPattern
) -> list[FoundCue]:
    """The cues that have it, by track and then by time. Raises ``UsageError`` for what is no expression."""
    found = []
    for track in tracks:
        cues = {cue.id: cue for cue in subtitle_cues.current(desk, project, track)[1]}
        names = _searched(pattern, cues).found
        found += [FoundCue(track.name, cue) for cue in in_order(cues[id] for id in names)]
    return found


def replaced(desk: JobEditor, project: ProjectFolder, track: EditedTrack, pattern: TextPattern) -> TrackChange:
    """Passages, each with a cue before and after. Raises ``UsageError`` for what is no expression, and where a cue
    would have no text."""
    cues = {cue.id: cue for cue in subtitle_cues.current(desk, project, track)[1]}
    texts = _searched(pattern, cues).texts
    pairs = [(cues[id], replace(cues[id], text=tidy(text))) for id, text in texts.items()]
    return TrackChange(track, [_passage([before], [after]) for before, after in pairs if before != after])


def renamed(
    desk: JobEditor, project: ProjectFolder, tracks: Sequence[EditedTrack], name: str, new_name: str
) -> list[TrackChange]:
    """By track: passages in which the speaker has the other name. Raises ``UsageError`` where nobody has the first."""
    found, speakers = list[TrackChange](), set[str]()
    for track in tracks:
        cues = {cue.id: cue for cue in subtitle_cues.current(desk, project, track)[1]}
        own = {each for cue in cues.values() for each in cue.speaker.split(SPEAKERS) if each}
        speakers |= own
        if name in own:
            change = cue_changes.change(RenameOperation(name, new_name), cues, str)
            found.append(TrackChange(track, _passages(change)))
    if not found:
        there = f"; there are: {', '.join(sorted(speakers))}" if speakers else ", since no cue says who speaks"
        what = f"nobody called '{name}' speaks in the subtitles of {desk.job.id}{there}"
        raise UsageError(what, f"pipeline job show {desk.job.id}")
    return found


def apply(desk: JobEditor, catalog: Catalog, change: TrackChange, who: str) -> subtitle_edits.CueEdits:
    """Let it count in the job's subtitles, in every format. Raises as ``subtitle_edits.put``."""
    subtitle_edits.require_current(desk, change.track.stage)
    found = subtitle_edits.apply(desk, catalog, change.track, change.passages)
    subtitle_edits.put(catalog.project, desk, change.track, found, who, EditSource("find and replace"))
    return found


def _searched(pattern: TextPattern, cues: Mapping[str, DraftCue]) -> text_search.TextsFound:
    try:
        return text_search.search(in_words(pattern), {id: cue.text for id, cue in cues.items()})
    except EditRejected as error:
        raise UsageError(error.message, "pipeline subtitles find --help") from error


def _passages(change: CueChange) -> list[Mapping[str, Any]]:
    return [_passage([before], [after]) for before, after in zip(change.before, change.after, strict=True)]


def _passage(before: Sequence[DraftCue], after: Sequence[DraftCue]) -> dict[str, Any]:
    return {"before": [cue.told for cue in before], "after": [cue.told for cue in after]}
