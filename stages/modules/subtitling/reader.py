"""Subtitle files that were made elsewhere: any format that pysubs2 knows, in any usual encoding."""

import html
import re
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pysubs2

from subtitling import markup
from subtitling.cues import Cue
from subtitling.encodings import Undecodable, decode

LARGEST = 64 << 20  # bytes; a film's subtitles take a thousandth of that
OF_SUFFIX = {
    ".srt": "srt",
    ".vtt": "vtt",
    ".ass": "ass",
    ".ssa": "ssa",
    ".ttml": "ttml",
    ".dfxp": "ttml",
    ".smi": "sami",
}

PLAIN = ("srt", "vtt")  # where a backslash is one, save in \N and \h, which many programs leave there
BACKSLASH = "\ue000"  # stands for it in pysubs2, where it begins a command


class Unreadable(Exception):
    """The reason, in words that go on after the file's name."""


@dataclass(frozen=True)
class Subtitles:
    """A file's cues in its own order, as they are: ``cue_repair.mend`` repairs them."""

    cues: list[Cue]
    format: str
    encoding: str


def read(
    path: Path, language: str = "", frame_rate: float | None = None, tags: Literal["raw", "keep", "strip"] = "keep"
) -> Subtitles:
    """``tags``: as they are in the file (for a check), ours alone, or none. Raises ``Unreadable`` and ``OSError``.

    ``frame_rate`` is for formats that count frames and don't say how many make a second.
    """
    if path.stat().st_size > LARGEST:
        raise Unreadable("it is too large for subtitles")
    try:
        text, encoding = decode(path.read_bytes(), language)
    except Undecodable as error:
        raise Unreadable(str(error)) from error
    kind = _kind(text, path)
    events = _events(text, kind, frame_rate)
    if not events and text.strip() not in ("", "WEBVTT"):
        raise Unreadable(f"it has text, but no cue that could be read as {kind}")
    return Subtitles([_cue(event, kind, tags) for event in events], kind, encoding)


def _kind(text: str, path: Path) -> str:
    """By the content, else by the name: a file may be named wrongly, and an empty one doesn't show what it is."""
    try:
        return pysubs2.formats.autodetect_format(text)
    except pysubs2.exceptions.FormatAutodetectionError:
        kind = OF_SUFFIX.get(path.suffix.lower())
    if kind is None or "\0" in text:
        raise Unreadable("it is no subtitle file of a format that is known")
    return kind


def _events(text: str, kind: str, frame_rate: float | None) -> list[pysubs2.SSAEvent]:
    options = {"keep_html_tags": True} if kind in PLAIN else {}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = pysubs2.SSAFile.from_string(_source(text, kind), format_=kind, fps=frame_rate or None, **options)
    except Exception as error:  # whatever a parser raises for a file that is broken
        raise Unreadable(f"it can't be read as {kind}: {error or type(error).__name__}") from error
    return [event for event in found if not (event.is_comment or event.is_drawing)]


def _source(text: str, kind: str) -> str:
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if kind == "vtt":
        text = _without_notes(text)
    return re.sub(r"\\(?![Nh])", BACKSLASH, text) if kind in PLAIN else text


def _without_notes(text: str) -> str:
    """WebVTT less its notes, styles and the names of cues, which pysubs2 takes for text of the cue before."""
    blocks = re.split(r"\n[ \t]*\n+", text)
    cues = (block[found.start() :] for block in blocks if (found := re.search(r"(?m)^.*-->", block)))
    return "\n\n".join(["WEBVTT", *cues])


def _cue(event: pysubs2.SSAEvent, kind: str, tags: str) -> Cue:
    text = event.text.replace(r"\N", "\n").replace(r"\h", " ")
    if kind in PLAIN:
        text = text.replace(BACKSLASH, "\\")
    else:
        text = text.replace(r"\n", "\n")
        text = re.sub(r"\{[^\\{}]*\}", "", text)  # a comment of SubStation
    if tags != "raw":
        text = markup.normal(text) if tags == "keep" else markup.strip(text)
        text = "\n".join(line.strip() for line in text.split("\n") if markup.plain(line).strip())
    return Cue(event.start, event.end, html.unescape(text) if kind == "vtt" else text)
