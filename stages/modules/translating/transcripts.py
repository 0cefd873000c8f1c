"""A transcript's segments in another language."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from subtitling.text import width

from translating import flow, laying, notes, sentences
from translating.guarding import Term
from translating.sentences import Sentence


class Laid(NamedTuple):
    segments: list[dict[str, Any]]
    notes: list[str]


def translated(transcript: Mapping[str, Any], engine: flow.Engine, terms: Sequence[Term], keep_cues: bool) -> Laid:
    """Raises ``CountDiffers`` where the engine loses count, and ``NothingTranslated``."""
    listed = sentences.of_transcript(transcript)
    found = flow.translated([sentence.text for sentence in listed], engine, terms)
    said = notes.of_sentences(listed, found)
    texts = [each.text for each in found]
    if keep_cues:
        pieces = _pieces(listed, texts, engine, terms)
        return Laid(laying.by_cue(transcript["segments"], listed, pieces), said)
    return Laid(laying.by_sentence(listed, texts), said)


def _pieces(listed: list[Sentence], texts: list[str], engine: flow.Engine, terms: Sequence[Term]) -> list[list[str]]:
    """Each translation parted among the cues of its sentence. One with fewer words than cues is made cue by cue."""
    shares = [[max(1, width(part.text)) for part in sentence.parts] for sentence in listed]
    pieces = [laying.divided(text, share) for text, share in zip(texts, shares, strict=True)]
    short = [sentence for sentence, found in zip(listed, pieces, strict=True) if found is None]
    alone = flow.translated([part.text for sentence in short for part in sentence.parts], engine, terms)
    answers = iter(each.text for each in alone)
    again = iter([[next(answers) for _ in sentence.parts] for sentence in short])
    return [found if found is not None else next(again) for found in pieces]
