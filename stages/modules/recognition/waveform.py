"""The sound that every engine recognises from: 16 kHz, mono, 16 bits, read from its file as it is needed.

The sound of a two-hour film is 230 MB, and twice as much in the form that models take. So nobody holds all of it: what
finds speech reads a minute at a time, and what recognises reads a window.
"""

import wave
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy
import stagekit

from recognition.intervals import Interval

SAMPLE_RATE = 16_000
BYTES = 2  # of a sample
BLOCK = 60 * SAMPLE_RATE  # samples that are looked at together
QUIETEST = 33  # the largest of all samples, of 32768: 60 dB below it, where nothing could be heard


@dataclass(frozen=True)
class Waveform:
    """The samples in a WAV file. Several threads may read at a time."""

    path: Path
    begin: int  # bytes before the first sample
    count: int  # samples

    def __len__(self) -> int:
        return self.count

    @property
    def duration(self) -> float:
        """Seconds."""
        return self.count / SAMPLE_RATE

    def samples(self, first: int, last: int) -> Any:
        """Those from ``first`` on and before ``last``, as an array of int16; fewer where the sound ends before.

        Raises ``StageFailed`` where the file has become shorter since it was opened.
        """
        first, last = min(first, self.count), min(last, self.count)
        wanted = max(last - first, 0)
        read = numpy.fromfile(self.path, dtype="<i2", count=wanted, offset=self.begin + first * BYTES)
        if len(read) != wanted:
            raise stagekit.StageFailed(f"{self.path} has changed while it was read. Run the job again")
        return read

    def blocks(self) -> Iterator[Any]:
        """All samples in order, a minute at a time."""
        return (self.samples(first, first + BLOCK) for first in range(0, self.count, BLOCK))

    def is_silent(self) -> bool:
        """Whether nothing in the sound could be heard."""
        return all(max(int(block.max()), -int(block.min())) < QUIETEST for block in self.blocks())


def open_audio(path: Path) -> Waveform:
    """The sound in a WAV. Raises ``StageFailed`` where it isn't 16 kHz, mono, 16 bits."""
    with path.open("rb") as data, wave.open(data) as file:
        actual, wanted = (file.getframerate(), file.getnchannels(), file.getsampwidth()), (SAMPLE_RATE, 1, BYTES)
        if actual != wanted:
            what = f"{path}: rate, channels and bytes per sample are {actual}, not {wanted}"
            raise stagekit.StageFailed(f"{what}. Connect this input to demux.audio in the workflow")
        begin = data.tell()
        there = (path.stat().st_size - begin) // BYTES  # a WAV that was written to a pipe states any length
        return Waveform(path, begin, min(file.getnframes(), there))


def of_pieces(sound: Waveform, pieces: Iterable[Interval]) -> Any:
    """The pieces of the sound (seconds), one after the other, as float32 from -1 to 1."""
    return numpy.concatenate([_piece(sound, *piece) for piece in pieces])


def whole(sound: Waveform) -> Any:
    """All of the sound as float32 from -1 to 1: 230 MB for an hour, so only for what can't do with less."""
    audio = numpy.empty(len(sound), dtype=numpy.float32)
    place = 0
    for block in sound.blocks():
        audio[place : place + len(block)] = block
        place += len(block)
    audio /= 32768
    return audio


def _piece(sound: Waveform, start: float, end: float) -> Any:
    return sound.samples(round(start * SAMPLE_RATE), round(end * SAMPLE_RATE)).astype(numpy.float32) / 32768
