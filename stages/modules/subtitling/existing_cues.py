"""Cues that exist, with their times and their number, in lines of a style's length.

Whoever timed them has heard the speech and seen the picture, so nothing of that is put right; the report says which
rules they break.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from subtitling import cue_segmentation, markup, timed_words
from subtitling.cues import Cue
from subtitling.line_breaks import Widths, best_split
from subtitling.style_profiles import Profile


def cues(segments: Sequence[Mapping[str, Any]], profile: Profile, language: str) -> list[Cue]:
    """One for each segment: ``start`` and ``end`` in seconds, and ``text``, whose own lines are several people's."""
    texts = markup.balance(
        "\n".join(line for own in segment["text"].split("\n") for line in broken(own, profile, language))
        for segment in segments
    )
    times = [(round(segment["start"] * 1000), round(segment["end"] * 1000)) for segment in segments]
    return [Cue(*time, text) for time, text in zip(times, texts, strict=True)]


def broken(text: str, profile: Profile, language: str) -> Iterator[str]:
    """A text in as few lines as hold it, broken where it reads well."""
    said = timed_words.of_passages([timed_words.Passage(text, [(0, 0)])], profile)
    widths = cue_segmentation.measure(said, profile, language).widths
    start = 0
    while start < len(said):
        end = _line_end(widths, start, len(said))
        yield "".join(word.text for word in said[start:end]).strip()
        start = end


def _line_end(widths: Widths, start: int, count: int) -> int:
    """Where the first line of the rest ends: well where two lines hold it, else where it is full."""
    upper, _ = best_split(widths, start, count)
    if upper:
        return start + upper
    fits = [end for end in range(start + 1, count) if widths.of(start, end) <= widths.line]
    long = [end for end in fits if 2 * widths.of(start, end) >= widths.line] or fits
    return min(long, key=lambda end: (widths.parting[end], -end))
