"""Movies with real speech, made of the sample: of any length, each telling at another speed, with pauses between."""

import re
from pathlib import Path

import jiwer
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
    return 100 * jiwer.wer(_words(said), _words(heard))


def _words(written: str) -> str:
    return " ".join(re.findall(r"[a-z']+", written.lower()))
