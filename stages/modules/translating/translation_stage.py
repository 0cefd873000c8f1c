"""The steps that all translation stages have, from their inputs to their outputs, for any engine."""

from collections.abc import Callable, Iterable
from typing import Any, Protocol

import stagekit

from translating import (
    documents,
    glossary,
    inverted_marks,
    language_codes,
    segment_translation,
    sentence_split,
    sentence_translation,
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
    source = transcript["language"]
    if source == UNKNOWN_LANGUAGE:
        raise stagekit.StageFailed("the transcript's language isn't known; give it with --param source_language=en")
    if language_codes.is_same_language(source, target):
        note = f"the transcript is in '{source}' already, so its text stays as it is"
        spoken = [segment for segment in transcript["segments"] if clean(segment["text"])]
        document = documents.translation_document(transcript, target, NoEngine, spoken, [note])
        return document | {"word_times": transcript.get("word_times", "none")}
    engine = engine_for(source, target)
    terms = _terms(stage.parameters["glossary"])
    try:
        marking = inverted_marks.engine_for(engine, target)
        translated = segment_translation.translate_segments(transcript, marking, terms, stage.parameters["keep_cues"])
    except (sentence_translation.AnswerCountDiffers, sentence_translation.NothingTranslated) as error:
        raise stagekit.StageFailed(f"{error}; nothing of it was used") from error
    notes = [*engine.notes(), *translated.notes]
    return documents.translation_document(transcript, target, engine, translated.segments, notes)


def _terms(entries: Any) -> list[glossary.GlossaryTerm]:
    try:
        return glossary.parse(entries or [])
    except glossary.InvalidGlossary as error:
        raise stagekit.StageFailed(str(error)) from None
