"""Merging of cues that two have changed: a person, and whoever made the cues again. By time and by words."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from subtitling import markup
from subtitling.cues import Cue

CORE = 0.2  # of a cue's time, at each end, that doesn't count for "at the same time": a new timing moves ends a little


class MergePassage(NamedTuple):
    """What is said at one time: in the cues that both began with, in the person's, and in those made since."""

    base: tuple[Cue, ...]
    own: tuple[Cue, ...]
    other: tuple[Cue, ...]

    @property
    def is_edited(self) -> bool:
        return [_shape(cue) for cue in self.base] != [_shape(cue) for cue in self.own]

    @property
    def is_clash(self) -> bool:
        """Whether both have changed its words, each in another way."""
        return self.is_edited and words(self.other) not in (words(self.base), words(self.own))


class MergedCues(NamedTuple):
    """Cues in order of time, and the passages that a person has changed in them; ``clashes`` are some of these."""

    cues: list[Cue]
    edits: list[MergePassage]
    clashes: list[MergePassage]


def merge(base: Sequence[Cue], own: Sequence[Cue], other: Sequence[Cue]) -> MergedCues:
    """The person's changes of ``base`` in the ``other`` cues. Where these say something else by now, too, the person's
    text stays, and that is a clash."""
    found = list(passages(base, own, other))
    pieces = [_merged(each) for each in found]
    cues = _apart([cue for piece in pieces for cue in piece])
    edits = [each for each in found if each.is_edited]
    return MergedCues(cues, edits, [each for each in edits if each.is_clash])


def passages(base: Sequence[Cue], own: Sequence[Cue], other: Sequence[Cue]) -> Iterator[MergePassage]:
    """In order of time; each cue is in one of them. Cues that are shown at the same time are in the same."""
    numbered = [(side, cue) for side, cues in enumerate((base, own, other)) for cue in cues]
    group: list[tuple[int, Cue]] = []
    until = 0.0
    for side, cue in sorted(numbered, key=lambda each: (_core(each[1]), each[0])):
        start, end = _core(cue)
        if group and start >= until:
            yield _passage(group)
            group = []
        until = max(until, end) if group else end
        group.append((side, cue))
    if group:
        yield _passage(group)


def words(cues: Sequence[Cue]) -> list[str]:
    """What is said, whatever the case, the marks and the lines."""
    text = " ".join(markup.plain(cue.text) for cue in cues)
    return re.findall(r"\w+", unicodedata.normalize("NFKC", text).casefold())


def _passage(group: Sequence[tuple[int, Cue]]) -> MergePassage:
    base, own, other = (tuple(cue for number, cue in group if number == side) for side in range(3))
    return MergePassage(base, own, other)


def _core(cue: Cue) -> tuple[float, float]:
    margin = CORE * max(0, cue.end - cue.start)
    return cue.start + margin, cue.end - margin


def _merged(passage: MergePassage) -> Sequence[Cue]:
    base, own, other = passage
    if not passage.is_edited:
        return other
    if len(base) == len(own) == len(other) and [_times(cue) for cue in base] == [_times(cue) for cue in own]:
        pairs = zip(own, other, strict=True)  # only the text was edited: the new times are as good
        return [cue._replace(start=new.start, end=new.end) for cue, new in pairs]
    return own


def _apart(cues: Sequence[Cue]) -> list[Cue]:
    """Of two passages that touch each other now, the first one ends where the second begins."""
    ordered = sorted(cues, key=_times)
    result: list[Cue] = []
    for cue, following in zip(ordered, [*ordered[1:], None], strict=True):
        overlaps = following is not None and cue.row == following.row and cue.start < following.start < cue.end
        late = overlaps and following is not None and _core(cue)[1] <= following.start
        result.append(cue._replace(end=following.start) if late and following else cue)
    return result


def _times(cue: Cue) -> tuple[int, int]:
    return cue.start, cue.end


def _shape(cue: Cue) -> tuple[int, int, str, int, str]:
    return cue.start, cue.end, cue.text, cue.alignment, cue.speaker
