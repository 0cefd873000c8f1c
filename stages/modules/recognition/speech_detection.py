"""Where somebody may speak: the probabilities of a Silero model, several parts of the audio at a time."""

from array import array
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy

from recognition.waveform import Waveform

FRAME = 512  # samples; there is a probability for each frame
FRAMES_PER_PART = 1875  # a minute; the model looks at so many frames together
WARM_UP = 94  # frames, three seconds, that it needs before it is as sure as in the middle of the audio

# From an array of float32 samples, whose length is a number of whole frames, to the probability of each frame.
SpeechDetector = Callable[[Any], Any]


def speech_probabilities(sound: Waveform, cpus: int, detector: SpeechDetector) -> Sequence[float]:
    """The probability of speech in each frame; the same for any number of CPUs.

    Each part is read when its turn comes, so that no more of the sound is in memory than the parts at work.
    """
    frames = -(-len(sound) // FRAME)
    probabilities = array("d")
    with ThreadPoolExecutor(cpus) as pool:
        starts = range(0, frames, FRAMES_PER_PART)
        for part in pool.map(lambda start: _probabilities(sound, start, frames, detector), starts):
            probabilities.extend(part)
    return probabilities


def _probabilities(sound: Waveform, start: int, frames: int, detector: SpeechDetector) -> list[float]:
    first, last = max(start - WARM_UP, 0), min(start + FRAMES_PER_PART, frames)
    # One frame more than needed, since the detectors blank the end of the last one.
    audio = numpy.zeros((last - first + 1) * FRAME, dtype=numpy.float32)
    part = sound.samples(first * FRAME, (last + 1) * FRAME)
    audio[: len(part)] = part
    audio /= 32768
    return [float(probability) for probability in numpy.ravel(detector(audio))[start - first : last - first]]
