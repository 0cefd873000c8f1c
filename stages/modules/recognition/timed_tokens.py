"""Words made of a recogniser's tokens: parts of words, each with the time at which it begins."""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from recognition.segments import SpokenWord

LONGEST_TOKEN = 0.4  # seconds; the last one of a word ends then, if nothing follows it sooner
SPECIAL = re.compile(r"<\|.*\|>|<(unk|pad|blk|s|/s)>")  # tokens that are no text


class TimedToken(NamedTuple):
    """``text`` begins with a space where a word begins."""

    text: str
    start: float  # seconds
    probability: float  # 0 to 1


def words_of(tokens: Sequence[TimedToken], end: float) -> list[SpokenWord]:
    """The words, each until its last letters are spoken; ``end`` (seconds) is that of the sound.

    A mark alone, such as a full stop, belongs to the word before, and may come long after it.
    """
    groups = list(_words(tokens))
    starts = [*(group[0].start for group in groups), end]
    return [_word(group, until) for group, (_, until) in zip(groups, pairwise(starts), strict=True)]


def _words(tokens: Sequence[TimedToken]) -> Iterator[list[TimedToken]]:
    word: list[TimedToken] = []
    for token in tokens:
        if SPECIAL.fullmatch(token.text) or not token.text:
            continue
        if word and token.text.startswith(" ") and _has_letters(word):
            yield word
            word = []
        word.append(token)
    if any(token.text.strip() for token in word):
        yield word


def _word(tokens: list[TimedToken], until: float) -> SpokenWord:
    spoken = [token for token in tokens if _has_letters([token])] or tokens[:1]
    end = max(min(spoken[-1].start + LONGEST_TOKEN, until), spoken[-1].start)
    text = "".join(token.text for token in tokens)
    return SpokenWord(
        tokens[0].start,
        end,
        f" {' '.join(text.split())}" if text.startswith(" ") else text,
        sum(token.probability for token in tokens) / len(tokens),
    )


def _has_letters(tokens: Sequence[TimedToken]) -> bool:
    return any(character.isalnum() for token in tokens for character in token.text)
