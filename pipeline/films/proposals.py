"""Proposals: a few seconds of a film recognised again, or cues translated again, by the job's own stages.

A proposal changes nothing. It says which cues of now would be replaced by which; accepting it makes that an edit.
"""

import re
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pipeline.config.catalog import Catalog
from pipeline.errors import UsageError, did_you_mean
from pipeline.files import read_json
from pipeline.films import (
    machine_cues,
    retranslation,
    stage_windows,
    subtitle_edits,
    transcript_windows,
    translated_tracks,
)
from pipeline.films.stage_windows import StageWindow
from pipeline.films.subtitle_edits import EditedTrack
from pipeline.jobs import film_outputs
from pipeline.jobs.job_editor import JobEditor
from pipeline.jobs.plan import PlannedStage
from pipeline.values import Struct, replace

ARROW = re.compile(r"^(?:(\d+):)?(\d+):(\d+)\.(\d+) --> (?:(\d+):)?(\d+):(\d+)\.(\d+)", re.MULTILINE)
PROMPTED = {"asr": "prompted_recognition"}  # the stage that takes a prompt, by the one that doesn't
SHORTEST, LONGEST = 0.1, 600.0  # seconds
Span = tuple[float, float]  # seconds
RECOGNIZER, TRANSLATOR = "recognizer", "translator"


class Wish(Struct, frozen=True):
    """What is to be other than it was; what is empty stays."""

    model: str = ""
    language: str = ""
    prompt: str = ""


class Proposal(Struct, frozen=True):
    """Passages of a track, each with the cues of now (``before``) and those that would stand there (``after``).

    A cue has start and end (seconds) and text.
    """

    kind: str  # recognise or translate
    track: str
    start: float  # seconds
    end: float
    model: str
    passages: tuple[Mapping[str, Any], ...] = ()  # none where it says the same as before


def track_named(desk: JobEditor, name: str, known: Sequence[EditedTrack]) -> EditedTrack:
    """Raises ``UsageError``. Without a name, it is the only one that there is."""
    found = [each for each in known if each.name == name or (not name and len(known) == 1)]
    if found:
        return found[0]
    names = [each.name for each in known]
    what = f"{desk.job.id} has no such subtitles '{name}'{did_you_mean(name, names)}" if name else ""
    many = f"{desk.job.id} has several such subtitles; name one: --track {' or '.join(names)}"
    none = f"{desk.job.id} has no such subtitles"
    raise UsageError(what or (many if names else none), f"pipeline job show {desk.job.id}")


def times_of_cue(desk: JobEditor, track: EditedTrack, number: int) -> tuple[float, float]:
    """When a cue of the subtitles of now is shown, in seconds; the first one has number 1. Raises ``UsageError``."""
    text = subtitle_edits.current(desk, track)["vtt"].path.read_text(encoding="utf-8")
    found = ARROW.findall(text)
    if not 1 <= number <= len(found):
        raise UsageError(f"the subtitles '{track.name}' of {desk.job.id} have cues 1 to {len(found)}, not {number}")
    parts = found[number - 1]
    return _seconds(parts[:4]), _seconds(parts[4:])


def recognise(desk: JobEditor, catalog: Catalog, span: Span, wish: Wish) -> Proposal:
    """What is said between two times (seconds), recognised again. Raises ``UsageError``, and as a run does."""
    _require_span(*span)
    track, stage = translated_tracks.original(desk), _recognition(desk)
    generation = next((each for each in desk.job.stages if track and each.name == track.stage), None)
    sound = film_outputs.sound(desk.job)
    if track is None or generation is None or stage is None:
        id = desk.job.id
        raise UsageError(f"the subtitles of {id} weren't recognised, so they can't be again", f"pipeline job show {id}")
    if sound is None:
        raise UsageError(f"{desk.job.id} has no sound of its film any more", f"run-pipeline -j {desk.job.id}")
    document = read_json(desk.output(stage.name, "transcript").path)
    heard = _heard(desk, catalog, _asked(stage, document, wish, catalog), sound.path, span)
    segments = transcript_windows.replaced(document["segments"], *span, heard["segments"])
    made = {**document, "segments": segments}
    passages = _passages(desk, catalog, track, generation, made, span)
    return Proposal("recognise", track.name, *span, wish.model or _model_of(stage), passages)


def _recognition(desk: JobEditor) -> PlannedStage | None:
    fitting = (each for each in desk.job.stages if "audio" in each.inputs and "transcript" in each.outputs)
    return next((each for each in fitting if desk.job.loaded.stage(each.name).committed), None)


def _asked(stage: PlannedStage, document: Mapping[str, Any], wish: Wish, catalog: Catalog) -> StageWindow:
    """A few seconds are too short to find a language in, so it is that of the film."""
    known = document["language"] if document["language"] != "und" else "auto"
    parameters: dict[str, Any] = {"language": wish.language or known}
    if wish.prompt:
        if stage.uses not in PROMPTED:
            raise UsageError("only Whisper takes a prompt (--prompt), and another engine has recognised this film")
        stage, parameters = replace(stage, uses=PROMPTED[stage.uses]), {**parameters, "prompt": wish.prompt}
    return StageWindow(stage, {}, "transcript", parameters, _models(stage, RECOGNIZER, wish.model, catalog))


def _models(stage: PlannedStage, slot: str, name: str, catalog: Catalog) -> dict[str, str]:
    if not name:
        return {}
    if name not in catalog.models:
        raise UsageError(f"no model '{name}'{did_you_mean(name, list(catalog.models))}", "pipeline model list")
    if slot not in stage.models:
        raise UsageError(f"stage '{stage.uses}' takes no model, so '{name}' can't be used")
    return {slot: name}


def _heard(desk: JobEditor, catalog: Catalog, window: StageWindow, sound: Path, span: Span) -> dict[str, Any]:
    """The transcript of a span, with the times of the film."""
    with tempfile.TemporaryDirectory(prefix="pipeline-", ignore_cleanup_errors=True) as folder:
        part = Path(folder) / "audio.wav"
        begin = transcript_windows.cut_sound(sound, *span, part)
        found = stage_windows.document(catalog.project, desk.job, replace(window, inputs={"audio": [part]}))
    return {**found, "segments": transcript_windows.within(found["segments"], *span, begin)}


def translate(desk: JobEditor, catalog: Catalog, name: str, span: Span, wish: Wish) -> Proposal:
    """The sentences that a translation shows between two times (seconds), translated again.

    Raises ``UsageError``, and as a run does.
    """
    _require_span(*span)
    known = translated_tracks.translations(desk)
    track = track_named(desk, name, [each.track for each in known])
    translated = next(each for each in known if each.track == track)
    models = _models(translated.translation, TRANSLATOR, wish.model, catalog)
    made = retranslation.again(desk, catalog, translated, span, models)
    passages = _passages(desk, catalog, track, translated.generation, made, span)
    return Proposal("translate", track.name, *span, wish.model or _model_of(translated.translation), passages)


def accept(desk: JobEditor, catalog: Catalog, proposal: Proposal, who: str) -> bool:
    """Make a proposal an edit of ``who``; returns whether anything has changed. The job's lock is held for ``desk``."""
    track = track_named(desk, proposal.track, subtitle_edits.tracks(desk))
    if not proposal.passages:
        return False
    found = subtitle_edits.apply(desk, catalog, track, proposal.passages)
    return subtitle_edits.put(catalog.project, desk, track, found, who) is not None


def _passages(  # noqa: PLR0913, PLR0917  # what tells where something counts
    desk: JobEditor, catalog: Catalog, track: EditedTrack, generation: PlannedStage, made: Mapping[str, Any], span: Span
) -> tuple[Mapping[str, Any], ...]:
    """What a document would change in the subtitles of now, at the time of ``span`` alone."""
    now = subtitle_edits.current(desk, track)["vtt"].path
    with machine_cues.cues(catalog, generation, made) as cues:
        return tuple(subtitle_edits.in_windows(desk, catalog, track, (now, cues), [span]).made)


def _model_of(stage: PlannedStage) -> str:
    return next(iter(stage.models.values()), stage.uses)


def _require_span(start: float, end: float) -> None:
    if not 0 <= start < end or not SHORTEST <= end - start <= LONGEST:
        raise UsageError(
            f"{start:g} s to {end:g} s is no part of a film that can be done again: {SHORTEST:g} to {LONGEST:g} s"
        )


def _seconds(parts: Sequence[str]) -> float:
    hours, minutes, seconds, milliseconds = (int(part or 0) for part in parts)
    return 3600 * hours + 60 * minutes + seconds + milliseconds / 1000
