"""Diarization: which speaker says which word, from the turns of speakers that were found in the sound."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from recognition.intervals import Interval
from recognition.segments import Segment, SpokenWord, with_words


@dataclass(frozen=True)
class SpeakerTurn:
    """Times in seconds. Turns of several speakers may overlap."""

    start: float
    end: float
    speaker: str


def split_by_speaker(segments: Sequence[Segment], turns: Sequence[SpeakerTurn]) -> list[Segment]:
    """The segments with their speakers, split where the speaker changes; unchanged where there are no turns."""
    if not turns:
        return list(segments)
    parts: list[Segment] = []
    for segment in segments:
        if not segment.words:
            parts.append(replace(segment, speaker=speaker_at((segment.start, segment.end), turns)))
            continue
        words = [replace(word, speaker=speaker_at((word.start, word.end), turns)) for word in segment.words]
        parts += [_with_speaker(segment, list(run)) for _, run in groupby(words, key=lambda word: word.speaker)]
    return parts


def speaker_at(time: Interval, turns: Sequence[SpeakerTurn]) -> str:
    """The speaker whose turn has most of the time, or where nobody has a turn, the nearest one."""
    start, end = time
    # Time in a turn gives more than zero and a distance less than zero; a word without length in a turn gives zero.
    return max(turns, key=lambda turn: min(end, turn.end) - max(start, turn.start)).speaker


def _with_speaker(segment: Segment, words: list[SpokenWord]) -> Segment:
    return replace(with_words(segment, words), speaker=words[0].speaker)
