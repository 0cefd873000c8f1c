"""One text at a time: for containers such as mp4, where a new text ends the one before."""

from collections.abc import Sequence
from itertools import pairwise

from subtitling import markup
from subtitling.cues import Cue

SHORTEST = 100  # milliseconds; what would be shown for less goes on as it was before


def one_at_a_time(cues: Sequence[Cue]) -> list[Cue]:
    """Cues that don't overlap: where several are shown, one has the text of all, the top of the picture first."""
    ordered = sorted(cues, key=lambda cue: (cue.start, cue.end))
    if all(cue.end <= following.start for cue, following in pairwise(ordered)):
        return ordered
    moments = sorted({moment for cue in ordered for moment in (cue.start, cue.end)})
    flat: list[Cue] = []
    for start, end in pairwise(moments):
        shown = [cue for cue in ordered if cue.start < end and cue.end > start]
        if shown:
            _add(flat, start, end, shown)
    return flat


def _add(flat: list[Cue], start: int, end: int, shown: Sequence[Cue]) -> None:
    ranked = sorted(shown, key=lambda cue: -cue.row)
    text = "\n".join(dict.fromkeys(cue.text for cue in ranked))
    before = flat[-1] if flat else None
    follows = before is not None and before.end == start
    if before and follows and (markup.plain(before.text) == markup.plain(text) or end - start < SHORTEST):
        flat[-1] = before._replace(end=end)
    else:
        flat.append(shown[0]._replace(start=start, end=end, text=text, alignment=ranked[-1].alignment))
