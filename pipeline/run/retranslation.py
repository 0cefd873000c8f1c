"""A translation follows its original: of what a person has corrected there, these sentences alone are translated again.

The translation's document says for each of its pieces what it was made of. Pieces that say something else now go to
the same stage again, with the same model and parameters, and nothing else does. New subtitles are cut from all pieces,
and where they differ at the time of a correction, they come into the track as an edit. What people have changed in the
translation stays, and where that is the same sentence, it is a clash.
"""

import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pipeline.config.catalog import Catalog
from pipeline.errors import UsageError
from pipeline.files import read_json
from pipeline.jobs.editing import EditDesk
from pipeline.jobs.events import OutputEdited
from pipeline.jobs.plan import PlannedStage
from pipeline.project import ProjectFolder
from pipeline.references import split
from pipeline.run import corrected_sentences, single_stage, stage_windows, subtitle_edits
from pipeline.run.corrected_sentences import CorrectedSources, SourceRun
from pipeline.run.stage_windows import StageWindow
from pipeline.run.subtitle_edits import CueEdits, EditedTrack
from pipeline.values import Struct, replace

GENERATION = "subtitle_generation"
DOCUMENT, SOURCE = "translation", "transcript"  # the output and the input of a stage that translates text
PASSED = ("start", "end", "text", "speaker", "alignment")  # what a translator gets of a piece


class TranslatedTrack(Struct, frozen=True):
    """Subtitles that were made from a translation of text."""

    track: EditedTrack
    translation: PlannedStage
    generation: PlannedStage

    def document(self, desk: EditDesk) -> dict[str, Any]:
        """The translation as its stage has made it."""
        return dict(read_json(desk.output(self.translation.name, DOCUMENT).path))


class FollowedTrack(Struct, frozen=True):
    """What became of the corrections of an original in one translation; nothing counts before ``put``."""

    track: EditedTrack
    edits: CueEdits
    sentences: int  # that say something else than when all was translated
    engine: str
    lost: int  # corrections whose words aren't in what was translated


def translations(desk: EditDesk) -> list[TranslatedTrack]:
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


def original(desk: EditDesk) -> EditedTrack | None:
    """The track of what was said, in its own language; ``None`` where the job has none."""
    translated = {each.stage for each in subtitle_edits.tracks(desk) if _is_translated(desk, each)}
    return next((each for each in subtitle_edits.tracks(desk) if each.stage not in translated), None)


def _is_translated(desk: EditDesk, track: EditedTrack) -> bool:
    stage = next((each for each in desk.job.stages if each.name == track.stage), None)
    references = stage.inputs.get(SOURCE, ()) if stage else ()
    return any(split(each)[1] == DOCUMENT for each in references)


def follow(desk: EditDesk, catalog: Catalog, translated: TranslatedTrack) -> FollowedTrack | None:
    """The corrections that count in the original, in one translation. ``None`` where nothing is left to do.

    Raises as ``stage_windows.document`` where the translator can't run, and ``UsageError`` where the translation was
    made anew since a person has edited it.
    """
    document, track = translated.document(desk), translated.track
    wanted = _wanted(desk, catalog, translated, document)
    before = _last(desk, track)
    sources = _sources(wanted)
    if sources == (before or {}).get("sources", []):
        return None
    if track.stage in desk.job.loaded.edits and not desk.is_current(track.stage):
        id = desk.job.id
        what = f"{id}: stage '{track.stage}' has made other subtitles since they were edited"
        raise UsageError(what, f"pipeline subtitles merge {id}")
    segments, windows = _made(desk, catalog, translated, document, wanted)
    there = [*windows, *((start, end) for start, end in (before or {}).get("windows", ()))]
    text = before["machine"] if before else _made_text(desk, track)
    with _cues(catalog, translated, {**document, "segments": segments}) as made, _text("machine.vtt", text) as base:
        found = subtitle_edits.in_windows(desk, catalog, track, (base, made), there)
    found = replace(found, more={"machine": found.machine, "sources": sources, "windows": windows})
    count = sum(len(each.sources) for each in wanted.runs) + len(wanted.added)
    return FollowedTrack(track, found, count, document["engine"], len(wanted.lost))


def put(project: ProjectFolder, desk: EditDesk, followed: FollowedTrack) -> OutputEdited | None:
    """Let it count. ``None`` where the subtitles stay the same. Raises as ``subtitle_edits.put``."""
    return subtitle_edits.put(project, desk, followed.track, followed.edits, followed.engine)


def _corrections(desk: EditDesk, catalog: Catalog) -> Sequence[Mapping[str, Any]]:
    spoken = original(desk)
    if spoken is None or spoken.stage not in desk.job.loaded.edits:
        return []
    return subtitle_edits.changes(desk, catalog, spoken)


def _wanted(
    desk: EditDesk, catalog: Catalog, translated: TranslatedTrack, document: Mapping[str, Any]
) -> CorrectedSources:
    are_cues = bool(translated.translation.parameters.get("keep_cues"))
    return corrected_sentences.corrected(document["segments"], _corrections(desk, catalog), are_cues)


def _sources(wanted: CorrectedSources) -> list[Any]:
    """What tells one state of the corrections from another."""
    runs = [[each.begin, *each.sources] for each in wanted.runs]
    return [*runs, *([each["after"][0]["start"], each["after"][0]["text"]] for each in wanted.added)]


def _last(desk: EditDesk, track: EditedTrack) -> Mapping[str, Any] | None:
    """What is known of the last time that this translation followed, unless its stage has made another one since."""
    if track.stage not in desk.job.loaded.edits:
        return None
    made = desk.made(track.stage).outputs[track.outputs["vtt"]].digest
    for event in reversed(desk.edits_of(track.stage)):
        about = desk.about_of(event)
        base = event.outputs.get(track.outputs["vtt"])
        if base and base.base == made and "machine" in about:
            return about
    return None


def _made(
    desk: EditDesk, catalog: Catalog, translated: TranslatedTrack, document: Mapping[str, Any], wanted: CorrectedSources
) -> tuple[list[dict[str, Any]], list[tuple[float, float]]]:
    """The document's segments with those that were translated again, and the times of these."""
    old = document["segments"]
    segments: list[dict[str, Any]] = []
    windows, done = list[tuple[float, float]](), 0
    for run in wanted.runs:
        segments += old[done : run.begin]
        segments += _of_run(desk, catalog, translated, document, run)
        windows.append(_times(old, run))
        done = run.end
    segments += old[done:]
    for passage in wanted.added:
        cues = passage["after"]
        own = {"start": cues[0]["start"], "end": cues[-1]["end"], "text": " ".join(cue["text"] for cue in cues)}
        segments += _translated(desk, catalog, translated, document, [own])
        windows.append((own["start"], own["end"]))
    return sorted(segments, key=lambda each: (each["start"], each["end"])), windows


def _times(segments: Sequence[Mapping[str, Any]], run: SourceRun) -> tuple[float, float]:
    own = segments[run.begin : run.end]
    return min(each["start"] for each in own), max(each["end"] for each in own)


def _of_run(
    desk: EditDesk, catalog: Catalog, translated: TranslatedTrack, document: Mapping[str, Any], run: SourceRun
) -> list[dict[str, Any]]:
    """Sentences that stay as many keep their exact times and speakers."""
    kept = [
        ({**segment, "text": source}, segment)
        for segment, source in zip(document["segments"][run.begin : run.end], run.sources, strict=True)
        if source
    ]
    if not kept:
        return []
    asked = [
        {name: each[name] for name in ("start", "end", "text", "speaker", "alignment") if name in each}
        for each, _ in kept
    ]
    answers = _translated(desk, catalog, translated, document, asked)
    if len(answers) != len(kept):
        return answers
    pairs = zip(kept, answers, strict=True)
    return [{**segment, "text": answer["text"], "source": each["text"]} for (each, segment), answer in pairs]


def _translated(
    desk: EditDesk,
    catalog: Catalog,
    translated: TranslatedTrack,
    document: Mapping[str, Any],
    segments: Sequence[Mapping[str, Any]],
) -> list[dict[str, Any]]:
    """By the stage that has made the translation. These sentences are all that it gets."""
    transcript = {
        "schema": 2,
        "language": document["source_language"],
        "language_probability": 1.0,
        "duration_s": document["duration_s"],
        "engine": "none",
        "model": "none",
        "word_times": "none",
        "segments": list(segments),
        "speech": [],
        "coverage": {"speech_s": 0, "covered_s": 0, "share": 1},
        "dropped": [],
        "notes": [],
    }
    with _file("transcript.json", transcript) as path:
        window = StageWindow(translated.translation, {SOURCE: [path]}, DOCUMENT)
        return list(stage_windows.document(catalog.project, desk.job, window)["segments"])


def _made_text(desk: EditDesk, track: EditedTrack) -> str:
    return desk.made(track.stage).outputs[track.outputs["vtt"]].path.read_text(encoding="utf-8")


@contextmanager
def _cues(catalog: Catalog, translated: TranslatedTrack, document: Mapping[str, Any]) -> Iterator[Path]:
    """The cues of a translation, as the job's own stage would cut them."""
    known = catalog.stage(GENERATION).parameters
    parameters = {name: value for name, value in translated.generation.parameters.items() if name in known}
    with (
        _file("translation.json", document) as path,
        single_stage.run(catalog, GENERATION, {SOURCE: [path]}, parameters) as outputs,
    ):
        yield outputs["vtt"]


@contextmanager
def _file(name: str, content: Any) -> Iterator[Path]:
    with _text(name, json.dumps(content, ensure_ascii=False)) as path:
        yield path


@contextmanager
def _text(name: str, content: str) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="pipeline-", ignore_cleanup_errors=True) as folder:
        path = Path(folder) / name
        path.write_text(content, encoding="utf-8")
        yield path
