"""Cues of a file that was made elsewhere, put right as far as that can be done without its author."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from subtitling import markup
from subtitling.cues import Cue

LEFT = 500  # milliseconds that a cue keeps at least where the next one cuts it short


class Mended(NamedTuple):
    """``what`` was wrong with cues: ``empty``, ``no-time``, ``order``, ``twice``, ``together`` or ``overlap``."""

    what: str
    cues: tuple[int, ...]


def mend(cues: Iterable[Cue]) -> tuple[list[Cue], list[Mended]]:
    """In order of time, each with text and a time, no two at once.

    What is shown at the same time goes into one cue. Where a cue reaches into the next one, it ends there.
    """
    numbered = [(number, cue) for number, cue in enumerate(cues, 1)]
    usable, mended = _usable(numbered)
    ordered = sorted(usable, key=lambda each: (each[1].start, each[1].end))
    mended += [Mended("order", (number,)) for number in _out_of_order(usable)]
    result: list[tuple[int, Cue]] = []
    for number, cue in ordered:
        if not result or cue.start >= result[-1][1].end:
            result.append((number, cue))
        else:
            result[-1:], what = _parted(result[-1], (number, cue))
            mended.append(Mended(what, (result[-1][0] if what != "overlap" else result[-2][0], number)))
    return [cue for _, cue in result], mended


def _usable(numbered: Sequence[tuple[int, Cue]]) -> tuple[list[tuple[int, Cue]], list[Mended]]:
    usable, mended = [], []
    for number, cue in numbered:
        if not markup.plain(cue.text).strip():
            mended.append(Mended("empty", (number,)))
        elif cue.end <= cue.start:
            mended.append(Mended("no-time", (number,)))
            usable.append((number, cue._replace(end=cue.start + LEFT)))
        else:
            usable.append((number, cue))
    return usable, mended


def _out_of_order(usable: Sequence[tuple[int, Cue]]) -> list[int]:
    found, latest = [], 0
    for number, cue in usable:
        if cue.start < latest:
            found.append(number)
        latest = max(latest, cue.start)
    return found


def _parted(before: tuple[int, Cue], after: tuple[int, Cue]) -> tuple[list[tuple[int, Cue]], str]:
    """Two cues that overlap, the later one second: as one, or one after the other."""
    (number, first), (_, second) = before, after
    end = max(first.end, second.end)
    if markup.plain(first.text) == markup.plain(second.text):
        return [(number, first._replace(end=end))], "twice"
    if second.start - first.start < LEFT:
        return [(number, Cue(first.start, end, f"{first.text}\n{second.text}"))], "together"
    return [(number, first._replace(end=second.start)), after], "overlap"
