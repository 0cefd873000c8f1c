"""Which rules of a style a file's cues break, with what was measured and what is allowed."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from subtitling import markup
from subtitling.cues import Cue, shown_width, width
from subtitling.frame_clock import USUAL_RATE, Clock
from subtitling.style_profiles import Profile

TOLERANCE = 1  # milliseconds by which rounding a frame's time may move it

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
    """``cues`` are numbers from 1, ``at`` milliseconds where the first of them starts."""

    rule: str
    cues: tuple[int, ...]
    at: int
    measured: float
    allowed: float

    @property
    def unit(self) -> str:
        return UNITS[self.rule]


Found = tuple[str, float, float]  # rule, measured, allowed


def lint(cues: Sequence[Cue], profile: Profile, clock: Clock) -> list[Violation]:
    """In the cues' order. Where no frame rate is known, gaps are those of the slowest usual one."""
    found = [
        Violation(rule, (number,), cue.start, measured, allowed)
        for number, cue in enumerate(cues, 1)
        for check in CHECKS
        for rule, measured, allowed in check(cue, profile)
    ]
    gap = 1000 * profile.gap_frames / (clock.rate or Fraction(USUAL_RATE))
    for number, (cue, following) in enumerate(pairwise(cues), 1):
        for rule, measured, allowed in _between(cue, following, float(gap)):
            found.append(Violation(rule, (number, number + 1), following.start, measured, allowed))
    return sorted(found, key=lambda violation: violation.cues)


def too_fast_share(cues: Sequence[Cue], violations: Sequence[Violation]) -> float:
    """The share of cues that leave less time than reading takes."""
    return len([each for each in violations if each.rule == "reading-speed"]) / len(cues) if cues else 0.0


def reading_speed(cue: Cue, profile: Profile) -> float:
    """Characters per second, as the style counts them."""
    return shown_width(cue.text) / profile.unit / max(0.001, (cue.end - cue.start) / 1000)


def _lines(cue: Cue, profile: Profile) -> Iterator[Found]:
    lines = markup.plain(cue.text).split("\n")
    if len(lines) > profile.lines:
        yield "lines", len(lines), profile.lines
    for line in lines:
        if width(line) > profile.line:
            yield "line-length", width(line) / profile.unit, profile.line_characters


def _content(cue: Cue, _: Profile) -> Iterator[Found]:
    if not markup.plain(cue.text).strip():
        yield "empty", 0, 1
    if markup.normal(cue.text) != cue.text:
        yield "markup", len(markup.ANY_TAG.findall(cue.text)), 0


def _duration(cue: Cue, profile: Profile) -> Iterator[Found]:
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


def _between(cue: Cue, following: Cue, gap: float) -> Iterator[Found]:
    apart = following.start - cue.end
    if following.start < cue.start:
        yield "order", (following.start - cue.start) / 1000, 0
    elif apart < 0:
        yield "overlap", -apart / 1000, 0
    elif apart + TOLERANCE < gap:
        yield "gap", apart / 1000, gap / 1000


CHECKS: tuple[Callable[[Cue, Profile], Iterator[Found]], ...] = (_lines, _content, _duration)
