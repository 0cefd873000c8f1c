"""Words of a transcript with their times: spoken ones, and those of cues that exist, which share the cue's time."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate
from typing import Any, NamedTuple

from subtitling import markup, speaker_lines
from subtitling.typography import width

from translating.writing_systems import AFTER_SENTENCE_END, MUSIC, clean, joined

INVISIBLE = "\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff"  # marks of the writing direction, and others
BRACKETS = r"\[[^\[\]]*\]|\([^()]*\)|（[^（）]*）|［[^［］]*］|【[^【】]*】|〔[^〔〕]*〕"
OPENING = re.compile(
    rf"[\s{INVISIBLE}]*(?:[{MUSIC}\[(（［【〔]|\#\s"
    r"|[-‐–—－]\s*[^\W\d_a-zà-ÿ]|[-‐–—－]\s*[¿¡\"“'\d\[(♪]|[A-ZÀ-Þ][A-ZÀ-Þ .'’-]+:\s)"
)
WHOLE = re.compile(
    rf"[\s{INVISIBLE}]*(?:[-‐–—－]?\s*(?:(?:{BRACKETS})[\s.!?…]*)+|.*[{MUSIC}]|\#\s.*\s\#)\s*", re.DOTALL
)
PIECE = re.compile(r"\s*\S+")


class SentenceToken(NamedTuple):
    """A word with its leading space and times, the index of its segment, and whether a sentence begins or ends here.

    A tag that it stands in is opened and closed in it. ``of_cue``: it is from a cue that exists, and wasn't recognised.
    """

    text: str
    start: float
    end: float
    cue: int
    speaker: str = ""
    opens: bool = False
    closes: bool = False
    of_cue: bool = False

    @property
    def plain(self) -> str:
        """The word without tags and white space."""
        return markup.plain(self.text).strip()


def of_transcript(transcript: Mapping[str, Any]) -> list[SentenceToken]:
    """The words of all ``segments``."""
    return [token for index, segment in enumerate(transcript["segments"]) for token in _of_segment(index, segment)]


def _of_segment(index: int, segment: Mapping[str, Any]) -> Iterator[SentenceToken]:
    speaker = segment.get("speaker") or ""
    lines = [_of_words(index, segment["words"], speaker)] if segment.get("words") else _of_cue(index, segment, speaker)
    tags: list[str] = []
    before = ""
    for line in lines:
        tokens = _with_closed_tags(line, tags)
        text = "".join(markup.plain(token.text) for token in tokens).strip()
        yield from _marked(tokens, text, is_turn=bool(before) and speaker_lines.is_new_turn(before, text))
        before = text


def _of_cue(index: int, segment: Mapping[str, Any], speaker: str) -> Iterator[list[SentenceToken]]:
    """The words of each line."""
    text = markup.normal(segment["text"]) if "<" in segment["text"] or "{" in segment["text"] else segment["text"]
    lines = [line for line in text.splitlines() if clean(line)]
    ends = list(accumulate(max(1, width(markup.plain(line))) for line in lines))
    length = segment["end"] - segment["start"]
    before = ""
    for line, begin, end in zip(lines, [0, *ends], ends, strict=False):
        span = (segment["start"] + length * begin / ends[-1], segment["start"] + length * end / ends[-1])
        space = joined(markup.plain(before), markup.plain(line))[len(markup.plain(before)) : -len(markup.plain(line))]
        yield [token._replace(of_cue=True) for token in _share_time(space + line, *span, index, speaker)]
        before = line


def _of_words(index: int, words: Sequence[Mapping[str, Any]], speaker: str) -> list[SentenceToken]:
    return [
        token
        for word in words
        for token in _share_time(word["word"], word["start"], word["end"], index, word.get("speaker") or speaker)
    ]


def _share_time(text: str, start: float, end: float, cue: int, speaker: str) -> Iterator[SentenceToken]:
    """The words of a text, with shares of its time by their length. The first may have no leading space."""
    pieces = [part for piece in PIECE.findall(text) for part in AFTER_SENTENCE_END.split(piece) if part.strip()]
    ends = list(accumulate(max(1, width(markup.plain(piece).strip())) for piece in pieces))
    for piece, begin, until in zip(pieces, [0, *ends], ends, strict=False):
        shown = clean(piece)
        if shown:
            at, to = (start + (end - start) * edge / ends[-1] for edge in (begin, until))
            yield SentenceToken(f" {shown}" if piece[0].isspace() else shown, at, to, cue, speaker)


def _with_closed_tags(tokens: Sequence[SentenceToken], opened: list[str]) -> list[SentenceToken]:
    """Tokens with each tag around each word in it; ``opened`` are the tags that are open, before and afterwards."""
    texts = markup.balance((token.text.strip() for token in tokens), opened)
    spaces = (" " if token.text[0].isspace() else "" for token in tokens)
    whole = [token._replace(text=space + text) for token, space, text in zip(tokens, spaces, texts, strict=True)]
    return [token for token in whole if token.text.strip()]


def _marked(tokens: Sequence[SentenceToken], line: str, is_turn: bool) -> Iterator[SentenceToken]:
    """Tokens with the first and last of a line marked if it stands by itself: a turn, a song, a sound."""
    for index, token in enumerate(tokens):
        opens = index == 0 and (is_turn or OPENING.match(line) is not None)
        closes = index == len(tokens) - 1 and WHOLE.fullmatch(line) is not None
        yield token._replace(opens=opens, closes=closes)


def text_of(tokens: Iterable[SentenceToken]) -> str:
    """Their text, with tags around as many words as possible."""
    return markup.merged(clean("".join(token.text for token in tokens)))
