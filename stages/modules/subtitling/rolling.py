"""Rolling captions: each cue shows the last line once more and adds to it, as live captions and YouTube's do.

Read as they stand, every phrase would be there two or three times. Here each becomes one cue.
"""

from collections.abc import Sequence
from itertools import pairwise

from subtitling import markup
from subtitling.cues import BOTTOM_CENTRE, Cue

GAP = 100  # milliseconds between a cue and the one that takes over its line
FEWEST = 2  # repeated lines
SHARE = 0.5  # of the cues; in other subtitles, few begin with the words before


def without_repeats(cues: Sequence[Cue]) -> list[Cue]:
    """Each phrase once, from when it is new until the next one is; the same cues if they don't roll."""
    cues = _without_scrolling(cues)
    repeated = [_count_repeated(before, after) for before, after in pairwise(cues)]
    if sum(map(bool, repeated)) < max(FEWEST, SHARE * len(repeated)):
        return list(cues)
    phrases: list[Cue] = []
    for count, cue in zip([0, *repeated], cues, strict=True):
        lines = _lines(cue)
        if count and phrases:
            grown = [*phrases[-1].lines[:-1], lines[count - 1]]
            until = cue.start if lines[count:] else cue.end
            phrases[-1] = phrases[-1]._replace(end=until, text="\n".join(grown))
        if lines[count:]:
            phrases.append(cue._replace(text="\n".join(lines[count:]), alignment=BOTTOM_CENTRE))
    texts = markup.balance(phrase.text for phrase in phrases)
    return [phrase._replace(text=text) for phrase, text in zip(phrases, texts, strict=True)]


def _without_scrolling(cues: Sequence[Cue]) -> Sequence[Cue]:
    """Where most cues stay while the next one is shown below, as in two lines that scroll, each ends with the next."""
    both = [before.start < after.start < before.end < after.end for before, after in pairwise(cues)]
    if sum(both) < max(FEWEST + 1, SHARE * len(both)):
        return cues
    cut = [
        cue._replace(end=after.start) if is_cut else cue
        for is_cut, (cue, after) in zip(both, pairwise(cues), strict=True)
    ]
    return [*cut, *cues[-1:]]


def _count_repeated(before: Cue, after: Cue) -> int:
    """How many lines a cue takes over from the end of the one just before; the last of them may have grown."""
    if not 0 <= after.start - before.end <= GAP:
        return 0
    upper, lower = _plain(before), _plain(after)
    for count in range(min(len(upper), len(lower)), 0, -1):
        if upper[-count:-1] == lower[: count - 1] and lower[count - 1].startswith(upper[-1]):
            return count
    return 0


def _lines(cue: Cue) -> list[str]:
    return [line for line in cue.lines if markup.plain(line).strip()]


def _plain(cue: Cue) -> list[str]:
    return [markup.plain(line).strip() for line in _lines(cue)]
