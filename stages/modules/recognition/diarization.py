"""Who says which word, from turns of speakers that were found in the sound."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from recognition.intervals import Interval
from recognition.segments import Segment, Word, of_words


@dataclass(frozen=True)
class Turn:
    """Turns of several speakers may overlap."""

    start: float
    end: float
    speaker: str


def told_apart(segments: Sequence[Segment], turns: Sequence[Turn]) -> list[Segment]:
    """The segments, parted where the speaker changes."""
    if not turns:
        return list(segments)
    found: list[Segment] = []
    for segment in segments:
        if not segment.words:
            found.append(replace(segment, speaker=speaker_at((segment.start, segment.end), turns)))
            continue
        words = [replace(word, speaker=speaker_at((word.start, word.end), turns)) for word in segment.words]
        found += [_of_one(segment, list(run)) for _, run in groupby(words, key=lambda word: word.speaker)]
    return found


def speaker_at(time: Interval, turns: Sequence[Turn]) -> str:
    """Whose turn it is for the most of the time, or where it is nobody's, whose turn is nearest."""
    start, end = time
    # Shared time is above zero, and a distance below; a word without width is as near as can be within a turn.
    return max(turns, key=lambda turn: min(end, turn.end) - max(start, turn.start)).speaker


def _of_one(segment: Segment, words: list[Word]) -> Segment:
    return replace(of_words(segment, words), speaker=words[0].speaker)
