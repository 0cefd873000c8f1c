"""Windows: what was made anew at some times of a film, put into the cues of before, of which no others change."""

from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import NamedTuple

from subtitling.cues import Cue

NEARLY = 500  # milliseconds


class ChangedCues(NamedTuple):
    """Neighbouring cues that became others; one of both may be none."""

    before: tuple[Cue, ...]
    after: tuple[Cue, ...]

    @property
    def times(self) -> tuple[int, int]:
        """In milliseconds."""
        cues = (*self.before, *self.after)
        return min((cue.start for cue in cues), default=0), max((cue.end for cue in cues), default=0)


def changes(base: Sequence[Cue], made: Sequence[Cue], windows: Sequence[Sequence[float]]) -> list[ChangedCues]:
    """Where ``made`` differs from ``base`` at the time of a window (pairs of seconds).

    New cues may be cut in other places than before, so a change reaches to the next cue that both have. A cue that says
    the same at nearly the same time stays as it was.
    """
    found = []
    steps = SequenceMatcher(None, base, made, autojunk=False).get_opcodes()
    for kind, begin, end, made_begin, made_end in steps:
        if kind != "equal":
            change = _without_same(base[begin:end], made[made_begin:made_end])
            start, stop = change.times
            if any(1000 * first < stop and start < 1000 * last for first, last in windows):
                found.append(change)
    return found


def _without_same(before: Sequence[Cue], after: Sequence[Cue]) -> ChangedCues:
    """Without the cues at both ends that say the same."""
    first, last = 0, 0
    shared = min(len(before), len(after))
    while first < shared and _is_same(before[first], after[first]):
        first += 1
    while last < shared - first and _is_same(before[-1 - last], after[-1 - last]):
        last += 1
    return ChangedCues(tuple(before[first : len(before) - last]), tuple(after[first : len(after) - last]))


def _is_same(one: Cue, other: Cue) -> bool:
    near = max(abs(one.start - other.start), abs(one.end - other.end)) <= NEARLY
    return near and one._replace(start=other.start, end=other.end) == other


def replaced(base: Sequence[Cue], changed: Sequence[ChangedCues]) -> list[Cue]:
    """``base`` with the changes in it."""
    gone = {cue for each in changed for cue in each.before}
    cues = [cue for cue in base if cue not in gone] + [cue for each in changed for cue in each.after]
    return sorted(cues, key=lambda cue: (cue.start, cue.end))


def at_time_of(change: ChangedCues, cues: Sequence[Cue]) -> list[Cue]:
    """The cues of another version that are shown mostly while the change is."""
    start, end = change.times
    return [cue for cue in cues if start <= (cue.start + cue.end) / 2 < end]
