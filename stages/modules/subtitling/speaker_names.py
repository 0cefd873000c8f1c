"""Who speaks in a transcript, by what its subtitles say: people name speakers there."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from subtitling.cues import SPEAKERS, Cue

Segment = Mapping[str, Any]
EDGE = 100  # milliseconds that a cue and a segment may have in common by rounding alone


def named(segments: Sequence[Segment], cues: Sequence[Cue]) -> list[dict[str, Any]]:
    """The segments, in which who speaks is called as in the cues of their times.

    Where a cue has several speakers, or none is left, a speaker has the name that goes with it most of the time. One
    who has no name any more is nobody: ``speaker`` isn't there then. Cues of which none has a speaker say nothing.
    """
    if not any(cue.speaker for cue in cues):
        return [dict(segment) for segment in segments]
    heard = [_names(segment, cues) for segment in segments]
    usual = _usual(segments, heard)
    return [_renamed(segment, names, usual) for segment, names in zip(segments, heard, strict=True)]


def _names(segment: Segment, cues: Sequence[Cue]) -> Counter[str]:
    """For how many milliseconds each name stands at the segment's time."""
    start, end, found = round(segment["start"] * 1000), round(segment["end"] * 1000), Counter[str]()
    for cue in cues:
        shared = min(end, cue.end) - max(start, cue.start)
        if shared > min(EDGE, (end - start) / 2):
            for name in cue.speaker.split(SPEAKERS):
                found[name] += shared
    return found


def _usual(segments: Sequence[Segment], heard: Sequence[Counter[str]]) -> dict[str, str]:
    """By speaker: the name that stands with it alone for most of the time."""
    times: dict[str, Counter[str]] = {}
    for segment, names in zip(segments, heard, strict=True):
        if segment.get("speaker") and len(names) == 1:
            times.setdefault(segment["speaker"], Counter()).update(names)
    return {speaker: names.most_common(1)[0][0] for speaker, names in times.items()}


def _renamed(segment: Segment, names: Counter[str], usual: Mapping[str, str]) -> dict[str, Any]:
    speaker = segment.get("speaker")
    if not speaker:
        return dict(segment)
    expected = usual.get(speaker, speaker)
    name = next(iter(names)) if len(names) == 1 else expected
    known = {**usual, speaker: name}
    words = [_with_name(word, known.get(word.get("speaker", ""), "")) for word in segment.get("words", ())]
    return _with_name({**segment, **({"words": words} if words else {})}, name)


def _with_name(told: Mapping[str, Any], name: str) -> dict[str, Any]:
    """A segment or a word; what has no speaker gets none."""
    others = {key: value for key, value in told.items() if key != "speaker"}
    return {key: name if key == "speaker" else value for key, value in told.items()} if name else others
