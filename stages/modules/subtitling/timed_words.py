"""Words with times: from a transcript, or from text whose words have none. Each fits into a line."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate
from typing import Any, NamedTuple

from subtitling import markup
from subtitling.break_costs import NO_LINE_START
from subtitling.cues import TimedWord
from subtitling.speaker_lines import DASHES
from subtitling.style_profiles import StyleProfile
from subtitling.typography import width

TOUCHING = 0.05  # seconds; what is spoken so soon after a turn may be the answer in the same cue


class Passage(NamedTuple):
    """Text without times for its words, such as a translated sentence. ``spans`` in milliseconds: when it is spoken.

    ``number``: that of the cue that it is from, for lines of several speakers.
    """

    text: str
    spans: Sequence[tuple[int, int]]
    speaker: str = ""
    number: int = 0


def of_transcript(transcript: Mapping[str, Any], profile: StyleProfile) -> list[TimedWord]:
    """The tidy words of a transcript's ``segments``.

    Their ``words`` have ``start`` and ``end`` in seconds, ``word`` with its space, maybe ``speaker``. A segment without
    words is a passage: its ``text`` is spoken in its ``spans``, or from its ``start`` to its ``end`` (all in seconds).
    """
    segments: Sequence[Mapping[str, Any]] = transcript["segments"]
    numbered = zip(_cue_numbers(segments), segments, strict=True)
    return tidy((word for number, segment in numbered for word in _of_segment(number, segment)), profile)


def of_passages(passages: Iterable[Passage], profile: StyleProfile) -> list[TimedWord]:
    """Tidy words. Each has a share of its passage's time by its length; silence between the spans belongs to none."""
    return tidy((word for passage in passages for word in _spread(passage)), profile)


def tidy(words: Iterable[TimedWord], profile: StyleProfile) -> list[TimedWord]:
    """Words in order of time, none wider than a line, with a dash before each turn of another speaker."""
    pieces = (piece for word in words for piece in _pieces(word, profile.line - width(profile.dash)))
    tidied: list[TimedWord] = []
    clock, speaker = 0, ""
    for piece in pieces:
        clock = max(clock, piece.start)
        word = TimedWord(clock, max(clock, piece.end), piece.text, piece.speaker, piece.turn, piece.language)
        if speaker and piece.speaker and piece.speaker != speaker:
            word = word._replace(text=f" {profile.dash}{word.text.lstrip()}")
        speaker = piece.speaker or speaker
        tidied.append(word)
    return tidied


def turn_starts(words: Sequence[TimedWord]) -> list[int]:
    """For each word the index of its turn's first word. A word without a speaker belongs to the turn around it."""
    first, speaker, starts = 0, "", list[int]()
    for index, word in enumerate(words):
        if (word.speaker and speaker and word.speaker != speaker) or (index and word.turn != words[index - 1].turn):
            first = index
        speaker = word.speaker or speaker
        starts.append(first)
    return starts


def _cue_numbers(segments: Sequence[Mapping[str, Any]]) -> Iterator[int]:
    """A number for each segment; what begins with a dash at the end of the one before is from the same cue."""
    number, end = 0, -1.0  # of the segment before
    for segment in segments:
        is_text = "words" not in segment
        is_same = is_text and segment["start"] - end < TOUCHING and _begins_with_dash(segment["text"])
        number += 0 if is_same else 1
        end = segment["end"] if is_text else end
        yield number


def _begins_with_dash(text: str) -> bool:
    return markup.plain(text).startswith(DASHES)


def _of_segment(number: int, segment: Mapping[str, Any]) -> Iterator[TimedWord]:
    if "words" not in segment:
        spans = segment.get("spans") or [(segment["start"], segment["end"])]
        times = [(_milliseconds(start), _milliseconds(end)) for start, end in spans]
        yield from _spread(Passage(segment["text"], times, segment.get("speaker") or "", number))
        return
    for word in segment["words"]:
        speaker = word.get("speaker") or segment.get("speaker") or ""
        start, end = _milliseconds(word["start"]), _milliseconds(word["end"])
        yield TimedWord(start, end, word["word"], speaker, language=segment.get("language") or "")


def _pieces(word: TimedWord, line: int) -> Iterator[TimedWord]:
    """The word; or its parts, with equal shares of its time, if it holds several words or is wider than a line."""
    space, parts = " " if word.spaced else "", []
    for token in word.text.split():
        narrow = [token] if width(markup.plain(token)) <= line else _split_wide(token, line)
        parts += [space + narrow[0], *narrow[1:]]
        space = " "
    edges = [word.start + (word.end - word.start) * index // max(len(parts), 1) for index in range(len(parts) + 1)]
    for index, part in enumerate(parts):
        yield word._replace(start=edges[index], end=edges[index + 1], text=part)


def _split_wide(token: str, line: int) -> list[str]:
    """Parts, that fit into a line, of a word that doesn't. Its tags are dropped; no part begins with a closing mark."""
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


def _spread(passage: Passage) -> Iterator[TimedWord]:
    lines = [_tokens(line) for line in passage.text.split("\n")]
    tokens = [token for line in lines for token in line]
    has_turns = len(lines) > 1 or _begins_with_dash(passage.text)
    times = (passage.number, *passage.spans[0]) if has_turns and passage.spans else ()
    turns = [(*times, index) if times else () for index, line in enumerate(lines) for _ in line]
    spans = [(start, max(start, end)) for start, end in passage.spans]
    if not tokens or not spans:
        return
    ends = list(accumulate(max(1, width(markup.plain(token).strip())) for token in tokens))
    starts = [0, *ends[:-1]]
    for token, turn, start, end in zip(tokens, turns, starts, ends, strict=True):
        at, until = _within(spans, start, end, ends[-1])
        yield TimedWord(at, until, token, passage.speaker, turn)


def _tokens(text: str) -> list[str]:
    """Words with their spaces; in scripts without spaces characters, each with the marks that mustn't begin a line."""
    tokens: list[str] = []
    for word in text.split():
        tokens.append(" " + word)
        if width(word) > len(word):
            tokens[-1:] = _characters(" " + word)
    return tokens


def _characters(word: str) -> list[str]:
    """Full-width characters one by one, other characters together."""
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
    """The time of a share of the text, ``start`` to ``end`` of ``whole``, in the span with the share's middle."""
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
