"""The times of words that a file of karaoke has: WebVTT's time stamps, and SubStation's ``\\k``."""

import re
from collections.abc import Iterator
from pathlib import Path

from subtitling import markup
from subtitling.cues import TimedWord
from subtitling.encodings import decode
from subtitling.formats import webvtt
from subtitling.reader import SubtitleFile

STAMP = re.compile(r"<((?:\d+:)?\d{1,2}:\d{2}\.\d{3})>")
DIALOGUE = re.compile(r"Dialogue:(?:[^,]*,){9}(.*)")
TIMES = re.compile(r"Dialogue:[^,]*,\s*(\d+):(\d+):(\d+)[.](\d+)\s*,\s*(\d+):(\d+):(\d+)[.](\d+)")
LENGTH = re.compile(r"\{[^{}]*\\(?:k|K|kf|ko)(\d+)[^{}]*\}")


def of_file(path: Path, found: SubtitleFile) -> list[TimedWord]:
    """The words of a file that was read, where it says when they are spoken; else none. Raises ``OSError``."""
    words_of = {"vtt": _of_webvtt, "ass": _of_substation, "ssa": _of_substation}.get(found.format)
    if words_of is None:
        return []
    text = decode(path.read_bytes(), found.language)[0].replace("\r\n", "\n").replace("\r", "\n")
    return sorted(words_of(text), key=lambda word: word.start)


def _of_webvtt(text: str) -> Iterator[TimedWord]:
    start = end = 0
    for line in text.split("\n"):
        if times := webvtt.TIMES.fullmatch(line):
            start, end = (
                _milliseconds(f"{times[at] or 0}:{times[at + 1]}:{times[at + 2]}.{times[at + 3]}") for at in (1, 5)
            )
        elif STAMP.search(line):
            first, *rest = STAMP.split(line)
            edges = [start, *(_milliseconds(each) for each in rest[::2]), end]
            for index, part in enumerate([first, *rest[1::2]]):
                if said := markup.strip(part).strip():
                    yield TimedWord(edges[index], edges[index + 1], said)
            start = edges[-2]


def _of_substation(text: str) -> Iterator[TimedWord]:
    for line in text.split("\n"):
        event, times = DIALOGUE.match(line), TIMES.match(line)
        if not event or not times or not LENGTH.search(line):
            continue
        at = _milliseconds(f"{times[1]}:{times[2]}:{times[3]}.{times[4]}")
        _, *pieces = LENGTH.split(event[1])
        for length, part in zip(pieces[::2], pieces[1::2], strict=True):
            if said := markup.strip(part).replace(r"\N", " ").strip():
                yield TimedWord(at, at + 10 * int(length), said)
            at += 10 * int(length)


def _milliseconds(text: str) -> int:
    """Of ``1:02:03.500``, with or without hours."""
    clock, _, fraction = text.partition(".")
    seconds = 0
    for part in clock.replace("None", "0").split(":"):
        seconds = seconds * 60 + int(part)
    return 1000 * seconds + int(fraction.ljust(3, "0")[:3])
