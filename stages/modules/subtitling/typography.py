"""How wide text is on a screen, and which characters end a sentence or a clause. Widths are columns."""

import unicodedata
from functools import lru_cache

from subtitling import markup

SENTENCE_ENDS = tuple(".!?…。！？؟।॥።")
CLAUSE_ENDS = tuple(",;:—–，、；：،؛·")
CLOSERS = "\"'”’»›)]}」』）】〉》♪♫"
OPENERS = "\"'“‘„«‹([{「『（【〈《¿¡♪♫-–—－"


def width(text: str) -> int:
    """Columns of a text without tags: two for a full-width character, none for a mark on another character."""
    if text.isascii():
        return len(text)
    return sum(map(_columns, text))


def shown_width(text: str) -> int:
    """Columns of all lines of a text together, without its tags and line breaks."""
    return width(markup.plain(text).replace("\n", ""))


@lru_cache(maxsize=4096)
def _columns(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def ends_sentence(word: str) -> bool:
    """Whether a word ends with a mark that ends sentences, closing quotes and brackets aside."""
    return word.rstrip(CLOSERS).endswith(SENTENCE_ENDS)


def ends_clause(word: str) -> bool:
    """The same for clauses."""
    return word.rstrip(CLOSERS).endswith(CLAUSE_ENDS)
