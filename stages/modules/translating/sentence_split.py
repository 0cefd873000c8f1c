"""Sentence split: sentences from a transcript's words and cues, with the times at which they are spoken."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate, groupby, pairwise
from typing import Any, NamedTuple

from subtitling import markup
from subtitling.cues import BOTTOM_CENTRE
from subtitling.typography import ends_clause, width

from translating import cue_places, sentence_boundaries, sentence_tokens
from translating.sentence_tokens import SentenceToken
from translating.writing_systems import joined

LONGEST, LONGEST_UNPUNCTUATED = 320, 120  # columns
SPAN_GAP = 0.5  # seconds of silence between two spans


class SentencePart(NamedTuple):
    """The part of a sentence in one cue; ``opens`` where it begins a line of its own."""

    cue: int
    text: str
    opens: bool


@dataclass(frozen=True)
class Sentence:
    """``spans``: when it is spoken, in seconds, without the silence between."""

    text: str
    spans: tuple[tuple[float, float], ...]
    parts: tuple[SentencePart, ...]
    speaker: str = ""
    alignment: int = BOTTOM_CENTRE  # of its cues

    @property
    def start(self) -> float:
        return self.spans[0][0]

    @property
    def end(self) -> float:
        return self.spans[-1][1]


def of_transcript(transcript: Mapping[str, Any]) -> list[Sentence]:
    """The sentences of ``segments``, in order of time, by the rules for ``language``. Blank segments give none.

    What is shown beside other text is no part of its sentences: neither a sign nor an interjection parts speech.
    """
    segments = transcript["segments"]
    places = cue_places.of_segments(segments)
    tokens: dict[cue_places.CuePlace, list[SentenceToken]] = {}
    for token in sentence_tokens.of_transcript(transcript):
        tokens.setdefault(places[token.cue], []).append(token)
    sentences = [
        _sentence(group, segments[group[0].cue].get("alignment", BOTTOM_CENTRE))
        for own in tokens.values()
        for group in _groups(own, transcript["language"])
    ]
    return sorted(sentences, key=lambda sentence: sentence.start) if len(tokens) > 1 else sentences


def _groups(tokens: list[SentenceToken], language: str) -> Iterator[list[SentenceToken]]:
    rules = sentence_boundaries.rules_for(language, tokens)
    longest = LONGEST_UNPUNCTUATED if rules.is_sparse else LONGEST
    group: list[SentenceToken] = []
    for token, begins in zip(tokens, sentence_boundaries.starts(tokens, rules), strict=True):
        if group and begins:
            yield from _split_long(group, longest)
            group = []
        group.append(token)
    if group:
        yield from _split_long(group, longest)


def _split_long(tokens: list[SentenceToken], longest: int) -> Iterator[list[SentenceToken]]:
    """Parts of at most ``longest`` columns, cut where a clause or a cue ends, or at a short pause."""
    if len(tokens) < 2 or sum(width(markup.plain(token.text)) for token in tokens) <= longest:
        yield tokens
        return
    ends = list(accumulate(width(markup.plain(token.text)) for token in tokens))
    best = max(
        range(1, len(tokens)),
        key=lambda place: _cut_worth(tokens[place - 1], tokens[place], ends[place - 1] / ends[-1]),
    )
    yield from _split_long(tokens[:best], longest)
    yield from _split_long(tokens[best:], longest)


def _cut_worth(before: SentenceToken, after: SentenceToken, share: float) -> float:
    """How good a cut is that leaves this share of the text before it."""
    clause = ends_clause(before.plain)
    return min(after.start - before.end, 1.0) + 0.6 * clause + 0.2 * (before.cue != after.cue) - 4 * abs(share - 0.5)


def _sentence(tokens: list[SentenceToken], alignment: int) -> Sentence:
    parts = []
    for _, standing in groupby(tokens, key=lambda token: token.cue):
        listed = list(standing)
        parts.append(SentencePart(listed[0].cue, sentence_tokens.text_of(listed), listed[0].opens))
    speaker = next((token.speaker for token in tokens if token.speaker), "")
    return Sentence(text_of_parts(parts), tuple(_spans(tokens)), tuple(parts), speaker, alignment)


def text_of_parts(parts: Iterable[SentencePart]) -> str:
    """The text of a sentence from its parts."""
    text = ""
    for part in parts:
        text = joined(text, part.text)
    return markup.merged(text)


def _spans(tokens: list[SentenceToken]) -> Iterator[tuple[float, float]]:
    start = tokens[0].start
    end = tokens[0].end
    for before, after in pairwise(tokens):
        if after.start - before.end >= SPAN_GAP:
            yield round(start, 3), round(max(start, end), 3)
            start = after.start
        end = max(end, after.end)
    yield round(start, 3), round(max(start, end), 3)
