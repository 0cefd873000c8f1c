"""What a reader of a format is asked, and what it gives."""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

from subtitling.cues import Cue, TimedWord

OPEN_END = 4000  # milliseconds that a cue stays, at most, if its file doesn't say when it ends
COLOURS = "colours and fonts"  # which a cue loses


class Unreadable(Exception):
    """The reason, in words that continue after the file's name."""


class ReadingOptions(NamedTuple):
    """``language``: a code, or nothing. ``frame_rate``: frames per second, for formats that count and don't say it.

    ``raw``: whether tags that no other format has stay in the text, for a check.
    """

    language: str = ""
    frame_rate: float | None = None
    raw: bool = False


class ParsedFile(NamedTuple):
    """A file's cues in its order, the language that it says it is in, and what a reader should know.

    ``unread``: the lines of times that can't be read; their cues are left out. ``words``: those whose times the file
    says, as karaoke does. ``lost``: what each cue loses since no other format has it, in words, with the cue's start.
    """

    cues: list[Cue]
    language: str = ""
    notes: Sequence[str] = ()
    unread: Sequence[str] = ()
    words: Sequence[TimedWord] = ()
    lost: Sequence[tuple[int, str]] = ()


def with_ends(cues: Iterable[Cue]) -> list[Cue]:
    """Cues whose end isn't known (a negative one) stay until the next one starts, or ``OPEN_END`` at most."""
    ordered = list(cues)
    if not ordered:
        return []
    closed = [
        cue if cue.end >= 0 else cue._replace(end=min(max(following.start, cue.start), cue.start + OPEN_END))
        for cue, following in pairwise(ordered)
    ]
    last = ordered[-1]
    return [*closed, last if last.end >= 0 else last._replace(end=last.start + OPEN_END)]
