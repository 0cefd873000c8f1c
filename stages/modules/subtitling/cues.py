"""Words and cues, and how wide a text is on a screen. All times are whole milliseconds."""

import unicodedata
from functools import lru_cache
from typing import NamedTuple

from subtitling import markup

SENTENCE_ENDS = tuple(".!?…。！？؟।॥።")
CLAUSE_ENDS = tuple(",;:—–，、；：،؛·")
CLOSERS = "\"'”’»›)]}」』）】〉》♪♫"
OPENERS = "\"'“‘„«‹([{「『（【〈《¿¡♪♫-–—－"


class Word(NamedTuple):
    """A word with its leading space, if it has one. Tags in it take no room."""

    start: int
    end: int
    text: str
    speaker: str = ""

    @property
    def spaced(self) -> bool:
        return self.text[:1].isspace()


class Cue(NamedTuple):
    """Lines of text, parted by newlines, shown from start to end. ``<i>``, ``<b>`` and ``<u>`` are the markup in it."""

    start: int
    end: int
    text: str

    @property
    def lines(self) -> list[str]:
        return self.text.split("\n")


def width(text: str) -> int:
    """Columns of a text without tags: two for a full-width character, none for a mark on another."""
    if text.isascii():
        return len(text)
    return sum(map(_columns, text))


def shown_width(text: str) -> int:
    """Columns of all lines of a text, without its tags and line breaks."""
    return width(markup.plain(text).replace("\n", ""))


@lru_cache(maxsize=4096)
def _columns(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def ends_sentence(word: str) -> bool:
    return word.rstrip(CLOSERS).endswith(SENTENCE_ENDS)


def ends_clause(word: str) -> bool:
    return word.rstrip(CLOSERS).endswith(CLAUSE_ENDS)
