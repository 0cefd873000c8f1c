"""WebVTT by its own rules: blocks, settings, and what they say of a cue's place. https://www.w3.org/TR/webvtt1/"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from subtitling import markup
from subtitling.cues import BOTTOM_CENTRE, Cue, TimedWord
from subtitling.formats import subrip, sung_words
from subtitling.formats.parsed_file import ParsedFile, ReadingOptions
from subtitling.formats.webvtt_text import shown_text

_TIME = r"(?:(\d+):)?(\d{1,2}):(\d{1,2})(?:[.,](\d{1,3}))?"
TIMES = re.compile(rf"\s*{_TIME}\s*-->\s*{_TIME}(?:\s+(.*))?")
ARROW = "-->"
LANGUAGE = re.compile(r"Language:\s*([A-Za-z0-9-]+)\s*")
PLACE, CLASSES, LANGUAGES = "the exact place", "classes", "the language of words"  # which a cue loses
CLASS = re.compile(r"<\w+\.[^<>]*>")
SPOKEN_LANGUAGE = re.compile(r"<lang[\s.][^<>]*>", re.IGNORECASE)
# Settings of which nothing is lost: what they say is usual, or one of the nine places that a cue can have here.
KEPT_SETTINGS = re.compile(
    r"(?:position:(?:auto|50%(?:,center)?)|line:(?:auto|0|-1|50%)|size:100%|align:(?:start|center|middle|end|left|right))"
)
NO_CUES = ("NOTE", "STYLE", "REGION")
LINES = 15  # that a picture has room for, where a place is counted in lines
LEFT, CENTRE, RIGHT = 1, 2, 3


def parse(text: str, options: ReadingOptions) -> ParsedFile:
    """The cues of all blocks; notes, styles and names of cues are no text."""
    head, *blocks = _blocks(text)
    language = next((found[1] for line in head if (found := LANGUAGE.fullmatch(line))), "")
    regions = dict(_region(block) for block in blocks if block[0].startswith("REGION"))
    cues = [cue for block in blocks if (cue := _cue(block, regions, options))]
    words = [word for block in blocks for word in _words(block)]
    unread = [line for block in blocks for line in _unread(block)]
    notes = [] if options.raw else _of_hidden(text for block in blocks if (text := _hidden(block)))
    return ParsedFile(cues, language, notes, unread, words, [each for block in blocks for each in _lost(block)])


def _blocks(text: str) -> list[list[str]]:
    """Lines between empty ones. A line with a space isn't empty; times after two lines begin a block of their own."""
    blocks: list[list[str]] = [[]]
    for line in text.split("\n"):
        block = blocks[-1]
        is_head = len(blocks) == 1
        if ARROW in line and (is_head or len(block) > 1 or any(ARROW in before for before in block)):
            blocks.append([line])
        elif line:
            block.append(line)
        elif block or is_head:
            blocks.append([])
    return [blocks[0], *filter(None, blocks[1:])]


def _cue(block: Sequence[str], regions: Mapping[str, float], options: ReadingOptions) -> Cue | None:
    for index, line in enumerate(block[:2]):
        if times := TIMES.fullmatch(line):
            text = "\n".join(block[index + 1 :])
            alignment = _alignment(_settings(times[9] or ""), regions)
            if alignment == BOTTOM_CENTRE:
                alignment = subrip.alignment_of(text)  # which programs leave when they convert
            shown = shown_text(subrip.without_place(text), options.raw)
            return Cue(_time(times, 1), _time(times, 5), shown.text, shown.speaker, alignment)
    return None


def _words(block: Sequence[str]) -> Sequence[TimedWord]:
    """Those with times of their own."""
    for index, line in enumerate(block[:2]):
        if times := TIMES.fullmatch(line):
            return sung_words.of_webvtt("\n".join(block[index + 1 :]), _time(times, 1), _time(times, 5))
    return ()


def _lost(block: Sequence[str]) -> Iterator[tuple[int, str]]:
    """What a cue has and ``Cue`` hasn't, each with the cue's start."""
    for index, line in enumerate(block[:2]):
        if times := TIMES.fullmatch(line):
            start, text = _time(times, 1), "\n".join(block[index + 1 :])
            if not all(KEPT_SETTINGS.fullmatch(each) for each in (times[9] or "").split()):
                yield start, PLACE
            if CLASS.search(text):
                yield start, CLASSES
            if SPOKEN_LANGUAGE.search(text):
                yield start, LANGUAGES
            return


def _hidden(block: Sequence[str]) -> str:
    """What no player shows of a cue, since all of its text is tags that WebVTT hasn't; nothing where some is shown."""
    for index, line in enumerate(block[:2]):
        if TIMES.fullmatch(line):
            text = subrip.without_place("\n".join(block[index + 1 :]))
            whole = markup.plain(markup.normal(shown_text(text, raw=True).text)).strip()
            return "" if markup.plain(shown_text(text, raw=False).text).strip() else whole
    return ""


def _of_hidden(texts: Iterable[str]) -> list[str]:
    """A note on cues whose text is hidden, if there are any."""
    first, *more = [*texts] or [""]
    if not first:
        return []
    what = f"{len(more) + 1} cues were" if more else "1 cue was"
    return [f"{what} left out, since WebVTT takes all of its text for a tag: {first!r} (as text it begins with '&lt;')"]


def _unread(block: Sequence[str]) -> list[str]:
    """Lines with an arrow and numbers that should have been times."""
    if block[0].startswith(NO_CUES):
        return []
    return [line for line in block[:2] if ARROW in line and re.search(r"\d", line) and not TIMES.fullmatch(line)]


def _time(times: "re.Match[str]", group: int) -> int:
    hours, minutes, seconds, fraction = times.group(group, group + 1, group + 2, group + 3)
    whole = (int(hours or 0) * 60 + int(minutes)) * 60 + int(seconds)
    return 1000 * whole + int((fraction or "0").ljust(3, "0"))


def _settings(text: str) -> Mapping[str, str]:
    """``{"line": "5%,start"}`` of ``line:5%,start``."""
    return {name: value for name, _, value in (each.partition(":") for each in text.split())}


def _region(block: Sequence[str]) -> tuple[str, float]:
    """A region's name, and how far down its anchor is, in percent."""
    settings = _settings(" ".join(block[1:]))
    return settings.get("id", ""), _percent(settings.get("viewportanchor", "").partition(",")[2], 100.0)


def _alignment(settings: Mapping[str, str], regions: Mapping[str, float]) -> int:
    line = settings.get("line", "").partition(",")[0]
    down = regions.get(settings.get("region", ""), 100.0)
    if re.fullmatch(r"-?\d+", line):
        number = int(line)
        down = 100 * (number if number >= 0 else LINES + number) / (LINES - 1)
    elif line:
        down = _percent(line, 100.0)
    row = 2 if down < 34 else 1 if down < 67 else 0
    return 3 * row + _column(settings)


def _column(settings: Mapping[str, str]) -> int:
    """By the cue's position; one that has none stands where its text is aligned to."""
    align = settings.get("align", "center")
    aligned = {"start": 0.0, "left": 0.0, "end": 100.0, "right": 100.0}.get(align, 50.0)
    across = _percent(settings.get("position", "").partition(",")[0], aligned)
    return LEFT if across < 34 else CENTRE if across < 67 else RIGHT


def _percent(text: str, otherwise: float) -> float:
    number = re.fullmatch(r"(\d+(?:\.\d+)?)%", text)
    return float(number[1]) if number else otherwise
