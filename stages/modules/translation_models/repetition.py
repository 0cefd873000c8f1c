"""Translations that run in a circle: what a model gives that has lost its way."""

import re
import unicodedata

TIMES = 4  # the same words in a row
WORDS = re.compile(rf"(?<!\S)(\S.{{0,60}}?)(?:[\s,.;:!?]+\1){{{TIMES - 1},}}(?!\w)", re.IGNORECASE)
LETTERS = re.compile(r"(.{2,20}?)\1{5,}", re.DOTALL)  # in scripts without spaces
ONE_LETTER = re.compile(r"(\w)\1{9,}")
SHORTEST_JUDGED = 20  # characters
LEAST_VARIETY = 0.2  # different words among all of a longer text
MANY_WORDS = 25


def runs_in_a_circle(answer: str, source: str) -> bool:
    """Whether the answer repeats itself where its source doesn't."""
    return _repeats(_plain(answer)) and not _repeats(_plain(source))


def _plain(text: str) -> str:
    return unicodedata.normalize("NFC", text).strip()


def _repeats(text: str) -> bool:
    if ONE_LETTER.search(text) or WORDS.search(text):
        return True
    if len(text) < SHORTEST_JUDGED:
        return False
    words = text.casefold().split()
    few = len(words) >= MANY_WORDS and len(set(words)) < LEAST_VARIETY * len(words)
    return few or LETTERS.search(text) is not None
