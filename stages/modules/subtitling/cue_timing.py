"""Cue timing: cues start and end with their words, stay long enough to be read, have gaps, and never overlap.

Times inside are ticks of the movie's clock. Where there isn't enough time, comfortable reading is given up first, then
the start with the words, then the limit of reading speed; and only if a movie is too short for its cues, their shortest
duration.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from subtitling import markup, reading_time
from subtitling.frame_clock import FrameClock
from subtitling.style_profiles import StyleProfile
from subtitling.typography import shown_width

# Seconds that a cue may start before its words, or after, if it or a neighbour couldn't be read otherwise.
LEAD, LAG = 0.25, 0.5
SHORTEST_GAP = 12  # frames; text flickers in a shorter one, so the cue before stays (Netflix: half a second)

Span = tuple[int, int]


@dataclass(frozen=True)
class _TimeLimits:
    """All in ticks."""

    shortest: int
    longest: int
    gap: int
    end: int  # of the movie


def cue_times(
    spoken: Sequence[Span], texts: Sequence[str], profile: StyleProfile, clock: FrameClock, duration: int
) -> list[Span]:
    """Start and end of each cue. ``spoken``: those of its words, in order. All times are milliseconds."""
    if not texts:
        return []
    spans = [(clock.nearest(start), clock.nearest(end)) for start, end in spoken]
    limits = _time_limits(len(texts), clock.at_most(max(duration, 0) / 1000), profile, clock)
    needed = [_reading_ticks(text, profile.speed, profile, clock, limits) for text in texts]
    wanted = [_reading_ticks(text, profile.comfort, profile, clock, limits) for text in texts]
    starts = _starts([start for start, _ in spans], limits)
    shifts = reading_time.ShiftLimits(clock.at_most(LEAD), clock.at_most(LAG), limits.gap, limits.end)
    starts = reading_time.shift_starts(starts, [start for start, _ in spans], needed, shifts)
    ends = _ends(starts, [end for _, end in spans], wanted, clock.frames(SHORTEST_GAP), limits)
    return [(clock.milliseconds(start), clock.milliseconds(end)) for start, end in zip(starts, ends, strict=True)]


def _time_limits(count: int, end: int, profile: StyleProfile, clock: FrameClock) -> _TimeLimits:
    """The profile's limits, made smaller if ``count`` cues don't fit into the movie otherwise."""
    limits = _TimeLimits(
        clock.at_least(profile.shortest), clock.at_most(profile.longest), clock.frames(profile.gap_frames), end
    )
    if count * (limits.shortest + limits.gap) - limits.gap > end:
        gap = min(limits.gap, end // (2 * count))
        shortest = min(limits.shortest, max(1, (end - (count - 1) * gap) // count))
        limits = replace(limits, gap=gap, shortest=shortest, end=max(end, count * shortest + (count - 1) * gap))
    return limits


def _reading_ticks(text: str, speed: float, profile: StyleProfile, clock: FrameClock, limits: _TimeLimits) -> int:
    """Ticks to read a text at a speed in columns per second."""
    words = len(markup.plain(text).split())
    seconds = max(shown_width(text) / speed, words * profile.word_seconds)
    return min(max(limits.shortest, clock.at_least(seconds)), limits.longest)


def _starts(spoken: Sequence[int], limits: _TimeLimits) -> list[int]:
    """Starts with the first words, or soon after, behind the cue before; earlier where the movie's end is near."""
    starts: list[int] = []
    for start in spoken:
        starts.append(max(start, starts[-1] + limits.shortest + limits.gap) if starts else max(0, start))
    latest = limits.end + limits.gap
    for index in reversed(range(len(starts))):
        latest -= limits.shortest + limits.gap
        if starts[index] <= latest:
            break
        starts[index] = latest
    return starts


def _ends(
    starts: Sequence[int], spoken: Sequence[int], wanted: Sequence[int], bridged: int, limits: _TimeLimits
) -> list[int]:
    """Ends with the last words, or later where reading takes longer and there is silence."""
    ends = []
    for index, start in enumerate(starts):
        until = starts[index + 1] - limits.gap if index + 1 < len(starts) else limits.end
        end = min(max(spoken[index], start + wanted[index]), until, start + limits.longest)
        end = max(end, start + limits.shortest)
        if end < until < end + bridged - limits.gap and index + 1 < len(starts) and until <= start + limits.longest:
            end = until
        ends.append(end)
    return ends
