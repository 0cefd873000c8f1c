"""Translation of a transcript's segments: by sentences, with the original times."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from subtitling import markup
from subtitling.typography import width

from translating import cue_tags, notes, retiming, sentence_split, sentence_translation
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
    if keep_cues:
        return _by_cue(transcript["segments"], sentences, engine, terms)
    translations = sentence_translation.translate_sentences([sentence.text for sentence in sentences], engine, terms)
    remarks = notes.of_sentences(sentences, translations)
    return TranslatedSegments(retiming.by_sentence(sentences, [each.text for each in translations]), remarks)


def _by_cue(
    segments: Sequence[Mapping[str, Any]],
    sentences: list[Sentence],
    engine: sentence_translation.SentenceEngine,
    terms: Sequence[GlossaryTerm],
) -> TranslatedSegments:
    """Tags that a cue has around all of its part stay with the cue; an engine doesn't get them."""
    bare = [cue_tags.without(sentence) for sentence in sentences]
    translations = sentence_translation.translate_sentences([each.sentence.text for each in bare], engine, terms)
    pieces = _pieces([each.sentence for each in bare], [each.text for each in translations], engine, terms)
    tagged = [cue_tags.restored(each, piece) for each, piece in zip(bare, pieces, strict=True)]
    return TranslatedSegments(retiming.by_cue(segments, sentences, tagged), notes.of_sentences(sentences, translations))


def _pieces(
    sentences: list[Sentence],
    texts: list[str],
    engine: sentence_translation.SentenceEngine,
    terms: Sequence[GlossaryTerm],
) -> list[list[str]]:
    """Each translation divided among the cues of its sentence; with too few words, each cue is translated alone."""
    shares = [[max(1, width(markup.plain(part.text))) for part in sentence.parts] for sentence in sentences]
    pieces = [retiming.divide(text, share) for text, share in zip(texts, shares, strict=True)]
    short = [sentence for sentence, piece in zip(sentences, pieces, strict=True) if piece is None]
    alone = sentence_translation.translate_sentences(
        [part.text for sentence in short for part in sentence.parts], engine, terms
    )
    answers = iter(each.text for each in alone)
    again = iter([[next(answers) for _ in sentence.parts] for sentence in short])
    return [piece if piece is not None else next(again) for piece in pieces]
