"""Plain text with times, as this project and Whisper's own command write it: ``[00:01.000 --> 00:03.500] text``."""

import re

from subtitling.formats import subrip
from subtitling.formats.parsed_file import ParsedFile, ReadingOptions

_TIME = r"(?:(\d+):)?(\d{1,2}):(\d{2})[.,](\d{1,3})"
LINE = re.compile(rf"\s*\[\s*{_TIME}\s*-->\s*{_TIME}\s*\]\s*(.*)")
ANY = re.compile(r"\s*\[[\d:.,\s]*-->[\d:.,\s]*\].*")


def parse(text: str, options: ReadingOptions) -> ParsedFile:
    """A cue for each line with times; a line without them goes on with the text before it."""
    cues, unread = [], []
    for line in text.split("\n"):
        if found := LINE.fullmatch(line):
            cues.append(subrip.cue_of(_milliseconds(found, 1), _milliseconds(found, 5), found[9].strip(), options))
        elif ANY.fullmatch(line):
            unread.append(line)
        elif cues and line.strip():
            cues[-1] = cues[-1]._replace(text=f"{cues[-1].text}\n{line.strip()}")
    return ParsedFile(cues, unread=unread)


def _milliseconds(found: "re.Match[str]", at: int) -> int:
    hours, minutes, seconds, fraction = found.group(at, at + 1, at + 2, at + 3)
    whole = (int(hours or 0) * 60 + int(minutes)) * 60 + int(seconds)
    return 1000 * whole + int(fraction.ljust(3, "0"))
