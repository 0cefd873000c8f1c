"""Sentences made of a transcript's words and cues: what an engine translates well, and where it was said."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, groupby, pairwise
from typing import Any, NamedTuple

from subtitling.cues import CLAUSE_ENDS, CLOSERS, width

from translating import sentence_ends
from translating.writing_systems import AFTER_AN_END, clean, joined

LONG_PAUSE = 2.0  # seconds, after which another sentence begins, whatever the punctuation
SHORT_PAUSE = 0.6  # the same where there is no punctuation
LONGEST, LONGEST_UNPUNCTUATED = 320, 120  # columns
SPAN_GAP = 0.5  # seconds of silence that part two spans
SPARSE = 60  # words to a sentence's end, from which a text counts as one without punctuation

TAGS = r"(?:</?[a-zA-Z][^<>]*>|\{\\[^{}]*\}|\s)*"
OPENING = re.compile(
    rf"{TAGS}(?:[♪♫]|\[|\(|[-‐–—－]\s*[^\W\d_a-zà-ÿ]|[-‐–—－]\s*[¿¡\"“'\d\[(♪]|[A-ZÀ-Þ][A-ZÀ-Þ .'’-]+:\s)"
)
WHOLE = re.compile(rf"{TAGS}(?:\[[^\[\]]*\]|\([^()]*\)|.*[♪♫]){TAGS}", re.DOTALL)
PIECE = re.compile(r"\s*\S+")


class Token(NamedTuple):
    """A word with its leading space, the cue that it stands in, and whether a sentence must begin or end with it."""

    text: str
    start: float
    end: float
    cue: int
    speaker: str = ""
    opens: bool = False
    closes: bool = False


class Part(NamedTuple):
    """What of a sentence stands in one cue; ``opens`` where it begins a line of its own."""

    cue: int
    text: str
    opens: bool


@dataclass(frozen=True)
class Sentence:
    """Times in seconds; ``spans`` are when it is spoken, silence between them left out."""

    text: str
    spans: tuple[tuple[float, float], ...]
    parts: tuple[Part, ...]
    speaker: str = ""

    @property
    def start(self) -> float:
        return self.spans[0][0]

    @property
    def end(self) -> float:
        return self.spans[-1][1]


def of_transcript(transcript: Mapping[str, Any]) -> list[Sentence]:
    """In order of time. Segments of white space alone give none."""
    tokens = [token for index, segment in enumerate(transcript["segments"]) for token in _of_segment(index, segment)]
    return [_sentence(group) for group in _groups(tokens, transcript["language"])]


def _of_segment(index: int, segment: Mapping[str, Any]) -> Iterator[Token]:
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
        yield from _marked(line, list(_shared(space + line, *span, index, speaker)))
        before = line


def _of_words(index: int, words: Sequence[Mapping[str, Any]], speaker: str) -> Iterator[Token]:
    tokens = [
        token
        for word in words
        for token in _shared(word["word"], word["start"], word["end"], index, word.get("speaker") or speaker)
    ]
    yield from _marked("".join(token.text for token in tokens).strip(), tokens)


def _marked(line: str, tokens: list[Token]) -> Iterator[Token]:
    """The first and last word of a line know when that is one by itself: a turn, a song, a sound."""
    for index, token in enumerate(tokens):
        opens = index == 0 and OPENING.match(line) is not None
        closes = index == len(tokens) - 1 and WHOLE.fullmatch(line) is not None
        yield token._replace(opens=opens, closes=closes)


def _shared(text: str, start: float, end: float, cue: int, speaker: str) -> Iterator[Token]:
    """The words in a text, with shares of its time by their length. The first keeps its lack of a leading space."""
    pieces = [part for piece in PIECE.findall(text) for part in AFTER_AN_END.split(piece) if part.strip()]
    ends = list(accumulate(max(1, width(piece.strip())) for piece in pieces))
    for piece, begin, until in zip(pieces, [0, *ends], ends, strict=False):
        shown = clean(piece)
        if shown:
            at, to = (start + (end - start) * edge / ends[-1] for edge in (begin, until))
            yield Token(f" {shown}" if piece[0].isspace() else shown, at, to, cue, speaker)


def _groups(tokens: list[Token], language: str) -> Iterator[list[Token]]:
    words = [token.text.strip() for token in tokens]
    ends = sum(map(sentence_ends.has_end, words))
    sparse = ends * SPARSE < len(words) or (len(words) > 1 and not ends)
    rules = sentence_ends.rules(language, words)
    pause, longest = (SHORT_PAUSE, LONGEST_UNPUNCTUATED) if sparse else (LONG_PAUSE, LONGEST)
    group: list[Token] = []
    for token in tokens:
        if group and _is_between(group[-1], token, pause, rules):
            yield from _shortened(group, longest)
            group = []
        group.append(token)
    if group:
        yield from _shortened(group, longest)


def _is_between(before: Token, after: Token, pause: float, rules: sentence_ends.Rules) -> bool:
    if after.opens or before.closes or after.start - before.end >= pause:
        return True
    if before.speaker and after.speaker and before.speaker != after.speaker:
        return True
    return sentence_ends.ends_sentence(before.text.strip(), after.text.strip(), rules)


def _shortened(tokens: list[Token], longest: int) -> Iterator[list[Token]]:
    """Parts that an engine takes whole, cut where a clause, a cue or a breath ends."""
    if len(tokens) < 2 or sum(width(token.text) for token in tokens) <= longest:
        yield tokens
        return
    ends = list(accumulate(width(token.text) for token in tokens))
    best = max(
        range(1, len(tokens)), key=lambda place: _worth(tokens[place - 1], tokens[place], ends[place - 1] / ends[-1])
    )
    yield from _shortened(tokens[:best], longest)
    yield from _shortened(tokens[best:], longest)


def _worth(before: Token, after: Token, share: float) -> float:
    """Of a cut that leaves this share of the text before it."""
    clause = before.text.rstrip(CLOSERS).endswith(CLAUSE_ENDS)
    return min(after.start - before.end, 1.0) + 0.6 * clause + 0.2 * (before.cue != after.cue) - 4 * abs(share - 0.5)


def _sentence(tokens: list[Token]) -> Sentence:
    parts = []
    for _, standing in groupby(tokens, key=lambda token: token.cue):
        listed = list(standing)
        parts.append(Part(listed[0].cue, _text(listed), listed[0].opens))
    speaker = next((token.speaker for token in tokens if token.speaker), "")
    return Sentence(_text_of_parts(parts), tuple(_spans(tokens)), tuple(parts), speaker)


def _text(tokens: list[Token]) -> str:
    return clean("".join(token.text for token in tokens))


def _text_of_parts(parts: list[Part]) -> str:
    text = ""
    for part in parts:
        text = joined(text, part.text)
    return text


def _spans(tokens: list[Token]) -> Iterator[tuple[float, float]]:
    start = tokens[0].start
    end = tokens[0].end
    for before, after in pairwise(tokens):
        if after.start - before.end >= SPAN_GAP:
            yield round(start, 3), round(max(start, end), 3)
            start = after.start
        end = max(end, after.end)
    yield round(start, 3), round(max(start, end), 3)
