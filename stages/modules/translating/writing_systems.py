"""What scripts have in common and what not: spaces between words, capitals, marks that end a sentence."""

import re
import unicodedata

from subtitling.cues import CLOSERS

ENDS = "!?…。！？؟।॥።։។။᙮꓿."
ALWAYS_AN_END = "。！？؟।॥።։។။"

# Scripts that put no space between words. Korean is as wide as they are, but has spaces.
UNSPACED = re.compile(
    "[\u0e00-\u0eff\u0f00-\u0fff\u1000-\u109f\u1780-\u17ff\u3000-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff00-\uffef]"
)
AFTER_AN_END = re.compile(rf"(?<=[{re.escape('。！？')}])(?![{re.escape(CLOSERS + ENDS)}])")


def joined(before: str, after: str) -> str:
    """Two texts as one, with a space where their script has one."""
    if not before or not after:
        return before or after
    if before[-1].isspace() or after[0].isspace() or (UNSPACED.match(before[-1]) and UNSPACED.match(after[0])):
        return before + after
    return f"{before} {after}"


def clean(text: str) -> str:
    """Without control characters, white space as single spaces."""
    if not text.isprintable():
        text = "".join(" " if each.isspace() else each for each in text if each.isspace() or not _is_control(each))
    return " ".join(text.split())


def _is_control(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Cs", "Co", "Cn")


def has_letters(text: str) -> bool:
    return any(map(str.isalpha, text))


def first_letter(text: str) -> str:
    return next(filter(str.isalnum, text), "")


def is_shouted(text: str) -> bool:
    """All in capitals, and more than one word: an engine takes such words for names."""
    return text.isupper() and len(text.split()) > 1
