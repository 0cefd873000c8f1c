"""A translation stage from its inputs to its outputs, whatever its engine."""

from collections.abc import Callable, Iterable
from typing import Any, Protocol

import stagekit

from translating import documents, flow, guarding, naming, sentences, transcripts
from translating.guarding import Term
from translating.scripts import clean

NOTHING_SAID = "und"


class Engine(flow.Engine, Protocol):
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
    if not sentences.of_transcript(transcript):
        note = "the transcript is empty, so the translation is, too"
        return documents.translation(transcript, target, Nobody, [], [note])
    source = transcript["language"]
    if source == NOTHING_SAID:
        raise stagekit.StageFailed("the transcript's language isn't known; give it with --param source_language=en")
    if naming.is_same(source, target):
        note = f"the transcript is in '{source}' already, so its text stays as it is"
        said = [segment for segment in transcript["segments"] if clean(segment["text"])]
        document = documents.translation(transcript, target, Nobody, said, [note])
        return document | {"word_times": transcript.get("word_times", "none")}
    engine = engine_for(source, target)
    terms = _glossary(stage.parameters["glossary"])
    try:
        laid = transcripts.translated(transcript, engine, terms, stage.parameters["keep_cues"])
    except (flow.CountDiffers, flow.NothingTranslated) as error:
        raise stagekit.StageFailed(f"{error}; nothing of it was used") from error
    found = [*engine.notes(), *laid.notes]
    return documents.translation(transcript, target, engine, laid.segments, found)


def _glossary(entries: Any) -> list[Term]:
    try:
        return guarding.glossary(entries or [])
    except guarding.NotAGlossary as error:
        raise stagekit.StageFailed(str(error)) from None
