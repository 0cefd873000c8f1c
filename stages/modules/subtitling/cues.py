"""Words with times, and cues: the lines of text that a viewer sees. All times are whole milliseconds."""

from typing import NamedTuple

SPEAKERS = " / "  # between the names of several who speak in one cue
BOTTOM_CENTRE = 2  # where players show a cue that says nothing of its place


class TimedWord(NamedTuple):
    """A word with its leading space, if it has one. Tags in it take no width.

    ``turn``: the number of the cue that it is from, and what tells its line from others, where a cue that exists has
    lines of several speakers; else nothing. ``language``: its code where it isn't that of the other words.
    """

    start: int
    end: int
    text: str
    speaker: str = ""
    turn: tuple[int, ...] = ()
    language: str = ""

    @property
    def spaced(self) -> bool:
        return self.text[:1].isspace()


class Cue(NamedTuple):
    """Lines of text, separated by newlines, shown from start to end. Its markup is ``<i>``, ``<b>`` and ``<u>``.

    ``alignment``: its place in the picture as on a keypad of numbers, from 1 (bottom left) to 9 (top right).
    ``language``: its code where it isn't that of the other cues.
    """

    start: int
    end: int
    text: str
    speaker: str = ""
    alignment: int = BOTTOM_CENTRE
    language: str = ""

    @property
    def lines(self) -> list[str]:
        return self.text.split("\n")

    @property
    def row(self) -> int:
        """0 at the bottom of the picture, 1 in its middle, 2 at its top: cues of two rows don't cover each other."""
        return (self.alignment - 1) // 3
