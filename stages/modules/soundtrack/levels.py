"""Levels: how loud sound is, moment by moment, in decibels below the loudest that a sample can be."""

import math
import operator
from array import array
from collections.abc import Sequence
from dataclasses import dataclass

FRAME_SECONDS = 0.05
SAMPLED = 8  # every eighth sample is enough for a level
FULL_SCALE = 32768
SILENCE = -90.0  # dB; a 16 bit sample that is 0 or 1
PEAK, FLOOR = 0.99, 0.2  # shares of the frames that are quieter than speech, and than the noise around it
WIDEST = 30.0  # dB between both; more isn't better


@dataclass(frozen=True)
class LevelRange:
    """What is loud, in dB, and how far it stands out of the noise in its pauses: the more, the better to understand."""

    peak: float
    width: float


def level_range(levels: Sequence[float]) -> LevelRange:
    """The range of the levels of some frames, of at least one."""
    ordered = sorted(levels)
    peak = percentile(ordered, PEAK)
    return LevelRange(peak, min(peak - percentile(ordered, FLOOR), WIDEST))


def frame_levels(samples: "array[int]", rate: int) -> list[float]:
    """The level of each frame of 16 bit samples; what is left at the end and is no whole frame counts as one."""
    size = int(rate * FRAME_SECONDS)
    return [level(samples[start : start + size : SAMPLED]) for start in range(0, len(samples), size)]


def level(samples: "array[int]") -> float:
    """The level of some samples, of at least one."""
    mean = sum(map(operator.mul, samples, samples)) / len(samples) / FULL_SCALE**2
    return max(10 * math.log10(mean), SILENCE) if mean else SILENCE


def power(level: float) -> float:
    """The power of a sound of a level, 1 for the loudest; 0 for silence."""
    return 10 ** (level / 10) if level > SILENCE else 0.0


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which this share (0 to 1) of the values is; there must be at least one."""
    return sorted(values)[int(share * (len(values) - 1))]
