"""The samples of an audio, which every engine recognises from: 16 kHz, mono, 16 bits."""

import wave
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy
import stagekit

from recognition.intervals import Interval

SAMPLE_RATE = 16_000
QUIETEST = 33  # the largest of all samples, of 32768: 60 dB below it, where nothing could be heard


def read_audio(path: Path) -> Any:
    """The samples (an array of int16) of a 16 kHz mono 16 bit WAV. Raises ``StageFailed`` for any other format."""
    with wave.open(str(path), "rb") as file:
        actual, wanted = (file.getframerate(), file.getnchannels(), file.getsampwidth()), (SAMPLE_RATE, 1, 2)
        if actual != wanted:
            what = f"{path}: rate, channels and bytes per sample are {actual}, not {wanted}"
            raise stagekit.StageFailed(f"{what}. Connect this input to demux.audio in the workflow")
        return numpy.frombuffer(file.readframes(file.getnframes()), dtype="<i2")


def is_silent(samples: Any) -> bool:
    """Whether nothing in the audio could be heard."""
    return not len(samples) or max(int(samples.max()), -int(samples.min())) < QUIETEST


def of_pieces(samples: Any, pieces: Iterable[Interval]) -> Any:
    """The pieces of the audio (seconds), one after the other, as float32 from -1 to 1."""
    return numpy.concatenate([_piece(samples, *piece) for piece in pieces])


def _piece(samples: Any, start: float, end: float) -> Any:
    return samples[round(start * SAMPLE_RATE) : round(end * SAMPLE_RATE)].astype(numpy.float32) / 32768
