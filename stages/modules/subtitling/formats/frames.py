"""Formats of one line for a cue: MicroDVD, which counts frames, MPL2, with tenths of a second, and TMPlayer."""

import re
from collections.abc import Iterator

from subtitling.formats import subrip
from subtitling.formats.parsed_file import ParsedFile, ReadingOptions, Unreadable, with_ends

MICRODVD = re.compile(r"\{(\d+)\}\{(\d*)\}(.*)")
MPL2 = re.compile(r"\[(\d+)\]\[(\d*)\](.*)")
TMPLAYER = re.compile(r"(\d{1,2}):(\d{2}):(\d{2})(?:,\d)?[:=](.*)")
RATE = re.compile(r"\s*(\d{2,3}(?:[.,]\d+)?)\s*(?:fps)?\s*", re.IGNORECASE)
CONTROL = re.compile(r"\{([yYcCfFsSPpoHh]):([^{}]*)\}")
KNOWN_RATES = (23.976, 24000 / 1001), (29.97, 30000 / 1001), (59.94, 60000 / 1001)
NO_RATE = "it counts frames and doesn't say how many there are in a second (--frame-rate says it)"
UNKNOWN = -1  # an end that the file doesn't say


def microdvd(text: str, options: ReadingOptions) -> ParsedFile:
    """The first line may be the frame rate, else it is the movie's. Raises ``Unreadable`` if nobody knows it."""
    lines = [found for line in text.split("\n") if (found := MICRODVD.fullmatch(line.strip()))]
    rate = options.frame_rate
    if lines and int(lines[0][1]) <= 1 and lines[0][2] in ("", "0", "1") and (stated := RATE.fullmatch(lines[0][3])):
        rate, lines = _rate(stated[1]), lines[1:]
    if not rate:
        raise Unreadable(NO_RATE)
    cues = [
        subrip.cue_of(_time(line[1], 1000 / rate), _time(line[2], 1000 / rate), _marked(line[3]), options)
        for line in lines
    ]
    return ParsedFile(with_ends(cues))


def mpl2(text: str, options: ReadingOptions) -> ParsedFile:
    """A slash before a line makes it italic."""
    lines = [found for line in text.split("\n") if (found := MPL2.fullmatch(line.strip()))]
    cues = [subrip.cue_of(_time(line[1], 100), _time(line[2], 100), _marked(line[3]), options) for line in lines]
    return ParsedFile(with_ends(cues))


def tmplayer(text: str, options: ReadingOptions) -> ParsedFile:
    """It has whole seconds, and no ends: a cue stays until the next one, which may be empty."""
    cues = []
    for line in text.split("\n"):
        if found := TMPLAYER.fullmatch(line.strip()):
            hours, minutes, seconds = map(int, found.group(1, 2, 3))
            start = 1000 * ((hours * 60 + minutes) * 60 + seconds)
            cues.append(subrip.cue_of(start, UNKNOWN, _marked(found[4]), options))
    return ParsedFile([cue for cue in with_ends(cues) if cue.text.strip()])


def _rate(text: str) -> float:
    """``23.976`` stands for 24000/1001."""
    rate = float(text.replace(",", "."))
    return next((exact for rounded, exact in KNOWN_RATES if abs(rate - rounded) < 0.005), rate)


def _time(count: str, milliseconds: float) -> int:
    return round(int(count) * milliseconds) if count else UNKNOWN


def _marked(text: str) -> str:
    """Lines with our tags: ``{y:i}`` is for its line, ``{Y:i}`` for all, and a slash for its line in both formats."""
    lines = text.split("|")
    for_all = {style for kind, value in CONTROL.findall(text) if kind == "Y" for style in _styles(value)}
    return "\n".join(_marked_line(line, for_all) for line in lines)


def _marked_line(line: str, for_all: set[str]) -> str:
    own = {style for kind, value in CONTROL.findall(line) if kind == "y" for style in _styles(value)}
    bare = CONTROL.sub("", line).strip()
    if bare.startswith("/") and not bare.startswith("//"):
        own.add("i")
        bare = bare[1:].strip()
    styles = sorted(own | for_all) if bare else []
    return "".join(f"<{style}>" for style in styles) + bare + "".join(f"</{style}>" for style in reversed(styles))


def _styles(value: str) -> Iterator[str]:
    return (style for style in value.lower().split(",") if style in ("i", "b", "u"))
