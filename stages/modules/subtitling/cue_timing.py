"""When cues come and go: with their words, long enough to read, apart from each other, never two at once.

Reckoned in ticks of the movie's clock. Where there isn't time for all, what gives way is first the comfort of reading,
then the moment at which a cue comes, then the reading's speed, and only in a movie too short for its cues their
shortest time.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from subtitling import markup, reading_time
from subtitling.cues import shown_width
from subtitling.frame_clock import Clock
from subtitling.style_profiles import Profile

# Seconds that a cue may come before its words, or after them, where it or a neighbour couldn't be read otherwise.
LEAD, LAG = 0.25, 0.5
BRIDGED = 12  # frames of a gap that looks like a flicker, so the cue before stays (Netflix: fewer than half a second)

Span = tuple[int, int]


@dataclass(frozen=True)
class _Room:
    """All in ticks."""

    shortest: int
    longest: int
    gap: int
    end: int  # of the movie


def timed(spoken: Sequence[Span], texts: Sequence[str], profile: Profile, clock: Clock, duration: int) -> list[Span]:
    """Milliseconds for each cue, given when its words are spoken (in order), and its text."""
    if not texts:
        return []
    spans = [(clock.nearest(start), clock.nearest(end)) for start, end in spoken]
    room = _room(len(texts), clock.at_most(max(duration, 0) / 1000), profile, clock)
    needed = [_needed(text, profile.speed, profile, clock, room) for text in texts]
    wanted = [_needed(text, profile.comfort, profile, clock, room) for text in texts]
    starts = _starts([start for start, _ in spans], room)
    limits = reading_time.Limits(clock.at_most(LEAD), clock.at_most(LAG), room.gap, room.end)
    starts = reading_time.shared(starts, [start for start, _ in spans], needed, limits)
    ends = _ends(starts, [end for _, end in spans], wanted, clock.frames(BRIDGED), room)
    return [(clock.milliseconds(start), clock.milliseconds(end)) for start, end in zip(starts, ends, strict=True)]


def _room(count: int, end: int, profile: Profile, clock: Clock) -> _Room:
    """The profile's bounds, or what is left of them where so many cues don't fit into the movie."""
    room = _Room(
        clock.at_least(profile.shortest), clock.at_most(profile.longest), clock.frames(profile.gap_frames), end
    )
    if count * (room.shortest + room.gap) - room.gap > end:
        gap = min(room.gap, end // (2 * count))
        shortest = min(room.shortest, max(1, (end - (count - 1) * gap) // count))
        room = replace(room, gap=gap, shortest=shortest, end=max(end, count * shortest + (count - 1) * gap))
    return room


def _needed(text: str, speed: float, profile: Profile, clock: Clock, room: _Room) -> int:
    """Ticks to read a text at a speed."""
    words = len(markup.plain(text).split())
    seconds = max(shown_width(text) / speed, words * profile.word_seconds)
    return min(max(room.shortest, clock.at_least(seconds)), room.longest)


def _starts(spoken: Sequence[int], room: _Room) -> list[int]:
    """With the first word, or as soon after it as the cue before leaves room; earlier where the movie's end is near."""
    starts: list[int] = []
    for start in spoken:
        starts.append(max(start, starts[-1] + room.shortest + room.gap) if starts else max(0, start))
    latest = room.end + room.gap
    for index in reversed(range(len(starts))):
        latest -= room.shortest + room.gap
        if starts[index] <= latest:
            break
        starts[index] = latest
    return starts


def _ends(starts: Sequence[int], spoken: Sequence[int], wanted: Sequence[int], bridged: int, room: _Room) -> list[int]:
    """With the last word, or later where reading takes longer and there is silence."""
    ends = []
    for index, start in enumerate(starts):
        until = starts[index + 1] - room.gap if index + 1 < len(starts) else room.end
        end = min(max(spoken[index], start + wanted[index]), until, start + room.longest)
        end = max(end, start + room.shortest)
        if end < until < end + bridged - room.gap and index + 1 < len(starts) and until <= start + room.longest:
            end = until
        ends.append(end)
    return ends
