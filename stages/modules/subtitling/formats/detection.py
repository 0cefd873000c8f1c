"""Which format a subtitle file is in: by what is in it, since names are often wrong."""

import re
from pathlib import Path

from subtitling.formats import frames, subrip, subviewer, timed_lines
from subtitling.formats.parsed_file import Unreadable

BY_SUFFIX = {
    ".srt": "srt",
    ".vtt": "vtt",
    ".ass": "ass",
    ".ssa": "ssa",
    ".ttml": "ttml",
    ".dfxp": "ttml",
    ".itt": "ttml",
    ".smi": "sami",
    ".sami": "sami",
    ".scc": "scc",
}
# Binary files: bytes, where they stand, and what the file is.
PICTURES = ((b"\x00\x00\x01\xba", 0, "VobSub"), (b"PG", 0, "PGS"))
EBU_STL = re.compile(rb".{3}STL\d\d\.01", re.DOTALL)
_ANYWHERE = r"(?is)(?:.*?)"
HEADINGS = (
    (re.compile(r"WEBVTT"), "vtt"),
    (re.compile(r"(?i)Scenarist_SCC"), "scc"),
    (re.compile(_ANYWHERE + r"\[V4\+ Styles"), "ass"),
    (re.compile(_ANYWHERE + r"\[V4 Styles"), "ssa"),
    (re.compile(r"(?i)\[Script Info\]"), "ass"),
    (re.compile(_ANYWHERE + r"<SAMI\b"), "sami"),
    (re.compile(_ANYWHERE + r"<(?:\w+:)?tt\b[^>]*xmlns"), "ttml"),
)
# Formats that aren't read, and would be taken for others.
UNREAD = (
    (re.compile(r"(?s).*?^\s*\d\d(?:[:;]\d\d){3}\s*,\s*\d\d(?:[:;]\d\d){3}\s*,", re.MULTILINE), "Spruce STL"),
    (re.compile(_ANYWHERE + r"<begin subtitles>"), "Avid DS"),
    (re.compile(r"(?i)\s*\{QTtext\}"), "QuickTime text"),
    (re.compile(r"(?i)\s*<window\b"), "RealText"),
    (re.compile(r"# VobSub index file"), "the index of VobSub, whose subtitles are pictures"),
    (re.compile(r"File Format=MacCaption_MCC"), "MacCaption MCC"),
    (
        re.compile(r"(?:\s*\[[a-z]{2,}:[^\]]*\]\s*)*(?:\[\d{1,3}:\d\d(?:\.\d+)?\][^\n]*\n\s*){2}"),
        "LRC, lyrics without ends",
    ),
)
CONVERT = "convert it to SubRip or WebVTT first"


def of_bytes(data: bytes) -> str | None:
    """The format of a binary file, or ``None`` for text. Raises ``Unreadable`` for pictures."""
    for mark, at, name in PICTURES:
        if data.startswith(mark, at) and b"\0" in data[:64]:
            raise Unreadable(f"it holds pictures ({name}), not text")
    return "stl" if EBU_STL.match(data) else None


def of_text(text: str, path: Path) -> str:
    """The format's name. Raises ``Unreadable`` for one that isn't known, or isn't read."""
    if kind := next((kind for pattern, kind in HEADINGS if pattern.match(text.lstrip())), None):
        return kind
    for pattern, name in UNREAD:
        if pattern.match(text):
            raise Unreadable(f"it is {name}; that isn't read, so {CONVERT}")
    kind = _by_lines(text) or BY_SUFFIX.get(path.suffix.lower())
    if kind is None or "\0" in text:
        raise Unreadable("it is no subtitle file of a format that is known")
    return kind


def _by_lines(text: str) -> str | None:
    """Formats without a heading, by their first lines with anything in them."""
    lines = [line.strip() for line in text.split("\n") if line.strip()][:50]
    for pattern, kind in ((frames.MICRODVD, "microdvd"), (frames.MPL2, "mpl2"), (timed_lines.LINE, "txt")):
        if sum(bool(pattern.fullmatch(line)) for line in lines) * 2 > len(lines):
            return kind
    for line in lines:  # the first times say what the others are
        if subviewer.TIMES.fullmatch(line) or subviewer.BRACKETED.fullmatch(line):
            return "subviewer"
        if subrip.has_times(line):
            return "srt"
    if sum(bool(frames.TMPLAYER.fullmatch(line)) for line in lines) * 2 > len(lines):
        return "tmplayer"
    return None
