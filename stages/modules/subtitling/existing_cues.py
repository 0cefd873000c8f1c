"""Existing cues: their times and number stay, and their text gets lines of the style's length.

Their author has heard the speech and seen the picture, so the timing isn't changed; the report says which rules the
cues break.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from subtitling import cue_segmentation, markup, timed_words
from subtitling.cues import BOTTOM_CENTRE, Cue
from subtitling.line_breaks import LineWidths, best_split
from subtitling.style_profiles import StyleProfile


def cues_of_segments(segments: Sequence[Mapping[str, Any]], profile: StyleProfile, language: str) -> list[Cue]:
    """A cue for each segment, which has ``start`` and ``end`` in seconds, and ``text``, whose lines stay apart.

    Its ``speaker`` and ``alignment`` (that of a ``Cue``) live on, where it has them.
    """
    texts = markup.balance(
        "\n".join(line for own in segment["text"].split("\n") for line in break_lines(own, profile, language))
        for segment in segments
    )
    return [_cue(segment, text) for segment, text in zip(segments, texts, strict=True)]


def _cue(segment: Mapping[str, Any], text: str) -> Cue:
    start, end = (round(segment[name] * 1000) for name in ("start", "end"))
    return Cue(start, end, text, segment.get("speaker") or "", segment.get("alignment", BOTTOM_CENTRE))


def break_lines(text: str, profile: StyleProfile, language: str) -> Iterator[str]:
    """The text in as few lines as it needs, broken where it reads well."""
    said = timed_words.of_passages([timed_words.Passage(text, [(0, 0)])], profile)
    widths = cue_segmentation.measure(said, profile, language).widths
    start = 0
    while start < len(said):
        end = _line_end(widths, start, len(said))
        yield "".join(word.text for word in said[start:end]).strip()
        start = end


def _line_end(widths: LineWidths, start: int, count: int) -> int:
    """The word after the first line of the rest: at a good break if two lines hold the rest, else where it is full."""
    upper, _ = best_split(widths, start, count)
    if upper:
        return start + upper
    fits = [end for end in range(start + 1, count) if widths.of(start, end) <= widths.line]
    long = [end for end in fits if 2 * widths.of(start, end) >= widths.line] or fits
    return min(long, key=lambda end: (widths.break_costs[end], -end))
