"""Reading time shared among neighbours: a cue that is too short to be read gets time that the cues beside it can spare.

A translation is longer than the words that were said, and more so in some sentences. All times are ticks of a clock.
"""

from collections.abc import Sequence
from dataclasses import dataclass

NEIGHBOURS = 4  # cues on each side that can give time


@dataclass(frozen=True)
class ShiftLimits:
    """Ticks that a cue may come before its words, and after them; between two cues; and the end of the last one."""

    lead: int
    lag: int
    gap: int
    end: int


@dataclass
class _CueRow:
    starts: list[int]
    spoken: Sequence[int]
    needed: Sequence[int]
    limits: ShiftLimits

    def spare(self, index: int) -> int:
        """The time that a cue has beyond the time to read it; negative where it has too little."""
        count = len(self.starts)
        until = self.starts[index + 1] - self.limits.gap if index + 1 < count else self.limits.end
        return until - self.starts[index] - self.needed[index]

    def later(self, index: int, ticks: int, depth: int = NEIGHBOURS) -> None:
        """Move a cue's start later by at most ``ticks``, as far as it and the cues after it have time to spare."""
        if index == len(self.starts) or not depth:
            return
        wanted = min(ticks, self.spoken[index] + self.limits.lag - self.starts[index])
        if wanted > self.spare(index):
            self.later(index + 1, wanted - self.spare(index), depth - 1)
        self.starts[index] += max(0, min(wanted, self.spare(index)))

    def earlier(self, index: int, ticks: int, depth: int = NEIGHBOURS) -> None:
        """Move a cue's start earlier, as far as the cues before it, or the silence there, have time to spare."""
        if not depth:
            return
        wanted = min(ticks, self.starts[index] - self.spoken[index] + self.limits.lead)
        if index and wanted > self.spare(index - 1):
            self.earlier(index - 1, wanted - self.spare(index - 1), depth - 1)
        free = self.spare(index - 1) if index else self.starts[0]
        self.starts[index] -= max(0, min(wanted, free))


def shift_starts(starts: Sequence[int], spoken: Sequence[int], needed: Sequence[int], limits: ShiftLimits) -> list[int]:
    """New starts for cues. ``spoken``: when their words start; ``needed``: the time to read each. All are ticks.

    No cue that had enough time gets too little.
    """
    row = _CueRow(list(starts), spoken, needed, limits)
    for index in range(len(starts)):
        if row.spare(index) < 0:
            row.earlier(index, -row.spare(index))
        if row.spare(index) < 0:
            row.later(index + 1, -row.spare(index))
    return row.starts
