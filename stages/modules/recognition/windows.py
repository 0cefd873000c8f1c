"""Cutting speech at its pauses into windows that a recogniser takes at once, and times in a window into times.

A window is at most half a minute of audio. Long pauses are left out of it, so that it is full of speech: what costs
time is the number of windows. Only where somebody speaks for half a minute without drawing breath, two windows overlap
around the quietest place (``window_merge`` makes one text of theirs).
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from recognition.intervals import Interval, common, length, merged
from recognition.voice_activity import quietest

LIMIT = 29.5  # seconds of audio in a window, of the 30 that Whisper takes
MARGIN = 0.2  # seconds of audio kept before and after speech
MANY = 10  # windows, from which one more or less at the end makes no difference
OVERLAP = 1.0  # seconds, before and after a cut where there is no pause


@dataclass(frozen=True)
class Window:
    """Pieces of the audio that are recognised together, one after the other."""

    pieces: tuple[Interval, ...]
    seam: float | None = None  # where the speech of the window before this one goes on without a pause

    @property
    def start(self) -> float:
        return self.pieces[0][0]

    @property
    def end(self) -> float:
        return self.pieces[-1][1]

    @property
    def duration(self) -> float:
        """Of its audio."""
        return length(list(self.pieces))

    def located(self, start: float, end: float) -> Interval:
        """A word's times in the audio, from those in the window: all of it in the piece where its middle is."""
        begins = [0.0, *accumulate(stop - begin for begin, stop in self.pieces)]
        index = min(max(bisect_right(begins, (start + end) / 2) - 1, 0), len(self.pieces) - 1)
        piece_start, piece_end = self.pieces[index]
        shift = piece_start - begins[index]
        return tuple(min(max(time + shift, piece_start), piece_end) for time in (start, end))  # type: ignore[return-value]


@dataclass(frozen=True)
class _Stretch:
    """Speech, and the audio around it that may be taken along: up to the middle of the pause."""

    speech: Interval
    audio: Interval
    seam: float | None = None


def cut(speech: list[Interval], probabilities: Sequence[float], duration: float, limit: float = LIMIT) -> list[Window]:
    """All of the speech in as few windows as its pauses allow, in order."""
    parts = [part for stretch in speech for part in _parted(stretch, probabilities, limit)]
    stretches = _with_margins(parts, duration)
    return [_window(stretches[first:last]) for first, last in pairwise(_evened(stretches, limit))]


def _parted(stretch: Interval, probabilities: Sequence[float], limit: float) -> list[_Stretch]:
    """One that is longer than a window, in several that overlap."""
    parts, seam = [], None
    start, end = stretch
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


def _evened(stretches: list[_Stretch], limit: float) -> list[int]:
    """Of a few windows an even number and of about the same length, so that two CPUs end at the same time.

    Nothing of this goes by how many CPUs there are: the words would, too.
    """
    cuts = _cuts(stretches, limit)
    count = len(cuts) - 1
    if count < 2:
        return cuts
    wanted = count + 1 if count % 2 and count < MANY else count
    lower = length([each.audio for each in stretches]) / wanted
    while (lower := lower * 1.05) < limit:
        if len(fitting := _cuts(stretches, lower)) - 1 <= wanted:
            return fitting
    return cuts


def _cuts(stretches: list[_Stretch], limit: float) -> list[int]:
    """Where windows begin, and the end: as few as possible, and of those ways the one with the longest pauses."""
    best, before = [0.0], [0]
    for end in range(1, len(stretches) + 1):
        costs: dict[int, float] = {}
        filled = 0.0
        for start in range(end - 1, -1, -1):
            filled += length([stretches[start].audio])
            if filled > limit and costs:
                break
            costs[start] = best[start] + 1 + _cost(stretches, end)
            if stretches[start].seam is not None:
                break
        before.append(min(costs, key=lambda start: costs[start]))
        best.append(costs[before[-1]])
    cuts = [len(stretches)]
    while cuts[-1]:
        cuts.append(before[cuts[-1]])
    return cuts[::-1] if stretches else []


def _cost(stretches: list[_Stretch], end: int) -> float:
    """How bad it is to cut there: never as bad as a window more."""
    if end == len(stretches):
        return 0.0
    pause = stretches[end].speech[0] - stretches[end - 1].speech[1]
    return (1 - min(pause, 1.0)) / len(stretches)


def _window(stretches: list[_Stretch]) -> Window:
    return Window(tuple(merged((each.audio for each in stretches), 0.001)), stretches[0].seam)


def within(speech: list[Interval], ranges: list[Interval]) -> list[Interval]:
    """The speech that is in some ranges, but for scraps at their edges."""
    return [part for part in common(speech, ranges) if length([part]) >= 0.1]
