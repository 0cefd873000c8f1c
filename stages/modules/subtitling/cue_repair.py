"""Repair of cues from elsewhere: bad order, duplicates, cues without text or time, and ends that are a little late."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from subtitling import markup
from subtitling.cues import SPEAKERS, Cue

SHORTEST = 500  # milliseconds that a cue keeps if the next one cuts it short
LATE = 500  # milliseconds that a cue may reach into the next one by mistake


class CueRepair(NamedTuple):
    """``what`` was wrong: ``empty``, ``no-time``, ``order``, ``twice``, ``together`` or ``overlap``; numbers from 1.

    ``at-once``: cues that are shown while another one is, as their author wants it, and stay so.
    """

    what: str
    cues: tuple[int, ...]


_Numbered = tuple[int, Cue]


def repair(cues: Iterable[Cue]) -> tuple[list[Cue], list[CueRepair]]:
    """Cues in order of time, each with text and a duration; and the repairs that were needed.

    Cues in one row of the picture that start and end together become one, and a cue that reaches a little into the next
    one ends where that starts. What is shown beside something else on purpose keeps its times: a sign over speech, an
    interjection within a longer cue, two people who speak at once.
    """
    usable, repairs = _usable(list(enumerate(cues, 1)))
    ordered = sorted(usable, key=lambda each: (each[1].start, each[1].end))
    repairs += [CueRepair("order", (number,)) for number in _out_of_order(usable)]
    result: list[_Numbered] = []
    shown: list[int] = []  # indexes of those that aren't over yet
    for each in ordered:
        shown = [index for index in shown if result[index][1].end > each[1].start]
        beside = [index for index in reversed(shown) if result[index][1].row == each[1].row]
        found = [_resolve(result, index, each) for index in beside]
        repairs += [CueRepair(what, (result[index][0], each[0])) for index, what in zip(beside, found, strict=True)]
        if not {"twice", "together"} & set(found):
            shown.append(len(result))
            result.append(each)
    return [cue for _, cue in result], repairs


def _resolve(result: list[_Numbered], index: int, after: _Numbered) -> str:
    """What is wrong with two cues that are shown at once. The first is changed, and may take the second into itself."""
    (number, first), (_, second) = result[index], after
    if markup.plain(first.text) == markup.plain(second.text):
        result[index] = (number, first._replace(end=max(first.end, second.end)))
        return "twice"
    if second.start - first.start < SHORTEST and abs(second.end - first.end) < SHORTEST:
        result[index] = (number, _together(first, second))
        return "together"
    is_late = first.end - second.start <= LATE and first.end < second.end
    if is_late and second.start - first.start >= SHORTEST:
        result[index] = (number, first._replace(end=second.start))
        return "overlap"
    return "at-once"


def _together(first: Cue, second: Cue) -> Cue:
    speakers = dict.fromkeys(filter(None, (first.speaker, second.speaker)))
    text = f"{first.text}\n{second.text}"
    return first._replace(end=max(first.end, second.end), text=text, speaker=SPEAKERS.join(speakers))


def _usable(numbered: Sequence[_Numbered]) -> tuple[list[_Numbered], list[CueRepair]]:
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


def _out_of_order(usable: Sequence[_Numbered]) -> list[int]:
    numbers, latest = [], 0
    for number, cue in usable:
        if cue.start < latest:
            numbers.append(number)
        latest = max(latest, cue.start)
    return numbers
