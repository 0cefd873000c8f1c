"""Reader of subtitle files from elsewhere: any format that is usual, in any usual encoding."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from subtitling import markup
from subtitling.cues import Cue, TimedWord
from subtitling.encodings import Undecodable, decode
from subtitling.exports.written_file import counted
from subtitling.formats import detection, frames, sami, subrip, substation, subviewer, timed_lines, timed_text, webvtt
from subtitling.formats.parsed_file import ParsedFile, ReadingOptions, Unreadable

__all__ = ["SubtitleFile", "Unreadable", "read"]

LARGEST_FILE = 64 << 20  # bytes; a film's subtitles take a thousandth of that
READERS: Mapping[str, Callable[[str, ReadingOptions], ParsedFile]] = {
    "srt": subrip.parse,
    "vtt": webvtt.parse,
    "ass": substation.parse,
    "ssa": substation.parse,
    "ttml": timed_text.ttml,
    "scc": timed_text.scc,
    "sami": sami.parse,
    "subviewer": subviewer.parse,
    "microdvd": frames.microdvd,
    "mpl2": frames.mpl2,
    "tmplayer": frames.tmplayer,
    "txt": timed_lines.parse,
}


@dataclass(frozen=True)
class SubtitleFile:
    """A file's cues as they are, in its order; ``cue_repair.repair`` puts them right.

    ``encoding``: Python's name; ``confidence``: over 0, and 1 where it is certain. ``language``: a code, where the file
    says it. ``left_out``: how many cues can't be read. ``notes``: what a reader should know.
    ``words``: those whose times the file says, as karaoke does, in order of time. ``lost``: what cues have in the file
    and not here, in words, each with the start of its cue.
    """

    cues: list[Cue]
    format: str
    encoding: str
    confidence: float = 1.0
    language: str = ""
    notes: Sequence[str] = ()
    left_out: int = 0
    words: Sequence[TimedWord] = ()
    lost: Sequence[tuple[int, str]] = ()

    @property
    def losses(self) -> list[str]:
        """A note on what is lost, if anything is: of how many cues, and where the first one is."""
        if not self.lost:
            return []
        starts = {start for start, _ in self.lost}
        *most, last = dict.fromkeys(what for _, what in self.lost)
        what = f"{', '.join(most)} or {last}" if most else last
        return counted(sorted(cue for cue in self.cues if cue.start in starts), f"lost {what}")


def read(
    path: Path, language: str = "", frame_rate: float | None = None, tags: Literal["raw", "keep"] = "keep"
) -> SubtitleFile:
    """Raises ``Unreadable`` and ``OSError``.

    ``language``: that of the text, which decides between encodings, and between the languages in one file.
    ``frame_rate``: frames per second, for formats that count frames and don't say it. ``tags``: also those that only
    the file's own format has (``raw``, for a check), or only ours.
    """
    if path.stat().st_size > LARGEST_FILE:
        raise Unreadable("it is too large for subtitles")
    data = path.read_bytes()
    if detection.of_bytes(data) == "stl":
        return _file(timed_text.stl(data), "stl", tags, "binary")
    try:
        text, encoding, confidence = decode(data, language)
    except Undecodable as error:
        raise Unreadable(str(error)) from error
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    kind = detection.of_text(text, path)
    parsed = READERS[kind](text, ReadingOptions(language, frame_rate, tags == "raw"))
    if not parsed.cues and not parsed.unread and kind not in ("ass", "ssa") and text.strip() not in ("", "WEBVTT"):
        raise Unreadable(f"it has text, but no cue that could be read as {kind}")
    return _file(parsed, kind, tags, encoding, confidence)


def _file(parsed: ParsedFile, kind: str, tags: str, encoding: str, confidence: float = 1.0) -> SubtitleFile:
    cues = parsed.cues if tags == "raw" else [cue._replace(text=_without_blank_lines(cue.text)) for cue in parsed.cues]
    notes = [*parsed.notes, *_of_unread(parsed.unread)]
    words = sorted(parsed.words, key=lambda word: word.start)
    return SubtitleFile(
        cues, kind, encoding, confidence, parsed.language, notes, len(parsed.unread), words, parsed.lost
    )


def _of_unread(lines: Sequence[str]) -> list[str]:
    """A note on cues whose times can't be read, if there are any."""
    if not lines:
        return []
    what = "1 cue was" if len(lines) == 1 else f"{len(lines)} cues were"
    return [f"{what} left out, since the times can't be read: {lines[0].strip()!r}"]


def _without_blank_lines(text: str) -> str:
    return "\n".join(line.strip() for line in text.split("\n") if markup.plain(line).strip())
