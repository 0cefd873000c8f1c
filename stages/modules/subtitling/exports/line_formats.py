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
    partly = [cue for cue in cues if any(markup.TAG.search(markup.unwrapped(line)[0]) for line in _lines(cue))]
    notes = [
        *counted([cue for cue in cues if cue.speaker], "lost who speaks"),
        *counted([cue for cue in cues if cue.alignment != BOTTOM_CENTRE], "lost the place in the picture"),
        *counted(partly, "lost italics that are only on a part of a line"),
    ]
    return WrittenFile((head + "".join(lines)).encode(), notes)


def plain_text(cues: Sequence[Cue], options: ExportOptions) -> WrittenFile:  # noqa: ARG001  # the writers' common form
    """A line for each cue: ``[0:00:01.000 --> 0:00:03.500] Ann: It was the best of times``."""
    lines = (f"[{clock(cue.start)} --> {clock(cue.end)}] {_said(cue)}\n" for cue in cues)
    notes = [
        *counted([cue for cue in cues if markup.TAG.search(cue.text)], "lost italics, bold or underlining"),
        *counted([cue for cue in cues if cue.alignment != BOTTOM_CENTRE], "lost the place in the picture"),
    ]
    return WrittenFile("".join(lines).encode(), notes)


def _said(cue: Cue) -> str:
    text = " ".join(markup.plain(cue.text).split())
    return f"{' '.join(cue.speaker.split())}: {text}" if cue.speaker.strip() else text


def _lines(cue: Cue) -> list[str]:
    return markup.balance(cue.lines, [])


def _microdvd_text(text: str) -> str:
    """Styles of the whole text stand before it, and those of a whole line before that."""
    bare, names = markup.unwrapped(text)
    lines = [markup.unwrapped(line) for line in markup.balance(bare.split("\n"), [])]
    shown = (f"{_styles('y', styles)}{_microdvd_line(markup.plain(line))}" for line, styles in lines)
    return _styles("Y", names) + "|".join(shown)


def _styles(kind: str, names: Sequence[str]) -> str:
    return "".join(f"{{{kind}:{name}}}" for name in names)


def _microdvd_line(line: str) -> str:
    """Characters that are commands become their look-alikes."""
    line = re.sub(r"^/", "\u2215", line.replace("|", "\u2502"))
    return line.replace("{", "(").replace("}", ")")
