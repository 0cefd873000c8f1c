"""Writing systems: which have spaces between words and capitals, and which marks end a sentence."""

import re
import unicodedata

from subtitling.typography import CLOSERS

SENTENCE_ENDS = "!?…。！？؟।॥።։។။᙮꓿۔｡．‼⁇⁈⁉‽."
UNAMBIGUOUS_ENDS = "。！？؟।॥።։។။۔｡"
MUSIC = "♪♫♩♬¶"  # marks around what is sung; old teletext has ¶

# Scripts without spaces between words. Korean has full-width characters, too, but spaces.
UNSPACED_LETTER = re.compile(
    "[\u0e00-\u0eff\u0f00-\u0fff\u1000-\u109f\u1780-\u17ff\u3000-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff00-\uffef]"
)
AFTER_SENTENCE_END = re.compile(rf"(?<=[{re.escape('。！？｡')}])(?![{re.escape(CLOSERS + SENTENCE_ENDS)}])")


def joined(before: str, after: str) -> str:
    """Two texts as one, with a space between if their script has spaces."""
    if not before or not after:
        return before or after
    if (
        before[-1].isspace()
        or after[0].isspace()
        or (UNSPACED_LETTER.match(before[-1]) and UNSPACED_LETTER.match(after[0]))
    ):
        return before + after
    return f"{before} {after}"


def clean(text: str) -> str:
    """Text without control characters, and with single spaces for white space."""
    if not text.isprintable():
        text = "".join(" " if each.isspace() else each for each in text if each.isspace() or not _is_control(each))
    return " ".join(text.split())


def _is_control(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Cs", "Co", "Cn")


def has_letters(text: str) -> bool:
    return any(map(str.isalpha, text))


def first_letter(text: str) -> str:
    """The first letter or digit, or nothing."""
    return next(filter(str.isalnum, text), "")


def is_shouted(text: str) -> bool:
    """Whether it is more than one word, all in capitals: an engine takes such words for names."""
    return text.isupper() and len(text.split()) > 1
