"""A translation follows its original: of what a person has corrected there, these sentences alone are translated again.

The translation's document says for each of its pieces what it was made of. Pieces that say something else now go to
the same stage again, with the same model and parameters, and nothing else does. New subtitles are cut from all pieces,
and where they differ at the time of a correction, they come into the track as an edit. What people have changed in the
translation stays, and where that is the same sentence, it is a clash.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.config.catalog import Catalog
from pipeline.errors import UsageError
from pipeline.films import corrected_sentences, machine_cues, subtitle_edits, translated_tracks
from pipeline.films.corrected_sentences import CorrectedSources, SourceRun
from pipeline.films.part_translation import PartTranslator
from pipeline.films.subtitle_edits import CueEdits, EditedTrack
from pipeline.films.translated_tracks import TranslatedTrack
from pipeline.jobs.events import OutputEdited
from pipeline.jobs.job_editor import JobEditor
from pipeline.project import ProjectFolder
from pipeline.values import Struct, replace


class FollowedTrack(Struct, frozen=True):
    """What became of the corrections of an original in one translation; nothing counts before ``put``."""

    track: EditedTrack
    edits: CueEdits
    sentences: int  # that say something else than when all was translated
    engine: str
    lost: int  # corrections whose words aren't in what was translated


def follow(desk: JobEditor, catalog: Catalog, translated: TranslatedTrack) -> FollowedTrack | None:
    """The corrections that count in the original, in one translation. ``None`` where nothing is left to do.

    Raises as ``PartTranslator.each`` where the translator can't run, and ``UsageError`` where the translation was
    made again since a person has edited it.
    """
    document, track = translated.document(desk.job), translated.track
    wanted = _wanted(desk, catalog, translated, document)
    before = machine_cues.last_state(desk, track)
    sources = _sources(wanted)
    if sources == (before or {}).get("sources", []):
        return None
    if track.stage in desk.job.loaded.edits and not desk.is_current(track.stage):
        id = desk.job.id
        what = f"{id}: stage '{track.stage}' has made other subtitles since they were edited"
        raise UsageError(what, f"pipeline subtitles merge {id}")
    segments, windows = _made(PartTranslator(desk.job, catalog, translated), wanted)
    there = [*windows, *((start, end) for start, end in (before or {}).get("windows", ()))]
    with machine_cues.cues(catalog, translated.generation, {**document, "segments": segments}) as made:
        found = machine_cues.in_track(desk, catalog, track, made, there)
    found = replace(found, more={"machine": found.machine, "sources": sources, "windows": windows})
    count = sum(len(each.sources) for each in wanted.runs) + len(wanted.added)
    return FollowedTrack(track, found, count, document["engine"], len(wanted.lost))


def again(
    desk: JobEditor,
    catalog: Catalog,
    translated: TranslatedTrack,
    span: tuple[float, float],
    models: Mapping[str, str],
) -> dict[str, Any]:
    """The translation's document, with the sentences at the time of ``span`` translated again by other ``models``, and
    with the corrections of the original that count.
    """
    document = translated.document(desk.job)
    corrections = _wanted(desk, catalog, translated, document)
    segments = [dict(each) for each in document["segments"]]
    for run in corrections.runs:
        for number, source in enumerate(run.sources, run.begin):
            segments[number] = {**segments[number], "source": source}
    chosen = [
        number
        for number, each in enumerate(segments)
        if each.get("source") and min(span[1], each["end"]) - max(span[0], each["start"]) > corrected_sentences.EDGE
    ]
    if not chosen:
        raise UsageError(f"nothing is translated from {span[0]:g} s to {span[1]:g} s")
    begin, end = min(chosen), max(chosen) + 1
    run = SourceRun(begin, tuple(each.get("source", "") for each in segments[begin:end]))
    chosen_models = replace(translated, models={**translated.models, **models})
    (answers,) = PartTranslator(desk.job, catalog, chosen_models).each([_asked(document["segments"], run)])
    made = _answered(document["segments"], run, answers)
    return {**document, "segments": [*segments[:begin], *made, *segments[end:]]}


def put(project: ProjectFolder, desk: JobEditor, followed: FollowedTrack) -> OutputEdited | None:
    """Let it count. ``None`` where the subtitles stay the same. Raises as ``subtitle_edits.put``."""
    return subtitle_edits.put(project, desk, followed.track, followed.edits, followed.engine)


def _corrections(desk: JobEditor, catalog: Catalog) -> Sequence[Mapping[str, Any]]:
    spoken = translated_tracks.original(desk)
    if spoken is None or spoken.stage not in desk.job.loaded.edits:
        return []
    events = desk.edits_of(spoken.stage)
    about = desk.about_of(events[-1]) if len(events) == 1 else {}
    if "edits" in about:  # the only edit that there ever was says itself what it has changed
        return list(about["edits"])
    return subtitle_edits.changes(desk, catalog, spoken)


def _wanted(
    desk: JobEditor, catalog: Catalog, translated: TranslatedTrack, document: Mapping[str, Any]
) -> CorrectedSources:
    are_cues = bool(translated.translation.parameters.get("keep_cues"))
    return corrected_sentences.corrected(document["segments"], _corrections(desk, catalog), are_cues)


def _sources(wanted: CorrectedSources) -> list[Any]:
    """What tells one state of the corrections from another."""
    runs = [[each.begin, *each.sources] for each in wanted.runs]
    return [*runs, *([each["after"][0]["start"], each["after"][0]["text"]] for each in wanted.added)]


def _made(
    translator: PartTranslator, wanted: CorrectedSources
) -> tuple[list[dict[str, Any]], list[tuple[float, float]]]:
    """The document's segments with those that were translated again, and the times of these."""
    old = translator.document["segments"]
    added = [_segment(passage["after"]) for passage in wanted.added]
    asked = [*(_asked(old, run) for run in wanted.runs), *([each] for each in added)]
    answers = iter(translator.each(asked))
    segments: list[dict[str, Any]] = []
    done = 0
    for run in wanted.runs:
        segments += [*old[done : run.begin], *_answered(old, run, next(answers))]
        done = run.end
    segments += [*old[done:], *(each for group in answers for each in group)]
    windows = [_times(old, run) for run in wanted.runs] + [(each["start"], each["end"]) for each in added]
    return sorted(segments, key=lambda each: (each["start"], each["end"])), windows


def _segment(cues: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    text = " ".join(cue["text"].replace("\n", " ") for cue in cues)
    return {"start": cues[0]["start"], "end": cues[-1]["end"], "text": text}


def _times(segments: Sequence[Mapping[str, Any]], run: SourceRun) -> tuple[float, float]:
    own = segments[run.begin : run.end]
    return min(each["start"] for each in own), max(each["end"] for each in own)


def _asked(segments: Sequence[Mapping[str, Any]], run: SourceRun) -> list[dict[str, Any]]:
    """What the translator gets of a run: of each piece that still has words, its time, its text, and who says it."""
    pieces = zip(segments[run.begin : run.end], run.sources, strict=True)
    passed = ("start", "end", "speaker", "alignment")
    return [{**{name: each[name] for name in passed if name in each}, "text": text} for each, text in pieces if text]


def _answered(
    segments: Sequence[Mapping[str, Any]], run: SourceRun, answers: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Pieces that stay as many keep their exact times and speakers."""
    kept = [each for each in zip(segments[run.begin : run.end], run.sources, strict=True) if each[1]]
    if len(answers) != len(kept):
        return list(map(dict, answers))
    pairs = zip(kept, answers, strict=True)
    return [{**segment, "text": answer["text"], "source": text} for (segment, text), answer in pairs]
