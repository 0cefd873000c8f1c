"""Words with times, and cues: the lines of text that a viewer sees. All times are whole milliseconds."""

from typing import NamedTuple


class TimedWord(NamedTuple):
    """A word with its leading space, if it has one. Tags in it take no width."""

    start: int
    end: int
    text: str
    speaker: str = ""

    @property
    def spaced(self) -> bool:
        return self.text[:1].isspace()


class Cue(NamedTuple):
    """Lines of text, separated by newlines, shown from start to end. Its markup is ``<i>``, ``<b>`` and ``<u>``."""

    start: int
    end: int
    text: str

    @property
    def lines(self) -> list[str]:
        return self.text.split("\n")
