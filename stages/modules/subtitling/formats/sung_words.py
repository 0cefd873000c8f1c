"""When words are sung or spoken, as WebVTT's time stamps and SubStation's ``\\k`` say it."""

import html
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from subtitling.cues import TimedWord

STAMP = re.compile(r"<(?:(\d+):)?(\d{1,2}):(\d\d)\.(\d{3})>")
OTHER_TAG = re.compile(r"<[^<>]*>")
BLOCK = re.compile(r"\{([^{}]*)\}")
LENGTH = re.compile(r"\\(?:kf|ko|k|K)(\d+)")
WORD = re.compile(r"\S+")


class TimedPiece(NamedTuple):
    """A part of a cue's text, which may be a syllable or several words, with its time in milliseconds."""

    start: int
    end: int
    text: str


def of_webvtt(text: str, start: int, end: int) -> list[TimedWord]:
    """The words of a cue that has time stamps; none where it has no stamp."""
    stamps = list(STAMP.finditer(text))
    if not stamps:
        return []
    times = [start, *(_milliseconds(each) for each in stamps), end]
    parts = [text[: stamps[0].start()]]
    parts += [
        text[one.end() : two.start()] if two else text[one.end() :]
        for one, two in zip(stamps, [*stamps[1:], None], strict=True)
    ]
    texts = [html.unescape(OTHER_TAG.sub("", part)) for part in parts]
    return words_of(map(TimedPiece, times, times[1:], texts))


def of_substation(text: str, start: int) -> list[TimedWord]:
    """The words of an event that has lengths of syllables; none where it has none."""
    if not LENGTH.search(text):
        return []
    pieces, at, until, place = list[TimedPiece](), start, start, 0
    for block in BLOCK.finditer(text):
        pieces.append(TimedPiece(at, until, text[place : block.start()]))
        place = block.end()
        if lengths := LENGTH.findall(block[1]):
            *silent, own = (10 * int(each) for each in lengths)
            at = until + sum(silent)
            until = at + own
    pieces.append(TimedPiece(at, until, text[place:]))
    plain = (piece._replace(text=re.sub(r"\\[Nnh]", " ", piece.text)) for piece in pieces)
    return words_of(plain)


def words_of(pieces: Iterable[TimedPiece]) -> list[TimedWord]:
    """Words between spaces, which may begin in one piece and end in another. In a piece, each letter takes as long."""
    words = list[TimedWord]()
    is_open = False  # whether the last word goes on where this piece begins
    for piece in pieces:
        length = len(piece.text.strip()) or 1
        blank = len(piece.text) - len(piece.text.lstrip())
        for found in WORD.finditer(piece.text):
            start, end = (piece.start + (piece.end - piece.start) * (at - blank) // length for at in found.span())
            if is_open and found.start() == 0:
                words[-1] = words[-1]._replace(end=end, text=words[-1].text + found[0])
            else:
                words.append(TimedWord(start, end, found[0]))
        is_open = piece.text[-1:].strip() != "" if piece.text else is_open
    return words


def of_cue(text: str, start: int, end: int, words: Sequence[TimedWord], late: int) -> list[TimedWord]:
    """The words of a plain text, where they are the same; else none. ``words``: those of the whole file, by time."""
    wanted = [letters for each in text.split() if (letters := _letters(each))]
    near = [word for word in words if start - late <= word.start and word.end <= end + late and _letters(word.text)]
    for first in range(len(near) - len(wanted) + 1):
        found = near[first : first + len(wanted)]
        if wanted and [_letters(word.text) for word in found] == wanted and _is_in_order(found):
            return found
    return []


def _is_in_order(words: Sequence[TimedWord]) -> bool:
    times = list(_times(words))
    return times == sorted(times)


def _times(words: Sequence[TimedWord]) -> Iterator[int]:
    for word in words:
        yield from (word.start, word.end)


def _milliseconds(stamp: "re.Match[str]") -> int:
    hours, minutes, seconds, fraction = (int(part or 0) for part in stamp.groups())
    return ((hours * 60 + minutes) * 60 + seconds) * 1000 + fraction


def _letters(text: str) -> str:
    return "".join(re.findall(r"\w+", text)).casefold()
