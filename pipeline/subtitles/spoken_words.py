"""When the words of a cue are spoken, by the transcript that it was made of (pure)."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.subtitles.cue_text import plain
from pipeline.subtitles.draft_cues import DraftCue
from pipeline.values import Struct

LATE = 400  # milliseconds that a cue may begin after its first word, or end before its last


class CueWord(Struct, frozen=True):
    """A word of a transcript. Times are whole milliseconds."""

    start: int
    end: int
    text: str  # letters and digits alone, in lower case
    probability: float


def of_transcript(transcript: Mapping[str, Any]) -> list[CueWord]:
    """All words that have times, in their order."""
    segments = transcript.get("segments", ())
    words = [word for segment in segments for word in segment.get("words") or segment.get("timed_words", ())]
    found = (
        CueWord(round(each["start"] * 1000), round(each["end"] * 1000), _letters(each["word"]), _probability(each))
        for each in words
    )
    return sorted((word for word in found if word.text), key=lambda word: word.start)


def _probability(word: Mapping[str, Any]) -> float:
    """Of words whose times are from a file of subtitles nobody doubts any."""
    return float(word.get("probability", 1.0))


def of_cue(cue: DraftCue, words: Sequence[CueWord]) -> list[CueWord]:
    """A spoken word for each word of the text; empty where these aren't the words that were recognised.

    ``words``: all that are spoken at about the time of the cue.
    """
    wanted = [letters for each in plain(cue.text).split() if (letters := _letters(each))]
    near = [word for word in words if cue.start - LATE <= word.start and word.end <= cue.end + LATE]
    for begin in range(len(near) - len(wanted) + 1):
        found = near[begin : begin + len(wanted)]
        if wanted and [word.text for word in found] == wanted:
            return found
    return []


def by_cue(cues: Sequence[DraftCue], words: Sequence[CueWord]) -> dict[str, list[CueWord]]:
    """By id; only cues whose words are known. ``cues`` in order of time."""
    found: dict[str, list[CueWord]] = {}
    first = 0
    for cue in cues:
        while first < len(words) and words[first].end < cue.start - LATE:
            first += 1
        last = first
        while last < len(words) and words[last].start <= cue.end + LATE:
            last += 1
        if own := of_cue(cue, words[first:last]):
            found[cue.id] = own
    return found


def _letters(text: str) -> str:
    return "".join(re.findall(r"\w+", text)).casefold()
