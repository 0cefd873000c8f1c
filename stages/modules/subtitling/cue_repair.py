"""Repair of cues from elsewhere: bad order, overlaps, duplicates, and cues without text or time."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from subtitling import markup
from subtitling.cues import Cue

SHORTEST = 500  # milliseconds that a cue keeps if the next one cuts it short


class CueRepair(NamedTuple):
    """``what`` was wrong: ``empty``, ``no-time``, ``order``, ``twice``, ``together`` or ``overlap``; numbers from 1."""

    what: str
    cues: tuple[int, ...]


def repair(cues: Iterable[Cue]) -> tuple[list[Cue], list[CueRepair]]:
    """Cues in order of time, each with text and a duration, no two at once; and the repairs that were needed.

    Cues that start together become one. A cue that overlaps the next one ends where that starts.
    """
    numbered = [(number, cue) for number, cue in enumerate(cues, 1)]
    usable, repairs = _usable(numbered)
    ordered = sorted(usable, key=lambda each: (each[1].start, each[1].end))
    repairs += [CueRepair("order", (number,)) for number in _out_of_order(usable)]
    result: list[tuple[int, Cue]] = []
    for number, cue in ordered:
        if not result or cue.start >= result[-1][1].end:
            result.append((number, cue))
        else:
            result[-1:], what = _without_overlap(result[-1], (number, cue))
            repairs.append(CueRepair(what, (result[-1][0] if what != "overlap" else result[-2][0], number)))
    return [cue for _, cue in result], repairs


def _usable(numbered: Sequence[tuple[int, Cue]]) -> tuple[list[tuple[int, Cue]], list[CueRepair]]:
    usable, repairs = [], []
    for number, cue in numbered:
        if not markup.plain(cue.text).strip():
            repairs.append(CueRepair("empty", (number,)))
        elif cue.end <= cue.start:
            repairs.append(CueRepair("no-time", (number,)))
            usable.append((number, cue._replace(end=cue.start + SHORTEST)))
        else:
            usable.append((number, cue))
    return usable, repairs


def _out_of_order(usable: Sequence[tuple[int, Cue]]) -> list[int]:
    numbers, latest = [], 0
    for number, cue in usable:
        if cue.start < latest:
            numbers.append(number)
        latest = max(latest, cue.start)
    return numbers


def _without_overlap(before: tuple[int, Cue], after: tuple[int, Cue]) -> tuple[list[tuple[int, Cue]], str]:
    """Two cues that overlap, in order of their starts: as one cue, or one after the other; and what was wrong."""
    (number, first), (_, second) = before, after
    end = max(first.end, second.end)
    if markup.plain(first.text) == markup.plain(second.text):
        return [(number, first._replace(end=end))], "twice"
    if second.start - first.start < SHORTEST:
        return [(number, Cue(first.start, end, f"{first.text}\n{second.text}"))], "together"
    return [(number, first._replace(end=second.start)), after], "overlap"
