"""Places that deserve a look: rules that are broken, text that was doubted, speech without a cue (pure)."""

from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.subtitles.draft_cues import DraftCue
from pipeline.subtitles.spoken_words import CueWord
from pipeline.values import Struct

SILENT = 1000  # milliseconds of speech without a cue that are told
UNLIKELY = 0.5  # the probability of a word under which it is named, in a place that deserves a look anyway
RULES = {
    "line-length": "A line is too long",
    "lines": "There are too many lines",
    "too-short": "It is shown too shortly",
    "too-long": "It is shown too long",
    "reading-speed": "It is too fast to read",
    "gap": "The pause before it is too short",
    "overlap": "It begins before the last one ends",
    "order": "It is out of order",
    "no-time": "It has no time",
    "empty": "It has no text",
    "markup": "It has tags that aren't known",
}
LEAST = ("too-short", "gap", "no-time", "empty")  # rules that name the least that is allowed


class AttentionPoint(Struct, frozen=True):
    """``cue`` is the id of the cue at that time, if there is one; ``at`` is in milliseconds."""

    at: int
    cue: str
    why: str


def points(
    cues: Sequence[DraftCue],
    violations: Sequence[Mapping[str, Any]],
    transcript: Mapping[str, Any],
    words: Mapping[str, Sequence[CueWord]],
) -> list[AttentionPoint]:
    """In order of time. ``cues`` are in the order in which ``violations`` count them, and in order of time."""
    found = [*_of_rules(cues, violations), *_of_doubts(cues, transcript), *_without_cue(cues, transcript)]
    named = [_with_unlikely_words(each, words.get(each.cue, ())) for each in found]
    return sorted(named, key=lambda each: (each.at, each.cue, each.why))


def _of_rules(cues: Sequence[DraftCue], violations: Sequence[Mapping[str, Any]]) -> list[AttentionPoint]:
    found = []
    for each in violations:
        cue = cues[each["cues"][-1] - 1]
        rule, unit = RULES.get(each["rule"], each["rule"]), each["unit"]
        bound = "at least" if each["rule"] in LEAST else "at most"
        what = f"{rule}: {each['measured']:.3g} {unit}, {bound} {each['allowed']:.3g}."
        found.append(AttentionPoint(cue.start, cue.id, what))
    return found


def _of_doubts(cues: Sequence[DraftCue], transcript: Mapping[str, Any]) -> list[AttentionPoint]:
    """What was recognised and left out."""
    found = []
    for each in transcript.get("dropped", ()):
        at, end = round(each["start"] * 1000), round(each["end"] * 1000)
        cue = next((cue for cue in cues if cue.start < end and at < cue.end), None)
        what = f"Recognised and left out here: “{each['text'].strip()}” ({each['reason']})."
        found.append(AttentionPoint(at, cue.id if cue else "", what))
    return found


def _without_cue(cues: Sequence[DraftCue], transcript: Mapping[str, Any]) -> list[AttentionPoint]:
    found, place = [], 0
    for start, end in sorted((round(a * 1000), round(b * 1000)) for a, b in transcript.get("speech", ())):
        while place < len(cues) and cues[place].end <= start:
            place += 1
        at = start
        for cue in cues[place:]:
            if cue.start >= end:
                break
            found += _silence(at, cue.start)
            at = max(at, cue.end)
        found += _silence(at, end)
    return found


def _silence(start: int, end: int) -> list[AttentionPoint]:
    if end - start < SILENT:
        return []
    return [AttentionPoint(start, "", f"Speech was heard for {(end - start) / 1000:.1f} s, and no cue is shown.")]


def _with_unlikely_words(point: AttentionPoint, words: Sequence[CueWord]) -> AttentionPoint:
    unlikely = list(dict.fromkeys(word.text for word in words if word.probability < UNLIKELY))
    if not unlikely:
        return point
    return AttentionPoint(point.at, point.cue, f"{point.why} Heard with doubt: {', '.join(unlikely)}.")
