"""Which of a job's subtitles are those of what was said, and which were made from a translation of it."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from pipeline.files import read_json
from pipeline.films import subtitle_edits
from pipeline.films.subtitle_edits import EditedTrack
from pipeline.jobs.job import PlannedJob
from pipeline.jobs.job_editor import JobEditor
from pipeline.jobs.plan import PlannedStage
from pipeline.references import split
from pipeline.values import Struct

GENERATION = "subtitle_generation"
DOCUMENT, SOURCE = "translation", "transcript"  # the output and the input of a stage that translates text


class TranslatedTrack(Struct, frozen=True):
    """Subtitles that were made from a translation of text."""

    track: EditedTrack
    translation: PlannedStage
    generation: PlannedStage
    models: Mapping[str, str] = MappingProxyType({})  # other ones than the translation was made with, by slot

    def document(self, job: PlannedJob) -> dict[str, Any]:
        """The translation as its stage has made it."""
        return dict(read_json(JobEditor(job).output(self.translation.name, DOCUMENT).path))


def translations(desk: JobEditor) -> list[TranslatedTrack]:
    """The job's tracks that were translated from text; what Whisper translates from the sound has none."""
    stages = {stage.name: stage for stage in desk.job.stages}
    found = []
    for track in subtitle_edits.tracks(desk):
        generation = stages.get(track.stage)
        if generation is None or generation.uses != GENERATION:
            continue
        for reference in generation.inputs.get(SOURCE, ()):
            name, output = split(reference)
            translation = stages.get(name)
            is_made = translation and desk.job.loaded.stage(name).committed
            if translation and is_made and output == DOCUMENT and SOURCE in translation.inputs:
                found.append(TranslatedTrack(track, translation, generation))
    return found


def without_source(desk: JobEditor) -> list[EditedTrack]:
    """Translations of a corrected original that can't follow it, since they were made from the sound."""
    spoken = original(desk)
    if spoken is None or spoken.stage not in desk.job.loaded.edits:
        return []
    followers = {each.track.stage for each in translations(desk)}
    return [each for each in subtitle_edits.tracks(desk) if _is_translated(desk, each) and each.stage not in followers]


def original(desk: JobEditor) -> EditedTrack | None:
    """The track of what was said, in its own language; ``None`` where the job has none."""
    translated = {each.stage for each in subtitle_edits.tracks(desk) if _is_translated(desk, each)}
    return next((each for each in subtitle_edits.tracks(desk) if each.stage not in translated), None)


def _is_translated(desk: JobEditor, track: EditedTrack) -> bool:
    stage = next((each for each in desk.job.stages if each.name == track.stage), None)
    references = stage.inputs.get(SOURCE, ()) if stage else ()
    return any(split(each)[1] == DOCUMENT for each in references)
