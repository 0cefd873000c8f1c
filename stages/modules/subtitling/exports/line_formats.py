"""Formats of lines: MicroDVD, which counts frames, and plain text with times."""

import re
from collections.abc import Sequence

from subtitling import markup
from subtitling.cues import BOTTOM_CENTRE, Cue
from subtitling.exports.written_file import ExportOptions, Unwritable, WrittenFile, clock, counted

NO_RATE = (
    "it counts frames, and how many the film has in a second isn't known "
    "(pipeline subtitles convert --frame-rate says it)"
)

NO_RATE = (
    "it counts frames, and how many the film has in a second isn't known "
    "(pipeline subtitles convert --frame-rate says it)"
)


def microdvd(cues: Sequence[Cue], options: ExportOptions) -> WrittenFile:
    """The first line says the frame rate, as most players expect it. Raises ``Unwritable`` where nobody knows it."""
    rate = options.frame_rate
    if not rate:
        raise Unwritable(NO_RATE)
    head = f"{{1}}{{1}}{float(rate):.3f}\n"
    lines = (
        f"{{{round(cue.start * rate / 1000)}}}{{{round(cue.end * rate / 1000)}}}{_microdvd_text(cue.text)}\n"
        for cue in cues
    )
    partly = [cue for cue in cues if markup.TAG.search(markup.unwrapped(cue.text)[0])]
    notes = [
        *counted([cue for cue in cues if cue.speaker], "lost who speaks"),
        *counted([cue for cue in cues if cue.alignment != BOTTOM_CENTRE], "lost the place in the picture"),
        *counted(partly, "lost italics that are only on a part of the text"),
    ]
    return WrittenFile((head + "".join(lines)).encode(), notes)


def plain_text(cues: Sequence[Cue], options: ExportOptions) -> WrittenFile:  # noqa: ARG001  # the writers' common form
    """A line for each cue: ``[0:00:01.000 --> 0:00:03.500] Ann: It was the best of times``."""
    return WrittenFile("".join(f"[{clock(cue.start)} --> {clock(cue.end)}] {_said(cue)}\n" for cue in cues).encode())


def _said(cue: Cue) -> str:
    text = " ".join(markup.plain(cue.text).split())
    return f"{' '.join(cue.speaker.split())}: {text}" if cue.speaker.strip() else text


def _microdvd_text(text: str) -> str:
    """Styles of the whole text stand before it. Characters that are commands become their look-alikes."""
    bare, names = markup.unwrapped(text)
    lines = [_microdvd_line(line) for line in markup.plain(bare).split("\n")]
    return "".join(f"{{Y:{name}}}" for name in names) + "|".join(lines)


def _microdvd_line(line: str) -> str:
    line = re.sub(r"^/", "\u2215", line.replace("|", "\u2502"))
    return line.replace("{", "(").replace("}", ")")
