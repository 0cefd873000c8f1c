"""Lint for cues: which rules of a style they break, with the measured value and the allowed one."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from subtitling import markup
from subtitling.cues import Cue
from subtitling.frame_clock import USUAL_RATE, FrameClock
from subtitling.style_profiles import StyleProfile
from subtitling.typography import shown_width, width

ROWS = 3  # of a picture: top, middle, bottom
TOLERANCE = 1  # milliseconds; rounding may move a frame's time by so much

UNITS = {
    "line-length": "characters",
    "lines": "lines",
    "too-short": "s",
    "too-long": "s",
    "reading-speed": "characters/s",
    "gap": "s",
    "overlap": "s",
    "order": "s",
    "no-time": "s",
    "empty": "characters",
    "markup": "tags",
}


@dataclass(frozen=True)
class Violation:
    """``cues`` are numbers from 1. ``at`` is where it shows, in milliseconds. ``UNITS`` has the unit of both values."""

    rule: str
    cues: tuple[int, ...]
    at: int
    measured: float
    allowed: float

    @property
    def unit(self) -> str:
        return UNITS[self.rule]


BrokenRule = tuple[str, float, float]  # rule, measured, allowed


def lint(cues: Sequence[Cue], profile: StyleProfile, clock: FrameClock) -> list[Violation]:
    """All violations, in the order of cues. If the frame rate isn't known, gaps are those of the slowest usual one."""
    violations = [
        Violation(rule, (number,), cue.start, measured, allowed)
        for number, cue in enumerate(cues, 1)
        for rule, measured, allowed in _of_cue(cue, profile)
    ]
    gap = 1000 * profile.gap_frames / (clock.rate or Fraction(USUAL_RATE))
    for row in range(ROWS):  # what stands in another row of the picture covers nothing
        own = [(number, cue) for number, cue in enumerate(cues, 1) if cue.row == row]
        for (number, cue), (next_number, following) in pairwise(own):
            for rule, measured, allowed in _between(cue, following, float(gap)):
                violations.append(Violation(rule, (number, next_number), following.start, measured, allowed))
    return sorted(violations, key=lambda violation: violation.cues)


def too_fast_share(cues: Sequence[Cue], violations: Sequence[Violation]) -> float:
    """The share (0 to 1) of cues that are too fast to read."""
    return len([each for each in violations if each.rule == "reading-speed"]) / len(cues) if cues else 0.0


def reading_speed(cue: Cue, profile: StyleProfile) -> float:
    """Characters per second, as the style counts characters."""
    return shown_width(markup.shown(cue.text)) / profile.unit / max(0.001, (cue.end - cue.start) / 1000)


def _of_cue(cue: Cue, profile: StyleProfile) -> Iterator[BrokenRule]:
    """What is read is measured without the tags that no player shows as text."""
    read = cue._replace(text=markup.shown(cue.text))
    yield from _lines(read, profile)
    yield from _content(cue)
    yield from _duration(read, profile)


def _lines(cue: Cue, profile: StyleProfile) -> Iterator[BrokenRule]:
    lines = markup.plain(cue.text).split("\n")
    if len(lines) > profile.lines:
        yield "lines", len(lines), profile.lines
    for line in lines:
        if width(line) > profile.line:
            yield "line-length", width(line) / profile.unit, profile.line_characters


def _content(cue: Cue) -> Iterator[BrokenRule]:
    if not markup.plain(cue.text).strip():
        yield "empty", 0, 1
    if markup.shown(cue.text) != cue.text:
        yield "markup", len(markup.ANY_TAG.findall(cue.text)), 0


def _duration(cue: Cue, profile: StyleProfile) -> Iterator[BrokenRule]:
    duration = cue.end - cue.start
    words = len(markup.plain(cue.text).split())
    shortest = max(profile.shortest, words * profile.word_seconds)
    if duration <= 0:
        yield "no-time", duration / 1000, profile.shortest
        return
    if duration + TOLERANCE < 1000 * shortest:
        yield "too-short", duration / 1000, shortest
    if duration - TOLERANCE > 1000 * profile.longest:
        yield "too-long", duration / 1000, profile.longest
    if shown_width(cue.text) * 1000 / profile.speed > duration + TOLERANCE:
        yield "reading-speed", reading_speed(cue, profile), profile.speed_characters


def _between(cue: Cue, following: Cue, gap: float) -> Iterator[BrokenRule]:
    distance = following.start - cue.end
    if following.start < cue.start:
        yield "order", (following.start - cue.start) / 1000, 0
    elif distance < 0:
        yield "overlap", -distance / 1000, 0
    elif distance + TOLERANCE < gap:
        yield "gap", distance / 1000, gap / 1000
