"""All translations of a job, each brought to what its original says by now: after an edit, and in a run."""

from pipeline.config.catalog import Catalog
from pipeline.errors import PipelineError
from pipeline.films import retranslation, translated_tracks
from pipeline.films.retranslation import FollowedTrack
from pipeline.films.subtitle_edits import EditedTrack
from pipeline.films.translated_tracks import TranslatedTrack
from pipeline.jobs.events import OutputEdited, StageFinished
from pipeline.jobs.job import JobFolder, load
from pipeline.jobs.job_editor import JobEditor
from pipeline.jobs.output_edits import OutputEdit, of_event
from pipeline.project import ProjectFolder
from pipeline.text import counted
from pipeline.values import Struct


class TranslationBehind(Struct, frozen=True):
    """A translation that doesn't follow its original yet."""

    track: EditedTrack
    error: PipelineError


def follow_all(desk: JobEditor, catalog: Catalog) -> list[FollowedTrack | TranslationBehind]:
    """Let each of the job's translations follow what counts in the original; those that had nothing to follow are not
    among the results. The job's lock is held for ``desk``.
    """
    found: list[FollowedTrack | TranslationBehind] = []
    for translated in translated_tracks.translations(desk):
        try:
            followed = retranslation.follow(desk, catalog, translated)
            if followed is not None:
                retranslation.put(catalog.project, desk, followed)
                found.append(followed)
        except PipelineError as error:
            found.append(TranslationBehind(translated.track, error))
    return found


def followed_in_run(project: ProjectFolder, job: JobFolder, stage: str) -> tuple[OutputEdit | None, list[str]] | None:
    """``follow_all`` for whoever runs the job and holds its lock: the edit of the subtitles that ``stage`` has made,
    from a translation that knows nothing of a person's corrections, and what to tell of it.

    ``None`` where there is nothing to follow.
    """
    desk = JobEditor(load(job.folder))
    translated = next((each for each in translated_tracks.translations(desk) if each.track.stage == stage), None)
    if translated is None or not _is_behind(desk, translated):
        return None
    name, step = translated.track.name, f"pipeline subtitles translate {job.id}   tries again"
    try:
        followed = retranslation.follow(desk, Catalog(project), translated)
        event = retranslation.put(project, desk, followed) if followed else None
    except PipelineError as error:
        return None, [f"{job.id}: the translation '{name}' doesn't follow its original: {error.message}", step]
    if followed is None or event is None:
        return None
    what = counted(followed.sentences, "sentence")
    return of_event(desk.job, event), [f"{job.id}: {what} of '{name}' translated again, as the original was corrected"]


def _is_behind(desk: JobEditor, translated: TranslatedTrack) -> bool:
    """Whether the translation was made after the last correction of its original, and hasn't followed it since."""
    original = translated_tracks.original(desk)
    if original is None or original.stage not in desk.job.loaded.edits:
        return False
    last = {"original": -1, "made": -1, "followed": -1}
    for number, event in enumerate(desk.job.journal().read()):
        if isinstance(event, OutputEdited) and event.stage in {original.stage, translated.track.stage}:
            last["original" if event.stage == original.stage else "followed"] = number
        elif isinstance(event, StageFinished) and event.stage in {translated.track.stage, translated.translation.name}:
            last["made"] = number
    return last["made"] > max(last["original"], last["followed"])
