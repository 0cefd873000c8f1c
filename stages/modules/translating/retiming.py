"""Translations back on the original timing: one segment for each sentence, or for each cue."""

from collections.abc import Mapping, Sequence
from itertools import accumulate, pairwise
from typing import Any

from subtitling import markup
from subtitling.cues import CLAUSE_ENDS, CLOSERS, width

from translating.sentence_split import Sentence
from translating.writing_systems import AFTER_AN_END, ENDS, UNSPACED, joined

OFF_CLAUSE = 0.12  # of a text's length: how much nearer a cut must be, to be made within a clause


def by_sentence(sentences: Sequence[Sentence], texts: Sequence[str]) -> list[dict[str, Any]]:
    """``spans`` stand where a sentence is spoken in several pieces, so that silence gets none of its words."""
    segments = []
    for sentence, text in zip(sentences, texts, strict=True):
        segment = {"start": sentence.start, "end": sentence.end, "text": text, "source": sentence.text}
        segment |= {"spans": [list(span) for span in sentence.spans]} if len(sentence.spans) > 1 else {}
        segments.append(segment | ({"speaker": sentence.speaker} if sentence.speaker else {}))
    return segments


def by_cue(
    segments: Sequence[Mapping[str, Any]], sentences: Sequence[Sentence], pieces: Sequence[Sequence[str]]
) -> list[dict[str, Any]]:
    """One segment for each cue that had text, with its own times. Of a sentence, each part has a piece."""
    texts: dict[int, str] = {}
    for sentence, own in zip(sentences, pieces, strict=True):
        for part, piece in zip(sentence.parts, own, strict=True):
            before = texts.get(part.cue, "")
            texts[part.cue] = f"{before}\n{piece}" if before and part.opens else joined(before, piece)
    kept = ("start", "end", "speaker")
    return [
        {
            **{key: segments[cue][key] for key in kept if segments[cue].get(key) is not None},
            "text": text,
            "source": source,
        }
        for cue, text in sorted(texts.items())
        if (source := segments[cue]["text"])
    ]


def divided(text: str, shares: Sequence[int]) -> list[str] | None:
    """A sentence's translation in as many pieces, by their shares of its source, cut where clauses end.

    ``None`` where it has fewer words than that.
    """
    words = _words(text)
    if len(words) < len(shares):
        return None
    ends = [0, *accumulate(max(1, width(markup.plain(word))) for word in words)]
    wanted = [total / sum(shares) * ends[-1] for total in accumulate(shares)]
    cuts = [0]
    for number, target in enumerate(wanted[:-1], 1):
        places = range(cuts[-1] + 1, len(words) - (len(shares) - number) + 1)
        cuts.append(min(places, key=lambda place: _cost(words[place - 1], ends[place] - target, ends[-1])))
    pieces = ["".join(words[start:end]).strip() for start, end in pairwise([*cuts, len(words)])]
    return markup.balance(pieces)


def _cost(word: str, off: float, whole: int) -> float:
    bare = markup.plain(word).rstrip().rstrip(CLOSERS)
    return abs(off) / whole + (0 if bare.endswith((*CLAUSE_ENDS, *ENDS)) else OFF_CLAUSE)


def _words(text: str) -> list[str]:
    """With a space before each that has one; in scripts without spaces, its characters."""
    words: list[str] = []
    for word in text.split():
        if "<" not in word and sum(map(bool, map(UNSPACED.match, word))) * 2 > len(word):
            parts = [part for clause in AFTER_AN_END.split(word) for part in _characters(clause)]
            words += [f" {parts[0]}", *parts[1:]]
        else:
            words.append(f" {word}")
    return words


def _characters(word: str) -> list[str]:
    """Marks that mustn't begin a line, and letters of other scripts, stay with what is before them."""
    parts: list[str] = []
    for character in word:
        if parts and (character in (*ENDS, *CLAUSE_ENDS, *CLOSERS) or not UNSPACED.match(character)):
            parts[-1] += character
        else:
            parts.append(character)
    return parts
