"""SubRip, as programs and people write it: times with any marks between their numbers, missing numbers and lines."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from subtitling import markup
from subtitling.cues import BOTTOM_CENTRE, Cue
from subtitling.formats.parsed_file import COLOURS, ParsedFile, ReadingOptions

# Programs confuse the marks, some write full-width ones, and a translator's program may change the arrow.
_MARK = r"\s*[:;.,：；．，。、]\s*"
_TIME = rf"(-?\d+){_MARK}(\d{{1,2}}){_MARK}(\d{{1,2}})(?:{_MARK}(\d*))?"
_ARROW = r"\s*(?:[-–—−－=]*\s*(?:[>＞〉→»]|&gt;)|[-–—−－]{1,3}|\s)\s*"
_REST = r"(?:\s+(.*))?"  # a place on the screen, or text that belongs into the next line
TIMES = re.compile(rf"\s*(?:\d+[\s.)]\s*)?{_TIME}{_ARROW}{_TIME}{_REST}")
SHORT_TIMES = re.compile(rf"\s*(\d+):(\d+)[.,](\d+)\s*-+>\s*(\d+):(\d+)[.,](\d+){_REST}")
FRAMES = re.compile(r"\s*\d+:\d\d:\d\d[:;]\d\d\s*-+>\s*\d+:\d\d:\d\d[:;]\d\d\s*")
USUAL_RATE = 25.0  # frames per second, where times count frames and nobody says how many
SETTINGS = re.compile(r"(?:[\w-]+:\S+\s*)*")
# Times with a letter or nothing where a number should be, as after a scan: no text, but no times that can be read.
_POINTER = r"[-–—−－=]+\s*[>＞〉→]"
_SHAPE = rf"\s*[\w?]{{1,4}}(?:{_MARK}[\w?]{{0,4}}){{2,3}}\s*"
LOOKS_LIKE_TIMES = re.compile(rf"{_SHAPE}{_POINTER}.*|.*{_POINTER}{_SHAPE}")
NUMBER = re.compile(r"\s*\d+\s*")
BEGUN_TIMES = re.compile(r"\s*\d{1,3}:[\d:.,\s]*(?:-+>?[\d:.,\s]*)?")
LINE_BREAK = re.compile(r" *<br */?> *", re.IGNORECASE)
WORD_TIME = re.compile(r"<(?:\d+:)?\d\d:\d\d[.,:]\d+>")  # WebVTT's, which converters leave
COLOURED = re.compile(r"<\s*font[\s=]|\{[^{}]*\\(?:\d?c&|fn|fs\d)", re.IGNORECASE)
PLACE = re.compile(r"\\(an?)(\d+)(?=[^{}]*\})")
# SubStation's first version counted 1 to 3 at the bottom, 5 to 7 at the top, and 9 to 11 in the middle.
FIRST_ALIGNMENTS = {1: 1, 2: 2, 3: 3, 5: 7, 6: 8, 7: 9, 9: 4, 10: 5, 11: 6}


class _Block(NamedTuple):
    """The index of a line with times, the times (``None`` where the line can't be read), and text behind them."""

    line: int
    times: tuple[int, int] | None
    text: str = ""


def parse(text: str, options: ReadingOptions) -> ParsedFile:
    """A line that looks like times and can't be read as such is no text: its cue is left out, with a note."""
    lines = text.split("\n")
    whole = _whole_cues(lines)
    lines, rest = lines[:whole], [line for line in lines[whole + 1 :] if line.strip()]
    blocks = [block for index, line in enumerate(lines) if (block := _block(index, line))]
    ends = [*(block.line for block in blocks[1:]), len(lines)]
    rate = options.frame_rate or USUAL_RATE
    has_frames = bool(blocks) and all(FRAMES.fullmatch(lines[block.line]) for block in blocks)
    has_numbers = bool(blocks) and _ends_with_number(lines[: blocks[0].line])
    cues, lost = list[Cue](), list[tuple[int, str]]()
    for block, end in zip(blocks, ends, strict=False):
        if block.times is not None:
            own = [line for line in (block.text, *lines[block.line + 1 : end]) if line.strip()]
            if has_numbers and end < len(lines) and _ends_with_number(own):
                own.pop()  # the next cue's
            start, until = (_of_frames(time, rate) if has_frames else time for time in block.times)
            cues.append(cue_of(start, until, "\n".join(own), options))
            lost += [(start, COLOURS)] if COLOURED.search("\n".join(own)) else []
    notes = [f"the times count frames, of which {rate:g} are taken for a second"] if has_frames else []
    unread = [lines[block.line] for block in blocks if block.times is None]
    return ParsedFile(cues, notes=notes, unread=[*unread, *rest], lost=lost)


def _whole_cues(lines: Sequence[str]) -> int:
    """The number of lines without those of a cue in whose times the file is cut off."""
    last = max((index for index, line in enumerate(lines) if line.strip()), default=0)
    is_cut = last > 1 and BEGUN_TIMES.fullmatch(lines[last]) and not _block(last, lines[last])
    if is_cut and NUMBER.fullmatch(lines[last - 1]) and not lines[last - 2].strip():
        return last - 1
    return len(lines)


def cue_of(start: int, end: int, text: str, options: ReadingOptions) -> Cue:
    """A cue of text with tags as SubRip has them: HTML's, and SubStation's for the place."""
    alignment = alignment_of(text)
    text = WORD_TIME.sub("", without_place(text)).replace(r"\N", "\n").replace(r"\h", " ")
    shown = text if options.raw else markup.normal(LINE_BREAK.sub("\n", text))
    return Cue(start, end, shown, alignment=alignment)


def alignment_of(text: str) -> int:
    """The alignment that SubStation's ``{\\an8}`` or ``{\\a6}`` asks for, or the usual one."""
    place = PLACE.search(text)
    if place is None:
        return BOTTOM_CENTRE
    number = int(place[2])
    if place[1] == "a":
        return FIRST_ALIGNMENTS.get(number, BOTTOM_CENTRE)
    return number if 1 <= number <= 9 else BOTTOM_CENTRE


def without_place(text: str) -> str:
    """Without the tags that ``alignment_of`` reads, and the braces that held nothing else."""
    return PLACE.sub("", text).replace("{}", "")


def has_times(text: str) -> bool:
    """Whether a line of the text has times as SubRip has them, or such as look like them."""
    return any(_block(0, line) for line in text.split("\n"))


def _block(index: int, line: str) -> _Block | None:
    if not any(map(str.isdigit, line)):
        return None
    if times := TIMES.fullmatch(line):
        span = (_milliseconds(*times.group(1, 2, 3, 4)), _milliseconds(*times.group(5, 6, 7, 8)))
        return _Block(index, span, _text_behind(times[9]))
    if times := SHORT_TIMES.fullmatch(line):
        span = (_milliseconds("0", *times.group(1, 2, 3)), _milliseconds("0", *times.group(4, 5, 6)))
        return _Block(index, span, _text_behind(times[7]))
    return _Block(index, None) if LOOKS_LIKE_TIMES.match(line) else None


def _text_behind(rest: str | None) -> str:
    return "" if SETTINGS.fullmatch(rest or "") else rest or ""


def _milliseconds(hours: str, minutes: str, seconds: str, fraction: str | None) -> int:
    sign = -1 if hours.startswith("-") else 1
    whole = (abs(int(hours)) * 60 + int(minutes)) * 60 + int(seconds)
    return max(0, sign * (1000 * whole + (int((fraction or "0")[:3].ljust(3, "0")))))


def _of_frames(time: int, rate: float) -> int:
    """Milliseconds from a time whose hundredths of a second are frames."""
    return time // 1000 * 1000 + round(time % 1000 / 10 * 1000 / rate)


def _ends_with_number(lines: Sequence[str]) -> bool:
    """Whether the last line with anything in it is a number, as before the times of a cue."""
    last = next((line for line in reversed(lines) if line.strip()), "")
    return NUMBER.fullmatch(last) is not None
