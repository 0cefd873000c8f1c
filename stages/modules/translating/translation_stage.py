"""A translation stage from its inputs to its outputs, whatever its engine."""

from collections.abc import Callable, Iterable
from typing import Any, Protocol

import stagekit

from translating import (
    documents,
    language_codes,
    placeholders,
    segment_translation,
    sentence_split,
    sentence_translation,
)
from translating.placeholders import Term
from translating.writing_systems import clean

NOTHING_SAID = "und"


class Engine(sentence_translation.Engine, Protocol):
    """What translates, and what is to be said of it afterwards."""

    name: str
    model: str

    def notes(self) -> Iterable[str]: ...


class Nobody:
    """Where there was nothing to translate."""

    name = documents.NOBODY
    model = "none"


def run(stage: stagekit.Stage, engine_for: Callable[[str, str], Engine]) -> None:
    """``engine_for(source, target)`` raises ``StageFailed`` where it has none for the pair.

    Parameters of the stage: ``source`` (the transcript's language unless given), ``target``, ``glossary`` (a list of
    ``{term, translation}``) and ``keep_cues`` (each cue stays one, with its times).
    """
    transcript = documents.read(stage.input("transcript"))
    source, target = stage.parameters["source"], stage.parameters["target"]
    transcript["language"] = transcript["language"] if source in ("", "auto") else source
    documents.leave(stage, _document(stage, transcript, target, engine_for))


def _document(
    stage: stagekit.Stage, transcript: dict[str, Any], target: str, engine_for: Callable[[str, str], Engine]
) -> dict[str, Any]:
    if not target:
        raise stagekit.StageFailed("no target language was given; give one with --param target_languages=es")
    if not sentence_split.of_transcript(transcript):
        note = "the transcript is empty, so the translation is, too"
        return documents.translation(transcript, target, Nobody, [], [note])
    source = transcript["language"]
    if source == NOTHING_SAID:
        raise stagekit.StageFailed("the transcript's language isn't known; give it with --param source_language=en")
    if language_codes.is_same(source, target):
        note = f"the transcript is in '{source}' already, so its text stays as it is"
        said = [segment for segment in transcript["segments"] if clean(segment["text"])]
        document = documents.translation(transcript, target, Nobody, said, [note])
        return document | {"word_times": transcript.get("word_times", "none")}
    engine = engine_for(source, target)
    terms = _glossary(stage.parameters["glossary"])
    try:
        laid = segment_translation.translated(transcript, engine, terms, stage.parameters["keep_cues"])
    except (sentence_translation.CountDiffers, sentence_translation.NothingTranslated) as error:
        raise stagekit.StageFailed(f"{error}; nothing of it was used") from error
    found = [*engine.notes(), *laid.notes]
    return documents.translation(transcript, target, engine, laid.segments, found)


def _glossary(entries: Any) -> list[Term]:
    try:
        return placeholders.glossary(entries or [])
    except placeholders.NotAGlossary as error:
        raise stagekit.StageFailed(str(error)) from None
