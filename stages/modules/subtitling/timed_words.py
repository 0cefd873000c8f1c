"""Words from a transcript, or from text that has no times of its own; each narrow enough for a line."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate
from typing import Any, NamedTuple

from subtitling import markup
from subtitling.break_costs import NO_LINE_START
from subtitling.cues import Word, width
from subtitling.style_profiles import Profile


class Passage(NamedTuple):
    """Text without times for its words, such as a translated sentence, and when it is spoken: spans in milliseconds."""

    text: str
    spans: Sequence[tuple[int, int]]
    speaker: str = ""


def of_transcript(transcript: Mapping[str, Any], profile: Profile) -> list[Word]:
    """``segments`` with ``words``: ``start`` and ``end`` in seconds, ``word`` with its space, maybe ``speaker``.

    A segment without words is a passage: its ``text``, spoken in its ``spans``, or from its ``start`` to its ``end``.
    """
    return tidy((word for segment in transcript["segments"] for word in _of_segment(segment)), profile)


def of_passages(passages: Iterable[Passage], profile: Profile) -> list[Word]:
    """Each passage's time is shared out among its words by their length; silence between its spans is no one's."""
    return tidy((word for passage in passages for word in _spread(passage)), profile)


def tidy(words: Iterable[Word], profile: Profile) -> list[Word]:
    """In order of time, none wider than a line, and a dash before each turn of another speaker."""
    pieces = (piece for word in words for piece in _pieces(word, profile.line - width(profile.dash)))
    tidied: list[Word] = []
    clock, speaker = 0, ""
    for piece in pieces:
        clock = max(clock, piece.start)
        word = Word(clock, max(clock, piece.end), piece.text, piece.speaker)
        if speaker and piece.speaker and piece.speaker != speaker:
            word = word._replace(text=f" {profile.dash}{word.text.lstrip()}")
        speaker = piece.speaker or speaker
        tidied.append(word)
    return tidied


def turns(words: Sequence[Word]) -> list[int]:
    """For each word the first one of its turn. A word of nobody known goes on with the turn that it stands in."""
    first, speaker, found = 0, "", []
    for index, word in enumerate(words):
        if word.speaker and speaker and word.speaker != speaker:
            first = index
        speaker = word.speaker or speaker
        found.append(first)
    return found


def _of_segment(segment: Mapping[str, Any]) -> Iterator[Word]:
    if "words" not in segment:
        spans = segment.get("spans") or [(segment["start"], segment["end"])]
        times = [(_milliseconds(start), _milliseconds(end)) for start, end in spans]
        yield from _spread(Passage(segment["text"], times, segment.get("speaker") or ""))
        return
    for word in segment["words"]:
        speaker = word.get("speaker") or segment.get("speaker") or ""
        yield Word(_milliseconds(word["start"]), _milliseconds(word["end"]), word["word"], speaker)


def _pieces(word: Word, line: int) -> Iterator[Word]:
    """The word, or where it holds several or is wider than a line, its parts in equal shares of its time."""
    space, parts = " " if word.spaced else "", []
    for token in word.text.split():
        narrow = [token] if width(markup.plain(token)) <= line else _chopped(token, line)
        parts += [space + narrow[0], *narrow[1:]]
        space = " "
    edges = [word.start + (word.end - word.start) * index // max(len(parts), 1) for index in range(len(parts) + 1)]
    for index, part in enumerate(parts):
        yield word._replace(start=edges[index], end=edges[index + 1], text=part)


def _chopped(token: str, line: int) -> list[str]:
    """A word wider than a line in parts that aren't. Tags in it are dropped, and no part begins with a closing mark."""
    parts, room = [""], line
    for character in markup.plain(token):
        wide = width(character)
        if wide > room:
            parts.append("")
            room = line
            if character in NO_LINE_START and len(parts[-2]) > 1:
                parts[-2], parts[-1] = parts[-2][:-1], parts[-2][-1]
                room -= width(parts[-1])
        parts[-1] += character
        room -= wide
    return parts


def _spread(passage: Passage) -> Iterator[Word]:
    tokens = _tokens(passage.text)
    spans = [(start, max(start, end)) for start, end in passage.spans]
    if not tokens or not spans:
        return
    ends = list(accumulate(max(1, width(markup.plain(token).strip())) for token in tokens))
    starts = [0, *ends[:-1]]
    for token, start, end in zip(tokens, starts, ends, strict=True):
        at, until = _within(spans, start, end, ends[-1])
        yield Word(at, until, token, passage.speaker)


def _tokens(text: str) -> list[str]:
    """Words with their spaces; where a script has none, its characters, with what mustn't begin a line after them."""
    tokens: list[str] = []
    for word in text.split():
        tokens.append(" " + word)
        if width(word) > len(word):
            tokens[-1:] = _characters(" " + word)
    return tokens


def _characters(word: str) -> list[str]:
    """Full-width characters one by one, others together."""
    parts: list[str] = []
    for character in word:
        joins = parts and (
            character in NO_LINE_START or not parts[-1].strip() or (width(character) < 2 and width(parts[-1][-1]) < 2)
        )
        if joins:
            parts[-1] += character
        else:
            parts.append(character)
    return parts


def _within(spans: Sequence[tuple[int, int]], start: int, end: int, whole: int) -> tuple[int, int]:
    """A share of all spans' time as a time, in the span that holds the share's middle."""
    spoken = sum(until - at for at, until in spans)
    first, last = spoken * start / whole, spoken * end / whole
    passed = 0
    for at, until in spans:
        length = until - at
        if (first + last) / 2 <= passed + length or (at, until) == spans[-1]:
            return at + round(max(0, first - passed)), at + round(min(length, max(0, last - passed)))
        passed += length
    raise AssertionError("no span")


def _milliseconds(seconds: float) -> int:
    return round(seconds * 1000)
