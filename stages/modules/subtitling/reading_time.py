"""Time to read taken from neighbours: a cue that is too quick to be read gets what those beside it can spare.

Reckoned in ticks. A translation is longer than what was said, in one sentence more than in the next.
"""

from collections.abc import Sequence
from dataclasses import dataclass

NEIGHBOURS = 4  # that hand time on, to either side


@dataclass(frozen=True)
class Limits:
    """By how many ticks a cue may come before its words, and after; those between cues; the end of the last one."""

    lead: int
    lag: int
    gap: int
    end: int


@dataclass
class _Row:
    starts: list[int]
    spoken: Sequence[int]
    needed: Sequence[int]
    limits: Limits

    def spare(self, index: int) -> int:
        """Time that a cue has beyond what reading it takes; less than nothing where it has too little."""
        count = len(self.starts)
        until = self.starts[index + 1] - self.limits.gap if index + 1 < count else self.limits.end
        return until - self.starts[index] - self.needed[index]

    def later(self, index: int, ticks: int, depth: int = NEIGHBOURS) -> None:
        """The cue comes later, by so much at most, as far as it and those after it can spare it."""
        if index == len(self.starts) or not depth:
            return
        wanted = min(ticks, self.spoken[index] + self.limits.lag - self.starts[index])
        if wanted > self.spare(index):
            self.later(index + 1, wanted - self.spare(index), depth - 1)
        self.starts[index] += max(0, min(wanted, self.spare(index)))

    def earlier(self, index: int, ticks: int, depth: int = NEIGHBOURS) -> None:
        """The same to the other side, where there may be silence, too, or the movie's beginning."""
        if not depth:
            return
        wanted = min(ticks, self.starts[index] - self.spoken[index] + self.limits.lead)
        if index and wanted > self.spare(index - 1):
            self.earlier(index - 1, wanted - self.spare(index - 1), depth - 1)
        free = self.spare(index - 1) if index else self.starts[0]
        self.starts[index] -= max(0, min(wanted, free))


def shared(starts: Sequence[int], spoken: Sequence[int], needed: Sequence[int], limits: Limits) -> list[int]:
    """When cues come, given when their words do, and the time that reading each takes. None is made too quick by it."""
    row = _Row(list(starts), spoken, needed, limits)
    for index in range(len(starts)):
        if row.spare(index) < 0:
            row.earlier(index, -row.spare(index))
        if row.spare(index) < 0:
            row.later(index + 1, -row.spare(index))
    return row.starts
