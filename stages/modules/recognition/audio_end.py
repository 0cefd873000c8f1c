"""The end of the audio, which some recognisers don't keep to: they fill the last window up to its length.

Without care, a word with such a time would push all later ones to the end of the audio, where they would make cues.
"""

from collections.abc import Sequence
from dataclasses import replace

from recognition.segments import DroppedText, Segment, SpokenWord, with_words

BEYOND = "its time is after the end of the audio"  # stands in transcripts
LONGEST_WORD = 1.5  # seconds; of one whose own end can't be true


def within_audio(segments: Sequence[Segment], duration: float) -> tuple[list[Segment], list[DroppedText]]:
    """The segments as far as they are within ``duration`` (seconds), and the text that begins after it."""
    kept: list[Segment] = []
    dropped: list[DroppedText] = []
    for segment in segments:
        if not segment.words:
            if segment.start < duration:
                kept.append(replace(segment, end=min(segment.end, duration)))
            else:
                dropped.append(_dropped(segment))
            continue
        inside = [_shortened(word, duration) for word in segment.words if word.start < duration]
        beyond = [word for word in segment.words if word.start >= duration]
        if inside:
            kept.append(with_words(segment, inside) if tuple(inside) != segment.words else segment)
        if beyond:
            dropped.append(_dropped(with_words(segment, beyond)))
    return kept, dropped


def _shortened(word: SpokenWord, duration: float) -> SpokenWord:
    return word if word.end <= duration else replace(word, end=min(word.start + LONGEST_WORD, duration))


def _dropped(segment: Segment) -> DroppedText:
    return DroppedText(segment.start, segment.end, segment.text, BEYOND)
