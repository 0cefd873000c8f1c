"""What a page gets to know of a draft, as plain values (pure)."""

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any

from pipeline.films.subtitle_drafts import TrackView
from pipeline.subtitles.draft import Draft
from pipeline.subtitles.draft_cues import BOTTOM_CENTRE, DraftCue, in_order
from pipeline.subtitles.spoken_words import CueWord

USUAL_RATE = Fraction(25)  # frames per second, where it isn't known


def of_view(view: TrackView, words: Mapping[str, Sequence[CueWord]]) -> dict[str, Any]:
    """All cues of a track. ``is_outdated``: the subtitles were made again since the draft began."""
    return {
        **_state(view.draft),
        "base": view.base,
        "is_outdated": view.base != view.now,
        "cues": [of_cue(cue) for cue in view.cues],
        "words": {id: [[word.start, word.end] for word in found] for id, found in words.items()},
    }


def of_change(draft: Draft, seen: int) -> dict[str, Any]:
    """What has changed since a page saw the draft as it was at the revision ``seen``."""
    touched: dict[str, None] = {}
    for change in draft.changes:
        if change.revision > seen:
            touched |= dict.fromkeys(cue.id for cue in (*change.before, *change.after))
    cues = in_order(draft.cues[id] for id in touched if id in draft.cues)
    return {
        **_state(draft),
        "base": draft.begun.base if draft.begun else "",
        "cues": [of_cue(cue) for cue in cues],
        "gone": [id for id in touched if id not in draft.cues],
    }


def of_cues(cues: Iterable[DraftCue]) -> list[dict[str, Any]]:
    return [of_cue(cue) for cue in cues]


def of_cue(cue: DraftCue) -> dict[str, Any]:
    """Times are whole milliseconds."""
    shown: dict[str, Any] = {"id": cue.id, "start": cue.start, "end": cue.end, "text": cue.text}
    if cue.speaker:
        shown["speaker"] = cue.speaker
    if cue.alignment != BOTTOM_CENTRE:
        shown["alignment"] = cue.alignment
    if cue.language:
        shown["language"] = cue.language
    return shown


def frame_milliseconds(rate: Any) -> float:
    """How long a frame is shown, for a rate such as ``24000/1001``, ``25`` or 0, where it isn't known."""
    try:
        found = Fraction(str(rate))
    except (ValueError, ZeroDivisionError):
        found = Fraction(0)
    return float(1000 / (found if found > 0 else USUAL_RATE))


def _state(draft: Draft) -> dict[str, Any]:
    return {
        "revision": draft.revision,
        "undoable": len(draft.done),
        "redoable": len(draft.undone),
        "changed": not draft.is_empty,
    }
