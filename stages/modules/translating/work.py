"""A translation stage from its inputs to its outputs, whatever its engine."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple, Protocol

import stagekit
from subtitling.text import width

from translating import documents, flow, guarding, languages, laying, notes, sentences
from translating.guarding import Term
from translating.sentences import Sentence

NOTHING_SAID = "und"


class Engine(flow.Engine, Protocol):
    """What translates, and what is to be said of it afterwards."""

    name: str
    model: str

    def notes(self) -> Iterable[str]: ...


class Nobody:
    """Where there was nothing to translate."""

    name = "none"
    model = "none"


class Laid(NamedTuple):
    segments: list[dict[str, Any]]
    notes: list[str]


def run(stage: stagekit.Stage, engine_for: Callable[[str, str], Engine]) -> None:
    """``engine_for(source, target)`` raises ``StageFailed`` where it has none for the pair.

    Parameters of the stage: ``source`` (the transcript's language unless given), ``target``, ``glossary`` (a list of
    ``{term, translation}``) and ``keep_cues`` (each cue stays one, with its times).
    """
    transcript = documents.read(stage.input("transcript"))
    source, target = stage.parameters["source"], stage.parameters["target"]
    transcript["language"] = transcript["language"] if source in ("", "auto") else source
    document = _document(stage, transcript, target, engine_for)
    for note in document["notes"]:
        stage.warn(note)
    documents.save(document, stage.output)


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
    if languages.is_same(source, target):
        note = f"the transcript is in '{source}' already, so its text stays as it is"
        listed = sentences.one_for_each(transcript)
        segments = laying.by_sentence(listed, [each.text for each in listed])
        return documents.translation(transcript, target, Nobody, segments, [note])
    engine = engine_for(source, target)
    laid = translated(transcript, engine, _glossary(stage.parameters["glossary"]), stage.parameters["keep_cues"])
    found = [*engine.notes(), *laid.notes]
    return documents.translation(transcript, target, engine, laid.segments, found)


def _glossary(entries: Any) -> list[Term]:
    try:
        return guarding.glossary(entries or [])
    except guarding.NotAGlossary as error:
        raise stagekit.StageFailed(str(error)) from None


def translated(transcript: dict[str, Any], engine: Engine, terms: Sequence[Term], keep_cues: bool) -> Laid:
    """The segments in the other language. Raises ``StageFailed`` where the engine loses count."""
    listed = sentences.of_transcript(transcript)
    try:
        found = flow.translated([sentence.text for sentence in listed], engine, terms)
        said = notes.of_sentences(listed, found)
        texts = [each.text for each in found]
        if keep_cues:
            pieces = _pieces(listed, texts, engine, terms)
            return Laid(laying.by_cue(transcript["segments"], listed, pieces), said)
    except flow.CountDiffers as error:
        raise stagekit.StageFailed(f"{error}; none of them was used") from error
    return Laid(laying.by_sentence(listed, texts), said)


def _pieces(listed: list[Sentence], texts: list[str], engine: Engine, terms: Sequence[Term]) -> list[list[str]]:
    """Each translation parted among the cues of its sentence. One with fewer words than cues is made cue by cue."""
    shares = [[max(1, width(part.text)) for part in sentence.parts] for sentence in listed]
    pieces = [laying.divided(text, share) for text, share in zip(texts, shares, strict=True)]
    short = [sentence for sentence, found in zip(listed, pieces, strict=True) if found is None]
    alone = flow.translated([part.text for sentence in short for part in sentence.parts], engine, terms)
    answers = iter(each.text for each in alone)
    again = iter([[next(answers) for _ in sentence.parts] for sentence in short])
    return [found if found is not None else next(again) for found in pieces]
