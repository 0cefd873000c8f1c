"""Reader of subtitle files from elsewhere: any format that pysubs2 knows, in any usual encoding."""

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

LARGEST_FILE = 64 << 20  # bytes; a film's subtitles take a thousandth of that
FORMAT_OF_SUFFIX = {
    ".srt": "srt",
    ".vtt": "vtt",
    ".ass": "ass",
    ".ssa": "ssa",
    ".ttml": "ttml",
    ".dfxp": "ttml",
    ".smi": "sami",
}

PLAIN = ("srt", "vtt")  # in these a backslash is text, except in \N and \h, which many programs leave there
BACKSLASH = "\ue000"  # stands for a backslash in pysubs2, where that would begin a command


class Unreadable(Exception):
    """The reason, in words that continue after the file's name."""


@dataclass(frozen=True)
class SubtitleFile:
    """A file's cues as they are, in its order; ``cue_repair.repair`` puts them right. ``encoding``: Python's name."""

    cues: list[Cue]
    format: str
    encoding: str


def read(
    path: Path, language: str = "", frame_rate: float | None = None, tags: Literal["raw", "keep", "strip"] = "keep"
) -> SubtitleFile:
    """Raises ``Unreadable`` and ``OSError``.

    ``language``: a hint for the encoding. ``frame_rate``: frames per second, for formats that count frames and don't
    say it. ``tags``: all of the file's (``raw``, for a check), only ours (``keep``), or none (``strip``).
    """
    if path.stat().st_size > LARGEST_FILE:
        raise Unreadable("it is too large for subtitles")
    try:
        text, encoding = decode(path.read_bytes(), language)
    except Undecodable as error:
        raise Unreadable(str(error)) from error
    kind = _kind(text, path)
    events = _events(text, kind, frame_rate)
    if not events and text.strip() not in ("", "WEBVTT"):
        raise Unreadable(f"it has text, but no cue that could be read as {kind}")
    return SubtitleFile([_cue(event, kind, tags) for event in events], kind, encoding)


def _kind(text: str, path: Path) -> str:
    """The format, by the content, else by the name: a file may have a wrong name, and an empty one has no content."""
    try:
        return pysubs2.formats.autodetect_format(text)
    except pysubs2.exceptions.FormatAutodetectionError:
        kind = FORMAT_OF_SUFFIX.get(path.suffix.lower())
    if kind is None or "\0" in text:
        raise Unreadable("it is no subtitle file of a format that is known")
    return kind


def _events(text: str, kind: str, frame_rate: float | None) -> list[pysubs2.SSAEvent]:
    options = {"keep_html_tags": True} if kind in PLAIN else {}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            events = pysubs2.SSAFile.from_string(_source(text, kind), format_=kind, fps=frame_rate or None, **options)
    except Exception as error:  # parsers raise errors of any kind for a broken file
        raise Unreadable(f"it can't be read as {kind}: {error or type(error).__name__}") from error
    return [event for event in events if not (event.is_comment or event.is_drawing)]


def _source(text: str, kind: str) -> str:
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if kind == "vtt":
        text = _without_notes(text)
    return re.sub(r"\\(?![Nh])", BACKSLASH, text) if kind in PLAIN else text


def _without_notes(text: str) -> str:
    """WebVTT without its notes, styles and names of cues, which pysubs2 takes for text of the cue before."""
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
