"""A few seconds of a transcript, recognised again: what the recogniser gets, and where its words go."""

import wave
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

MARGIN = 0.6  # seconds of sound before and after, in which a word may begin or end

Segment = Mapping[str, Any]


def cut_sound(sound: Path, start: float, end: float, target: Path) -> float:
    """Write the sound between two times, with a margin, and return the second at which it begins."""
    with wave.open(str(sound), "rb") as whole, wave.open(str(target), "wb") as part:
        rate, count = whole.getframerate(), whole.getnframes()
        first = min(count, round(max(0.0, start - MARGIN) * rate))
        last = min(count, round((end + MARGIN) * rate))
        part.setparams((whole.getnchannels(), whole.getsampwidth(), rate, 0, "NONE", ""))
        whole.setpos(first)
        part.writeframes(whole.readframes(last - first))
        return first / rate


def within(segments: Iterable[Segment], start: float, end: float, shift: float = 0.0) -> list[dict[str, Any]]:
    """Segments ``shift`` seconds later, with the words alone whose middle is between two times."""
    later = (_later(segment, shift) for segment in segments)
    return [part for each in later for part in _parts(each, lambda middle: start <= middle < end)]


def replaced(segments: Sequence[Segment], start: float, end: float, new: Sequence[Segment]) -> list[dict[str, Any]]:
    """The segments with ``new`` ones in the place of the words whose middle is between two times."""
    before = [part for each in segments for part in _parts(each, lambda middle: middle < start)]
    after = [part for each in segments for part in _parts(each, lambda middle: middle >= end)]
    return sorted([*before, *map(dict, new), *after], key=lambda each: (each["start"], each["end"]))


def _later(segment: Segment, shift: float) -> dict[str, Any]:
    def moved(each: Segment) -> dict[str, Any]:
        return {**each, "start": round(each["start"] + shift, 3), "end": round(each["end"] + shift, 3)}

    words = {"words": [moved(word) for word in segment["words"]]} if segment.get("words") else {}
    return {**moved(segment), **words}


def _parts(segment: Segment, fits: Any) -> Iterator[dict[str, Any]]:
    """The part of a segment whose words fit; of one without words, all or nothing."""
    words = segment.get("words")
    if not words:
        if fits((segment["start"] + segment["end"]) / 2):
            yield dict(segment)
        return
    kept = [word for word in words if fits((word["start"] + word["end"]) / 2)]
    if len(kept) == len(words):
        yield dict(segment)
    elif kept:
        text = "".join(word["word"] for word in kept).strip()
        yield {**segment, "start": kept[0]["start"], "end": kept[-1]["end"], "text": text, "words": kept}
