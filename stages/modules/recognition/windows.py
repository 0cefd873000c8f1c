"""Windows: speech cut at its pauses into parts that a recogniser takes at once.

A window is at most half a minute of audio. Long pauses are left out, so that it is full of speech: the time that
recognition takes depends on the number of windows. Only where somebody speaks for half a minute without a pause do two
windows overlap, around the quietest moment (``window_merge`` then makes one text of both).
"""

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from recognition.intervals import Interval, intersection, length, merged
from recognition.voice_activity import quietest

LONGEST = 29.5  # seconds of audio in a window; Whisper takes 30
MARGIN = 0.2  # seconds of audio kept before and after speech
MANY_WINDOWS = 10  # with so many, an odd one at the end makes no difference
OVERLAP = 1.0  # seconds of audio before and after a cut without a pause


@dataclass(frozen=True)
class WindowLimits:
    """What a recogniser takes at once."""

    longest: float = LONGEST  # seconds of audio in a window
    pause: float = math.inf  # seconds without speech; a window leaves out shorter pauses, and ends at a longer one


@dataclass(frozen=True)
class Window:
    """Pieces of the audio, in seconds, that are recognised together, one after the other."""

    pieces: tuple[Interval, ...]
    seam: float | None = None  # the second at which the speech goes on from the window before without a pause

    @property
    def start(self) -> float:
        return self.pieces[0][0]

    @property
    def end(self) -> float:
        return self.pieces[-1][1]

    @property
    def duration(self) -> float:
        """Seconds of its audio, without what is left out."""
        return length(list(self.pieces))

    def audio_times(self, start: float, end: float) -> Interval:
        """A word's start and end in the audio, from those in the window; the piece with its middle holds all of it."""
        begins = [0.0, *accumulate(stop - begin for begin, stop in self.pieces)]
        index = min(max(bisect_right(begins, (start + end) / 2) - 1, 0), len(self.pieces) - 1)
        piece_start, piece_end = self.pieces[index]
        shift = piece_start - begins[index]
        return tuple(min(max(time + shift, piece_start), piece_end) for time in (start, end))  # type: ignore[return-value]


@dataclass(frozen=True)
class _Stretch:
    """Speech without a long pause, and the audio that goes with it, at most up to the middle of the pauses around."""

    speech: Interval
    audio: Interval
    seam: float | None = None


NO_LIMITS = WindowLimits()


def cut(
    speech: list[Interval], probabilities: Sequence[float], duration: float, limits: WindowLimits = NO_LIMITS
) -> list[Window]:
    """All of the speech, in order, in as few windows as its pauses and the limits allow.

    ``probabilities``: those for ``voice_activity``. ``duration`` of the audio: seconds.
    """
    parts = [part for interval in speech for part in _split_long(interval, probabilities, limits.longest)]
    groups = _split_at_pauses(_with_margins(parts, duration), limits.pause)
    return [
        _window(group[first:last]) for group in groups for first, last in pairwise(_balanced(group, limits.longest))
    ]


def _split_at_pauses(stretches: list[_Stretch], pause: float) -> list[list[_Stretch]]:
    groups: list[list[_Stretch]] = []
    for stretch in stretches:
        if groups and stretch.speech[0] - groups[-1][-1].speech[1] < pause:
            groups[-1].append(stretch)
        else:
            groups.append([stretch])
    return groups


def _split_long(interval: Interval, probabilities: Sequence[float], limit: float) -> list[_Stretch]:
    """Speech that is longer than a window, in several parts that overlap."""
    parts, seam = [], None
    start, end = interval
    room = limit - 2 * (OVERLAP + MARGIN)
    while end - start > room:
        at = quietest(probabilities, start + room / 2, min(start + room, end - OVERLAP))
        parts.append(_Stretch((start, at), (start - (OVERLAP if seam else 0), at + OVERLAP), seam))
        start = seam = at
    return [*parts, _Stretch((start, end), (start - (OVERLAP if seam else 0), end), seam)]


def _with_margins(parts: list[_Stretch], duration: float) -> list[_Stretch]:
    room = [0.0, *((after.speech[0] - before.speech[1]) / 2 for before, after in pairwise(parts)), 0.0]
    padded = []
    for index, part in enumerate(parts):
        start, end = part.audio
        before = MARGIN if index == 0 else min(MARGIN, room[index])
        behind = MARGIN if index == len(parts) - 1 else min(MARGIN, room[index + 1])
        audio = (max(start - before, 0.0), min(end + behind, duration))
        padded.append(_Stretch(part.speech, audio, part.seam))
    return padded


def _balanced(stretches: list[_Stretch], limit: float) -> list[int]:
    """Where windows begin, and the end. A few windows become an even number of similar length: two CPUs end together.

    This doesn't depend on how many CPUs there are, or the recognised words would depend on it, too.
    """
    cuts = _best_cuts(stretches, limit)
    count = len(cuts) - 1
    if count < 2:
        return cuts
    wanted = count + 1 if count % 2 and count < MANY_WINDOWS else count
    lower = length([each.audio for each in stretches]) / wanted
    while (lower := lower * 1.05) < limit:
        if len(fitting := _best_cuts(stretches, lower)) - 1 <= wanted:
            return fitting
    return cuts


def _best_cuts(stretches: list[_Stretch], limit: float) -> list[int]:
    """Where windows begin, and the end: as few windows as possible, and among those ways the longest pauses between."""
    best, before = [0.0], [0]
    for end in range(1, len(stretches) + 1):
        costs: dict[int, float] = {}
        filled = 0.0
        for start in range(end - 1, -1, -1):
            filled += length([stretches[start].audio])
            if filled > limit and costs:
                break
            costs[start] = best[start] + 1 + _cut_cost(stretches, end)
            if stretches[start].seam is not None:
                break
        before.append(min(costs, key=lambda start: costs[start]))
        best.append(costs[before[-1]])
    cuts = [len(stretches)]
    while cuts[-1]:
        cuts.append(before[cuts[-1]])
    return cuts[::-1] if stretches else []


def _cut_cost(stretches: list[_Stretch], end: int) -> float:
    """The cost of a cut there: always less than that of one more window."""
    if end == len(stretches):
        return 0.0
    pause = stretches[end].speech[0] - stretches[end - 1].speech[1]
    return (1 - min(pause, 1.0)) / len(stretches)


def _window(stretches: list[_Stretch]) -> Window:
    return Window(tuple(merged((each.audio for each in stretches), 0.001)), stretches[0].seam)


def speech_within(speech: list[Interval], ranges: list[Interval]) -> list[Interval]:
    """The speech in some ranges, without parts of less than a tenth of a second at their edges."""
    return [part for part in intersection(speech, ranges) if length([part]) >= 0.1]
