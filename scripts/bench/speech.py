"""Movies with real speech, made of the sample: of any length, each telling at another speed, with pauses between."""

import re
from collections.abc import Sequence
from pathlib import Path

from measuring import PROJECT, timed

SAMPLE = PROJECT / "samples" / "two_cities.mp4"
TEMPI = (1.0, 0.94, 1.06, 0.9, 1.1)
PAUSES = (2, 5, 8, 3)  # seconds
HISS = 0.002  # loudness of the noise between the tellings, and under them


def make(ffmpeg: str, movie: Path, tellings: int, first: int = 0) -> str:
    """A movie in which the sample is told so often; returns what is said in it. Raises ``Failed``."""
    inputs: list[str | Path] = []
    parts = []
    for number in range(tellings):
        tempo, pause = TEMPI[(first + number) % len(TEMPI)], PAUSES[(first + 2 * number) % len(PAUSES)]
        inputs += ["-i", SAMPLE]
        parts.append(f"[{number}:a]atempo={tempo},aresample=48000,apad=pad_dur={pause}[a{number}]")
    told = "".join(f"[a{number}]" for number in range(tellings))
    hiss = f"anoisesrc=a={HISS}:r=48000[n]"
    mixed = f"{told}concat=n={tellings}:v=0:a=1[t];[t][n]amix=duration=first:normalize=0[a]"
    picture = ["-f", "lavfi", "-i", "testsrc2=s=320x180:r=25"]
    coded = ["-c:v", "libx264", "-preset", "ultrafast", "-b:v", "400k", "-c:a", "aac", "-b:a", "96k", "-shortest"]
    mapped = ["-map", f"{tellings}:v", "-map", "[a]"]
    filtered = ["-filter_complex", ";".join([*parts, hiss, mixed])]
    timed([ffmpeg, "-v", "error", "-y", *inputs, *picture, *filtered, *mapped, *coded, movie])
    return "\n".join([text()] * tellings)


def repeat(ffmpeg: str, movie: Path, times: int, longer: Path) -> None:
    """The same movie again and again, without coding it anew. Raises ``Failed``."""
    timed([ffmpeg, "-v", "error", "-y", "-stream_loop", str(times - 1), "-i", movie, "-map", "0", "-c", "copy", longer])


def text() -> str:
    return SAMPLE.with_suffix(".txt").read_text(encoding="utf-8")


def wrong_words(said: str, heard: str) -> float:
    """The word error rate, in percent."""
    expected, found = _words(said), _words(heard)
    return 100 * _distance(expected, found) / len(expected)


def _words(written: str) -> list[str]:
    return re.findall(r"[a-z']+", written.lower())


def _distance(expected: Sequence[str], found: Sequence[str]) -> int:
    """Words to insert, delete or replace (Levenshtein)."""
    row = list(range(len(found) + 1))
    for number, word in enumerate(expected, start=1):
        before, row[0] = row[0], number
        for column, other in enumerate(found, start=1):
            before, row[column] = row[column], min(row[column] + 1, row[column - 1] + 1, before + (word != other))
    return row[-1]
