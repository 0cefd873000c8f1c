"""The steps that all translation stages have, from their inputs to their outputs, for any engine."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple, Protocol

import stagekit

from translating import (
    documents,
    glossary,
    inverted_marks,
    language_codes,
    segment_translation,
    sentence_split,
    sentence_translation,
    spoken_languages,
)
from translating.writing_systems import clean

UNKNOWN_LANGUAGE = "und"


class TranslationEngine(sentence_translation.SentenceEngine, Protocol):
    """An engine with its name, its model, and the notes that it has afterwards."""

    name: str
    model: str

    def notes(self) -> Iterable[str]:
        """What a person should know of its translations, as sentences."""
        ...


class NoEngine:
    """Stands for the engine where there was nothing to translate."""

    name = documents.NO_ENGINE
    model = "none"


class EngineNames(NamedTuple):
    """What translated, where it may be several: Apertium has an engine for each pair."""

    name: str
    model: str


def run(stage: stagekit.Stage, engine_for: Callable[[str, str], TranslationEngine]) -> None:
    """Translate the input ``transcript``. ``engine_for(source, target)`` raises ``StageFailed`` if it hasn't the pair.

    Parameters of the stage: ``source`` (a code; the transcript's language if empty or ``auto``), ``target`` (a code),
    ``glossary`` (a list of ``{term, translation}``) and ``keep_cues`` (each cue stays one, with its times). Raises
    ``StageFailed`` for parameters that can't be used, and an engine that gives no translation.
    """
    transcript = documents.read(stage.input("transcript"))
    source, target = stage.parameters["source"], stage.parameters["target"]
    transcript["language"] = transcript["language"] if source in ("", "auto") else source
    documents.publish(stage, _document(stage, transcript, target, engine_for))


def _document(
    stage: stagekit.Stage, transcript: dict[str, Any], target: str, engine_for: Callable[[str, str], TranslationEngine]
) -> dict[str, Any]:
    if not target:
        raise stagekit.StageFailed("no target language was given; give one with --param target_languages=es")
    if not sentence_split.of_transcript(transcript):
        note = "the transcript is empty, so the translation is, too"
        return documents.translation_document(transcript, target, NoEngine, [], [note])
    if transcript["language"] == UNKNOWN_LANGUAGE:
        raise stagekit.StageFailed("the transcript's language isn't known; give it with --param source_language=en")
    by_language = spoken_languages.parts(transcript)
    foreign = {
        source: part
        for source, part in by_language.items()
        if part["segments"] and not language_codes.is_same_language(source, target)
    }
    if not foreign:
        note = f"the transcript is in '{transcript['language']}' already, so its text stays as it is"
        document = documents.translation_document(transcript, target, NoEngine, _as_it_is(transcript), [note])
        return document | {"word_times": transcript.get("word_times", "none")}
    done = [
        _of_part(stage, part, target, engine_for, source == transcript["language"]) for source, part in foreign.items()
    ]
    own = [
        _in_target(part, target) for source, part in by_language.items() if source not in foreign and part["segments"]
    ]
    return _together(transcript, target, [*done, *own])


class TranslatedPart(NamedTuple):
    """What became of the part of a transcript that is in one language."""

    segments: list[dict[str, Any]]
    notes: list[str]
    engine: TranslationEngine | type[NoEngine] = NoEngine


def _of_part(
    stage: stagekit.Stage,
    part: dict[str, Any],
    target: str,
    engine_for: Callable[[str, str], TranslationEngine],
    is_main: bool,
) -> TranslatedPart:
    """One language's part. One that isn't in the main language stays as it is where the engine can't translate it."""
    try:
        return _translated(stage, part, target, engine_for)
    except stagekit.StageFailed as error:
        if is_main:
            raise
        note = f"{_counted(part)} in '{part['language']}' can't be translated, and the text stays as it is: {error}"
        return TranslatedPart([each for each in part["segments"] if clean(each["text"])], [note])


def _translated(
    stage: stagekit.Stage, part: dict[str, Any], target: str, engine_for: Callable[[str, str], TranslationEngine]
) -> TranslatedPart:
    """One language's part, by the engine. Raises ``StageFailed``."""
    engine = engine_for(part["language"], target)
    terms = _terms(stage.parameters["glossary"])
    try:
        marking = inverted_marks.engine_for(engine, target)
        made = segment_translation.translate_segments(part, marking, terms, stage.parameters["keep_cues"])
    except (sentence_translation.AnswerCountDiffers, sentence_translation.NothingTranslated) as error:
        raise stagekit.StageFailed(f"{error}; nothing of it was used") from error
    return TranslatedPart(made.segments, [*engine.notes(), *made.notes], engine)


def _in_target(part: Mapping[str, Any], target: str) -> TranslatedPart:
    note = f"{_counted(part)} in '{target}' already: the text stays as it is"
    return TranslatedPart(_as_it_is(part), [note])


def _counted(part: Mapping[str, Any]) -> str:
    count = len(part["segments"])
    return "1 segment" if count == 1 else f"{count} segments"


def _as_it_is(part: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {key: value for key, value in segment.items() if key != "language"}
        for segment in part["segments"]
        if clean(segment["text"])
    ]


def _together(transcript: Mapping[str, Any], target: str, parts: list[TranslatedPart]) -> dict[str, Any]:
    """One document of all parts, in order of time."""
    engines = [part.engine for part in parts if part.engine is not NoEngine]
    names = ", ".join(dict.fromkeys(each.name for each in engines)) or NoEngine.name
    named = EngineNames(names, engines[0].model if engines else NoEngine.model)
    segments = [segment for part in parts for segment in part.segments]
    if len(parts) > 1:
        segments.sort(key=lambda segment: (segment["start"], segment["end"]))
    notes = [note for part in parts for note in part.notes]
    return documents.translation_document(transcript, target, named, segments, notes)


def _terms(entries: Any) -> list[glossary.GlossaryTerm]:
    try:
        return glossary.parse(entries or [])
    except glossary.InvalidGlossary as error:
        raise stagekit.StageFailed(str(error)) from None
