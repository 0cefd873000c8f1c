"""Retiming: translations get the original times, as one segment for each sentence, or for each cue."""

from collections.abc import Mapping, Sequence
from itertools import accumulate, pairwise
from typing import Any

from subtitling import markup
from subtitling.cues import BOTTOM_CENTRE
from subtitling.typography import CLAUSE_ENDS, CLOSERS, width

from translating.sentence_split import Sentence
from translating.writing_systems import AFTER_SENTENCE_END, SENTENCE_ENDS, UNSPACED_LETTER, joined

OFF_CLAUSE = 0.12  # share of a text; a cut inside a clause must be nearer by so much than one at its end


def by_sentence(sentences: Sequence[Sentence], texts: Sequence[str]) -> list[dict[str, Any]]:
    """A segment for each: ``start``, ``end`` (seconds), ``text``, ``source``; maybe ``speaker``, ``alignment``.

    One that is spoken in several pieces has ``spans``, so that the silence between gets none of its words.
    """
    segments = []
    for sentence, text in zip(sentences, texts, strict=True):
        segment = {"start": sentence.start, "end": sentence.end, "text": text, "source": sentence.text}
        segment |= {"spans": [list(span) for span in sentence.spans]} if len(sentence.spans) > 1 else {}
        segment |= {"alignment": sentence.alignment} if sentence.alignment != BOTTOM_CENTRE else {}
        segments.append(segment | ({"speaker": sentence.speaker} if sentence.speaker else {}))
    return segments


def by_cue(
    segments: Sequence[Mapping[str, Any]], sentences: Sequence[Sentence], pieces: Sequence[Sequence[str]]
) -> list[dict[str, Any]]:
    """A segment for each cue that had text, with its times. ``pieces``: a text for each part of each sentence."""
    texts: dict[int, str] = {}
    for sentence, own in zip(sentences, pieces, strict=True):
        for part, piece in zip(sentence.parts, own, strict=True):
            before = texts.get(part.cue, "")
            texts[part.cue] = f"{before}\n{piece}" if before and part.opens else joined(before, piece)
    kept = ("start", "end", "speaker", "alignment")
    return [
        {
            **{key: segments[cue][key] for key in kept if segments[cue].get(key) is not None},
            "text": markup.merged(text),
            "source": source,
        }
        for cue, text in sorted(texts.items())
        if (source := segments[cue]["text"])
    ]


def divide(text: str, shares: Sequence[int]) -> list[str] | None:
    """A sentence's translation in as many pieces as ``shares`` (columns of its source), cut where clauses end.

    ``None`` where it has fewer words than pieces.
    """
    words = _words(text)
    if len(words) < len(shares):
        return None
    ends = [0, *accumulate(max(1, width(markup.plain(word))) for word in words)]
    wanted = [total / sum(shares) * ends[-1] for total in accumulate(shares)]
    cuts = [0]
    for number, target in enumerate(wanted[:-1], 1):
        places = range(cuts[-1] + 1, len(words) - (len(shares) - number) + 1)
        cuts.append(min(places, key=lambda place: _cut_cost(words[place - 1], ends[place] - target, ends[-1])))
    pieces = ["".join(words[start:end]).strip() for start, end in pairwise([*cuts, len(words)])]
    return markup.balance(pieces)


def _cut_cost(word: str, off: float, whole: int) -> float:
    bare = markup.plain(word).rstrip().rstrip(CLOSERS)
    return abs(off) / whole + (0 if bare.endswith((*CLAUSE_ENDS, *SENTENCE_ENDS)) else OFF_CLAUSE)


def _words(text: str) -> list[str]:
    """Words with their leading spaces; in scripts without spaces, characters."""
    words: list[str] = []
    for word in text.split():
        if "<" not in word and sum(map(bool, map(UNSPACED_LETTER.match, word))) * 2 > len(word):
            parts = [part for clause in AFTER_SENTENCE_END.split(word) for part in _characters(clause)]
            words += [f" {parts[0]}", *parts[1:]]
        else:
            words.append(f" {word}")
    return words


def _characters(word: str) -> list[str]:
    """Characters; marks that mustn't begin a line, and letters of other scripts, stay with the one before."""
    parts: list[str] = []
    for character in word:
        if parts and (character in (*SENTENCE_ENDS, *CLAUSE_ENDS, *CLOSERS) or not UNSPACED_LETTER.match(character)):
            parts[-1] += character
        else:
            parts.append(character)
    return parts
