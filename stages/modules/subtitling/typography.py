"""How wide text is on a screen, and which characters end a sentence or a clause. Widths are columns."""

import unicodedata
from functools import lru_cache

from subtitling import markup

SENTENCE_ENDS = tuple(".!?…。！？؟।॥።")
CLAUSE_ENDS = tuple(",;:—–，、；：،؛·")
CLOSERS = "\"'”’»›)]}」』）】〉》〕〗〙〛］｝｠｣〞〟＂＇❜❞♪♫♩♬¶"
CLOSING = ("Pe", "Pf", "Pi", "Cf")  # categories of Unicode: closing brackets, quotes, invisible marks
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


def without_closers(word: str) -> str:
    """The word without quotes and brackets at its end, in any script.

    Opening quotes go, too, since they close in other languages (``„Ja.“``), and so do marks of the writing direction.
    """
    end = len(word)
    while end and (word[end - 1] in CLOSERS or unicodedata.category(word[end - 1]) in CLOSING):
        end -= 1
    return word[:end]


def ends_sentence(word: str) -> bool:
    """Whether a word ends with a mark that ends sentences, closing quotes and brackets aside."""
    return without_closers(word).endswith(SENTENCE_ENDS)


def ends_clause(word: str) -> bool:
    """The same for clauses."""
    return without_closers(word).endswith(CLAUSE_ENDS)
