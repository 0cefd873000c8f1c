"""What a writer of a format is asked, and what it gives."""

from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

from subtitling.cues import Cue, TimedWord


class Unwritable(Exception):
    """The format can't hold these subtitles; the reason, in words that continue after the format's name."""


class ExportOptions(NamedTuple):
    """``frame_rate``: the film's, where it is known. ``words``: those that were spoken, as far as known."""

    language: str = ""
    frame_rate: Fraction | None = None
    right_to_left: bool = False
    title: str = ""
    words: Sequence[TimedWord] = ()


class WrittenFile(NamedTuple):
    """A file's content. ``notes`` say what of these very subtitles it doesn't have."""

    data: bytes
    notes: Sequence[str] = ()


def clock(milliseconds: int) -> str:
    """``0:01:02.500``"""
    seconds, rest = divmod(milliseconds, 1000)
    return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}.{rest:03}"


def counted(cues: Sequence[Cue], what: str) -> list[str]:
    """A note on these cues, if there are any: how many they are, and where the first one is."""
    if not cues:
        return []
    number = "1 cue" if len(cues) == 1 else f"{len(cues)} cues"
    return [f"{number} {what} (the first one at {clock(cues[0].start)})"]
