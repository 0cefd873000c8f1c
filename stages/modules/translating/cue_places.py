"""Places of existing cues: what is shown beside other text is read apart from it, and is no part of its sentences."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from subtitling.cues import BOTTOM_CENTRE


class CuePlace(NamedTuple):
    """``alignment``: that of the cue; ``row``: 0, or more for a cue that begins while another one is there."""

    alignment: int = BOTTOM_CENTRE
    row: int = 0


USUAL = CuePlace()


def of_segments(segments: Sequence[Mapping[str, Any]]) -> list[CuePlace]:
    """A place for each segment, which are in order of time. Speech that only moves about stays in the usual place."""
    places = [USUAL] * len(segments)
    shown: list[int] = []  # indexes of those that aren't over yet
    for index, segment in enumerate(segments):
        if "words" in segment:
            continue
        shown = [each for each in shown if segments[each]["end"] > segment["start"]]
        if shown:
            for each in shown:
                places[each] = places[each]._replace(alignment=_alignment(segments[each]))
            places[index] = _free([places[each] for each in shown], _alignment(segment))
        shown.append(index)
    return places


def _alignment(segment: Mapping[str, Any]) -> int:
    return int(segment.get("alignment", BOTTOM_CENTRE))


def _free(taken: Sequence[CuePlace], alignment: int) -> CuePlace:
    """The first row at an alignment that none of the others has."""
    rows = {place.row for place in taken if place.alignment == alignment}
    return CuePlace(alignment, next(row for row in range(len(rows) + 1) if row not in rows))
