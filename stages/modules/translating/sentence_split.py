"""Sentence split: sentences from a transcript's words and cues, with the times at which they are spoken."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, groupby, pairwise
from typing import Any, NamedTuple

from subtitling.typography import CLAUSE_ENDS, CLOSERS, width

from translating import sentence_ends
from translating.writing_systems import AFTER_SENTENCE_END, clean, joined

LONG_PAUSE = 2.0  # seconds; ends a sentence, whatever the punctuation
SHORT_PAUSE = 0.6  # the same in a text without punctuation
LONGEST, LONGEST_UNPUNCTUATED = 320, 120  # columns
SPAN_GAP = 0.5  # seconds of silence between two spans
SPARSE = 60  # a text with more words to a sentence's end counts as one without punctuation

TAGS = r"(?:</?[a-zA-Z][^<>]*>|\{\\[^{}]*\}|\s)*"
OPENING = re.compile(
    rf"{TAGS}(?:[♪♫]|\[|\(|[-‐–—－]\s*[^\W\d_a-zà-ÿ]|[-‐–—－]\s*[¿¡\"“'\d\[(♪]|[A-ZÀ-Þ][A-ZÀ-Þ .'’-]+:\s)"
)
WHOLE = re.compile(rf"{TAGS}(?:\[[^\[\]]*\]|\([^()]*\)|.*[♪♫]){TAGS}", re.DOTALL)
PIECE = re.compile(r"\s*\S+")


class SentenceToken(NamedTuple):
    """A word with its leading space and times, the index of its segment, and whether a sentence begins or ends here."""

    text: str
    start: float
    end: float
    cue: int
    speaker: str = ""
    opens: bool = False
    closes: bool = False


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

    @property
    def start(self) -> float:
        return self.spans[0][0]

    @property
    def end(self) -> float:
        return self.spans[-1][1]


def of_transcript(transcript: Mapping[str, Any]) -> list[Sentence]:
    """The sentences of ``segments``, in order of time, by the rules for ``language``. Blank segments give none."""
    tokens = [token for index, segment in enumerate(transcript["segments"]) for token in _of_segment(index, segment)]
    return [_sentence(group) for group in _groups(tokens, transcript["language"])]


def _of_segment(index: int, segment: Mapping[str, Any]) -> Iterator[SentenceToken]:
    speaker = segment.get("speaker") or ""
    if segment.get("words"):
        yield from _of_words(index, segment["words"], speaker)
        return
    lines = [line for line in segment["text"].splitlines() if clean(line)]
    ends = list(accumulate(max(1, width(line)) for line in lines))
    length = segment["end"] - segment["start"]
    before = ""
    for line, begin, end in zip(lines, [0, *ends], ends, strict=False):
        span = (segment["start"] + length * begin / ends[-1], segment["start"] + length * end / ends[-1])
        space = joined(before, line)[len(before) : -len(line)]
        yield from _marked(line, list(_share_time(space + line, *span, index, speaker)))
        before = line


def _of_words(index: int, words: Sequence[Mapping[str, Any]], speaker: str) -> Iterator[SentenceToken]:
    tokens = [
        token
        for word in words
        for token in _share_time(word["word"], word["start"], word["end"], index, word.get("speaker") or speaker)
    ]
    yield from _marked("".join(token.text for token in tokens).strip(), tokens)


def _marked(line: str, tokens: list[SentenceToken]) -> Iterator[SentenceToken]:
    """Tokens with the first and last of a line marked if it stands by itself: a turn, a song, a sound."""
    for index, token in enumerate(tokens):
        opens = index == 0 and OPENING.match(line) is not None
        closes = index == len(tokens) - 1 and WHOLE.fullmatch(line) is not None
        yield token._replace(opens=opens, closes=closes)


def _share_time(text: str, start: float, end: float, cue: int, speaker: str) -> Iterator[SentenceToken]:
    """The words of a text, with shares of its time by their length. The first may have no leading space."""
    pieces = [part for piece in PIECE.findall(text) for part in AFTER_SENTENCE_END.split(piece) if part.strip()]
    ends = list(accumulate(max(1, width(piece.strip())) for piece in pieces))
    for piece, begin, until in zip(pieces, [0, *ends], ends, strict=False):
        shown = clean(piece)
        if shown:
            at, to = (start + (end - start) * edge / ends[-1] for edge in (begin, until))
            yield SentenceToken(f" {shown}" if piece[0].isspace() else shown, at, to, cue, speaker)


def _groups(tokens: list[SentenceToken], language: str) -> Iterator[list[SentenceToken]]:
    words = [token.text.strip() for token in tokens]
    ends = sum(map(sentence_ends.has_end, words))
    sparse = ends * SPARSE < len(words) or (len(words) > 1 and not ends)
    rules = sentence_ends.rules_for(language, words)
    pause, longest = (SHORT_PAUSE, LONGEST_UNPUNCTUATED) if sparse else (LONG_PAUSE, LONGEST)
    group: list[SentenceToken] = []
    for token in tokens:
        if group and _is_between(group[-1], token, pause, rules):
            yield from _split_long(group, longest)
            group = []
        group.append(token)
    if group:
        yield from _split_long(group, longest)


def _is_between(before: SentenceToken, after: SentenceToken, pause: float, rules: sentence_ends.SentenceRules) -> bool:
    if after.opens or before.closes or after.start - before.end >= pause:
        return True
    if before.speaker and after.speaker and before.speaker != after.speaker:
        return True
    return sentence_ends.ends_sentence(before.text.strip(), after.text.strip(), rules)


def _split_long(tokens: list[SentenceToken], longest: int) -> Iterator[list[SentenceToken]]:
    """Parts of at most ``longest`` columns, cut where a clause or a cue ends, or at a short pause."""
    if len(tokens) < 2 or sum(width(token.text) for token in tokens) <= longest:
        yield tokens
        return
    ends = list(accumulate(width(token.text) for token in tokens))
    best = max(
        range(1, len(tokens)),
        key=lambda place: _cut_worth(tokens[place - 1], tokens[place], ends[place - 1] / ends[-1]),
    )
    yield from _split_long(tokens[:best], longest)
    yield from _split_long(tokens[best:], longest)


def _cut_worth(before: SentenceToken, after: SentenceToken, share: float) -> float:
    """How good a cut is that leaves this share of the text before it."""
    clause = before.text.rstrip(CLOSERS).endswith(CLAUSE_ENDS)
    return min(after.start - before.end, 1.0) + 0.6 * clause + 0.2 * (before.cue != after.cue) - 4 * abs(share - 0.5)


def _sentence(tokens: list[SentenceToken]) -> Sentence:
    parts = []
    for _, standing in groupby(tokens, key=lambda token: token.cue):
        listed = list(standing)
        parts.append(SentencePart(listed[0].cue, _text(listed), listed[0].opens))
    speaker = next((token.speaker for token in tokens if token.speaker), "")
    return Sentence(_text_of_parts(parts), tuple(_spans(tokens)), tuple(parts), speaker)


def _text(tokens: list[SentenceToken]) -> str:
    return clean("".join(token.text for token in tokens))


def _text_of_parts(parts: list[SentencePart]) -> str:
    text = ""
    for part in parts:
        text = joined(text, part.text)
    return text


def _spans(tokens: list[SentenceToken]) -> Iterator[tuple[float, float]]:
    start = tokens[0].start
    end = tokens[0].end
    for before, after in pairwise(tokens):
        if after.start - before.end >= SPAN_GAP:
            yield round(start, 3), round(max(start, end), 3)
            start = after.start
        end = max(end, after.end)
    yield round(start, 3), round(max(start, end), 3)
