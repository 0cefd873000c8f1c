"""SubViewer: version 2 has start and end in a line, version 1 a time in brackets before each text and each pause."""

import re

from subtitling.cues import Cue
from subtitling.formats import subrip
from subtitling.formats.parsed_file import ParsedFile, ReadingOptions, with_ends

_TIME = r"(\d{1,3}):(\d{1,2}):(\d{1,2})(?:[.:](\d{1,3}))?"
TIMES = re.compile(rf"\s*{_TIME}\s*,\s*{_TIME}\s*")
BRACKETED = re.compile(rf"\s*\[{_TIME}\]\s*")
HEADING = re.compile(r"\s*\[(?:END )?(?:INFORMATION|SUBTITLE|SCRIPT|COLF|STYLE|SIZE|FONT|DELAY)\b.*", re.IGNORECASE)
BREAK = re.compile(r"\[br\]|\|", re.IGNORECASE)
UNKNOWN = -1  # an end that the file doesn't say


def parse(text: str, options: ReadingOptions) -> ParsedFile:
    """The cues of either version; a version that has no ends shows a cue until the next time."""
    lines = text.split("\n")
    times = {index: found for index, line in enumerate(lines) if (found := _times(line))}
    ends = [*list(times)[1:], len(lines)]
    cues = []
    for (index, (start, end)), until in zip(times.items(), ends, strict=False):
        own = [line.strip() for line in lines[index + 1 : until] if line.strip() and not HEADING.fullmatch(line)]
        cues.append(subrip.cue_of(start, end, BREAK.sub("\n", "\n".join(own)), options))
    return ParsedFile([cue for cue in with_ends(cues) if cue.text.strip() or _has_end(times, cue)])


def _has_end(times: dict[int, tuple[int, int]], cue: Cue) -> bool:
    return (cue.start, cue.end) in times.values()


def _times(line: str) -> tuple[int, int] | None:
    if found := TIMES.fullmatch(line):
        return _milliseconds(*found.group(1, 2, 3, 4)), _milliseconds(*found.group(5, 6, 7, 8))
    if found := BRACKETED.fullmatch(line):
        return _milliseconds(*found.group(1, 2, 3, 4)), UNKNOWN
    return None


def _milliseconds(hours: str, minutes: str, seconds: str, fraction: str | None) -> int:
    return 1000 * ((int(hours) * 60 + int(minutes)) * 60 + int(seconds)) + int((fraction or "0").ljust(3, "0"))
