"""When each word of a cue is spoken: by the words that recognition heard, else by their length."""

import difflib
import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from subtitling import markup
from subtitling.cues import Cue, TimedWord

AROUND = 500  # milliseconds before and after a cue in which its words may be spoken
LONGEST = 60_000  # milliseconds that a cue may take
TOKEN = re.compile(r"\S+\s*")


class KaraokeToken(NamedTuple):
    """A piece of a cue's text with the space after it, and when it begins, in milliseconds.

    ``is_heard``: whether that is from recognition.
    """

    start: int
    text: str
    is_heard: bool = False


def of_transcript(transcript: Mapping[str, Any]) -> list[TimedWord]:
    """All words that have times, in order."""
    segments = transcript["segments"]
    words = [word for segment in segments for word in segment.get("words") or segment.get("timed_words", ())]
    timed = [TimedWord(round(word["start"] * 1000), round(word["end"] * 1000), word["word"]) for word in words]
    return sorted(timed, key=lambda word: word.start)


def tokens_of_cues(cues: Sequence[Cue], words: Sequence[TimedWord]) -> list[tuple[Cue, list[KaraokeToken]]]:
    """Each cue with its tokens. ``words`` are in order of time, and one is of the cues in whose time it is spoken."""
    ordered = sorted(cues, key=lambda cue: cue.start)
    own: dict[Cue, list[TimedWord]] = {cue: [] for cue in cues}
    starts = [cue.start for cue in ordered]
    for word in words:
        middle = (word.start + word.end) // 2
        near = ordered[bisect_left(starts, middle - LONGEST) : bisect_left(starts, middle + AROUND)]
        around = [cue for cue in near if _distance(cue, middle) == 0] or sorted(
            (cue for cue in near if _distance(cue, middle) <= AROUND), key=lambda cue: _distance(cue, middle)
        )[:1]
        for cue in around:
            own[cue].append(word)
    return [(cue, tokens_of(cue, own[cue])) for cue in cues]


def _distance(cue: Cue, moment: int) -> int:
    return max(0, cue.start - moment, moment - cue.end)


def tokens_of(cue: Cue, words: Sequence[TimedWord]) -> list[KaraokeToken]:
    """The tokens of a cue's text without tags, each not before the one before it. ``words`` are those of the cue."""
    texts = list(_tokens(markup.plain(cue.text)))
    heard = dict(_heard(texts, words))
    known = [(0, cue.start), *((index, start) for index, start in heard.items() if index), (len(texts), cue.end)]
    timed, at = list[KaraokeToken](), cue.start
    for index, text in enumerate(texts):
        at = max(at, min(heard.get(index, _between(index, known, texts)), cue.end))
        timed.append(KaraokeToken(at, text, index in heard))
    return timed


def _tokens(text: str) -> Iterator[str]:
    """Words; of scripts that have no spaces between words, characters."""
    for token in TOKEN.findall(text):
        if any(unicodedata.east_asian_width(character) == "W" for character in token):
            yield from re.findall(r"\w\W*|\W+", token)
        else:
            yield token


def _heard(texts: Sequence[str], words: Sequence[TimedWord]) -> Iterator[tuple[int, int]]:
    """By token: when the word begins that has its first letter."""
    own = [(letter, index) for index, text in enumerate(texts) for letter in _letters(text)]
    said = [(letter, index) for index, word in enumerate(words) for letter in _letters(word.text)]
    matcher = difflib.SequenceMatcher(None, [each[0] for each in own], [each[0] for each in said], autojunk=False)
    found = dict[int, int]()
    for block in matcher.get_matching_blocks():
        for offset in range(block.size):
            token, word = own[block.a + offset][1], said[block.b + offset][1]
            found.setdefault(token, words[word].start)
    return iter(sorted(found.items()))


def _letters(text: str) -> str:
    return "".join(character for character in text.casefold() if character.isalnum())


def _between(index: int, known: Sequence[tuple[int, int]], texts: Sequence[str]) -> int:
    """The share of the time between the nearest tokens whose time is known, by length."""
    left = max((each for each in known if each[0] <= index), key=lambda each: each[0])
    right = min((each for each in known if each[0] > index), key=lambda each: each[0])
    lengths = [len(text) for text in texts[left[0] : right[0]]]
    return left[1] + max(0, right[1] - left[1]) * sum(lengths[: index - left[0]]) // max(1, sum(lengths))
