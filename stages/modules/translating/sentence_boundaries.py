"""Where sentences begin: at marks, turns and pauses, and at the end of a cue that its author has made.

Sounds in brackets and music marks are asides: whether a sentence ends there is decided by the words around them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from translating import sentence_ends
from translating.sentence_ends import SentenceRules
from translating.sentence_tokens import SentenceToken
from translating.writing_systems import MUSIC, is_shouted

LONG_PAUSE = 2.0  # seconds; ends a sentence, whatever the punctuation
SHORT_PAUSE = 0.6  # the same in a text without punctuation
SPARSE = 60  # a text with more words to a sentence's end counts as one without punctuation
LONGEST_ASIDE = 8  # words in brackets; more are a sentence of their own
BRACKETS = {"(": ")", "[": "]", "（": "）", "［": "］", "【": "】", "〔": "〕"}
SONG_MARKS = f"{MUSIC}#"  # teletext has "#"
CLOSING_QUOTES = "»›”’"  # French has a space before them
MARKS = f"{SONG_MARKS}{CLOSING_QUOTES}«‹“‘\"'"  # words of these alone say nothing of a sentence


@dataclass(frozen=True)
class BoundaryRules:
    """Rules for one text."""

    ends: SentenceRules
    is_sparse: bool  # it has next to no punctuation
    shouted: frozenset[int]  # the cues that are all in capitals

    @property
    def pause(self) -> float:
        return SHORT_PAUSE if self.is_sparse else LONG_PAUSE


def rules_for(language: str, tokens: Sequence[SentenceToken]) -> BoundaryRules:
    """The rules for all words of a text."""
    words = [token.plain for token in tokens]
    last = [before.plain for before, after in pairwise(tokens) if before.of_cue and before.cue != after.cue]
    rules = sentence_ends.rules_for(language, words, [*last, *(token.plain for token in tokens[-1:] if token.of_cue)])
    ends = sum(sentence_ends.has_end(word, rules) for word in words)
    texts = ((cue, " ".join(token.plain for token in own)) for cue, own in groupby(tokens, key=lambda token: token.cue))
    return BoundaryRules(
        rules,
        is_sparse=ends * SPARSE < len(words) or (len(words) > 1 and not ends),
        shouted=frozenset(cue for cue, text in texts if is_shouted(text)),
    )


def starts(tokens: Sequence[SentenceToken], rules: BoundaryRules) -> list[bool]:
    """For each word whether a sentence begins with it."""
    asides = _asides(tokens)
    before, after = _neighbours(tokens, asides)
    found = [True] * len(tokens)
    for place in range(1, len(tokens)):
        last, first = before[place], after[place]
        found[place] = _stands_apart(tokens[place - 1], tokens[place], rules.pause) or (
            not _holds_together(tokens, asides, place) and (last is None or _is_between(last, first, rules))
        )
    return found


def _asides(tokens: Sequence[SentenceToken]) -> list[int]:
    """For each word the number of its aside, from 1; 0 for a word that is in none."""
    numbers = [0] * len(tokens)
    place = number = 0
    while place < len(tokens):
        end = _end_of_aside(tokens, place)
        if end > place:
            number += 1
            numbers[place:end] = [number] * (end - place)
        place = max(end, place + 1)
    return numbers


def _end_of_aside(tokens: Sequence[SentenceToken], place: int) -> int:
    """The place after the aside that begins at ``place``, or ``place`` itself where none begins."""
    first = tokens[place].plain
    if not tokens[place].plain.strip(MARKS):
        return place + 1
    closing = BRACKETS.get(first[:1])
    for end in range(place, min(place + LONGEST_ASIDE, len(tokens))) if closing else ():
        if tokens[end].cue != tokens[place].cue or (end > place and tokens[end].opens):
            break
        if closing and closing in tokens[end].plain:
            return end + 1
    return place


def _neighbours(
    tokens: Sequence[SentenceToken], asides: Sequence[int]
) -> tuple[list[SentenceToken | None], list[SentenceToken | None]]:
    """For each place the nearest word before it, and the one at or after it, that is in no aside."""
    before: list[SentenceToken | None] = []
    after: list[SentenceToken | None] = []
    last = None
    for token, aside in zip(tokens, asides, strict=True):
        before.append(last)
        last = last if aside else token
    first = None
    for token, aside in zip(reversed(tokens), reversed(asides), strict=True):
        first = first if aside else token
        after.append(first)
    return before, after[::-1]


def _stands_apart(before: SentenceToken, after: SentenceToken, pause: float) -> bool:
    """Whether a line, a song, a pause or another speaker parts two words, whatever they are."""
    if after.opens or before.closes or after.start - before.end >= pause or (_is_music(before) and _is_music(after)):
        return True
    return bool(before.speaker and after.speaker and before.speaker != after.speaker)


def _holds_together(tokens: Sequence[SentenceToken], asides: Sequence[int], place: int) -> bool:
    """Whether no sentence begins at ``place``: within an aside, after one of the same cue, or at a mark that closes."""
    before, after = tokens[place - 1], tokens[place]
    if before.cue != after.cue:
        return False
    if asides[place - 1] or not after.plain.strip(CLOSING_QUOTES):
        return True
    is_last = place + 1 == len(tokens) or tokens[place + 1].cue != after.cue or _is_music(tokens[place + 1])
    return is_last and not after.plain.strip(MARKS)


def _is_music(token: SentenceToken) -> bool:
    return not token.plain.strip(SONG_MARKS)


def _is_between(before: SentenceToken, after: SentenceToken | None, rules: BoundaryRules) -> bool:
    following = after.plain if after else ""
    if after is None or not after.of_cue or before.cue == after.cue:
        return sentence_ends.ends_sentence(before.plain, following, rules.ends)
    if (before.cue in rules.shouted) != (after.cue in rules.shouted):
        return True
    return sentence_ends.ends_with_cue(before.plain, following, rules.ends)
