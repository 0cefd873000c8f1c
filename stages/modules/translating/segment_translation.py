"""Translation of a transcript's segments: by sentences, with the original times."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from subtitling.typography import width

from translating import notes, retiming, sentence_split, sentence_translation
from translating.glossary import GlossaryTerm
from translating.sentence_split import Sentence


class TranslatedSegments(NamedTuple):
    """Segments as ``retiming`` makes them, and notes on the sentences that have problems."""

    segments: list[dict[str, Any]]
    notes: list[str]


def translate_segments(
    transcript: Mapping[str, Any],
    engine: sentence_translation.SentenceEngine,
    terms: Sequence[GlossaryTerm],
    keep_cues: bool,
) -> TranslatedSegments:
    """``keep_cues``: a segment for each cue instead of each sentence.

    Raises ``AnswerCountDiffers`` and ``NothingTranslated``.
    """
    sentences = sentence_split.of_transcript(transcript)
    translations = sentence_translation.translate_sentences([sentence.text for sentence in sentences], engine, terms)
    remarks = notes.of_sentences(sentences, translations)
    texts = [each.text for each in translations]
    if keep_cues:
        pieces = _pieces(sentences, texts, engine, terms)
        return TranslatedSegments(retiming.by_cue(transcript["segments"], sentences, pieces), remarks)
    return TranslatedSegments(retiming.by_sentence(sentences, texts), remarks)


def _pieces(
    sentences: list[Sentence],
    texts: list[str],
    engine: sentence_translation.SentenceEngine,
    terms: Sequence[GlossaryTerm],
) -> list[list[str]]:
    """Each translation divided among the cues of its sentence; with too few words, each cue is translated alone."""
    shares = [[max(1, width(part.text)) for part in sentence.parts] for sentence in sentences]
    pieces = [retiming.divide(text, share) for text, share in zip(texts, shares, strict=True)]
    short = [sentence for sentence, piece in zip(sentences, pieces, strict=True) if piece is None]
    alone = sentence_translation.translate_sentences(
        [part.text for sentence in short for part in sentence.parts], engine, terms
    )
    answers = iter(each.text for each in alone)
    again = iter([[next(answers) for _ in sentence.parts] for sentence in short])
    return [piece if piece is not None else next(again) for piece in pieces]
