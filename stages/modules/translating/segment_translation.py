"""A transcript's segments in another language."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from subtitling.cues import width

from translating import notes, retiming, sentence_split, sentence_translation
from translating.placeholders import Term
from translating.sentence_split import Sentence


class Laid(NamedTuple):
    segments: list[dict[str, Any]]
    notes: list[str]


def translated(
    transcript: Mapping[str, Any], engine: sentence_translation.Engine, terms: Sequence[Term], keep_cues: bool
) -> Laid:
    """Raises ``CountDiffers`` where the engine loses count, and ``NothingTranslated``."""
    listed = sentence_split.of_transcript(transcript)
    found = sentence_translation.translated([sentence.text for sentence in listed], engine, terms)
    said = notes.of_sentences(listed, found)
    texts = [each.text for each in found]
    if keep_cues:
        pieces = _pieces(listed, texts, engine, terms)
        return Laid(retiming.by_cue(transcript["segments"], listed, pieces), said)
    return Laid(retiming.by_sentence(listed, texts), said)


def _pieces(
    listed: list[Sentence], texts: list[str], engine: sentence_translation.Engine, terms: Sequence[Term]
) -> list[list[str]]:
    """Each translation parted among the cues of its sentence. One with fewer words than cues is made cue by cue."""
    shares = [[max(1, width(part.text)) for part in sentence.parts] for sentence in listed]
    pieces = [retiming.divided(text, share) for text, share in zip(texts, shares, strict=True)]
    short = [sentence for sentence, found in zip(listed, pieces, strict=True) if found is None]
    alone = sentence_translation.translated([part.text for sentence in short for part in sentence.parts], engine, terms)
    answers = iter(each.text for each in alone)
    again = iter([[next(answers) for _ in sentence.parts] for sentence in short])
    return [found if found is not None else next(again) for found in pieces]
