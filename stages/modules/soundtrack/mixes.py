"""Mixes: the ways in which the channels of an audio track are made one.

ffmpeg makes all of them at once, as the channels of one stream. Which of them is the result is decided afterwards, for
some seconds at a time (``mix_choice``).
"""

from collections.abc import Mapping
from enum import IntEnum
from typing import Any

LARGEST_GUESS = 8  # channels; ffmpeg knows a usual layout for so many where the file names none
LOWERED = 0.1  # weight of the other channels where the centre is raised: 20 dB less, so that nothing gets lost

# As ffmpeg weighs channels for one loudspeaker. It leaves out the deep effects (LFE), too.
LEFT = dict.fromkeys(("FL", "DL", "WL", "FLC"), 1.0)
RIGHT = dict.fromkeys(("FR", "DR", "WR", "FRC"), 1.0)
CENTRE = {"FC": 1.414}
AROUND = dict.fromkeys(("BL", "BR", "BC", "SL", "SR", "TC", "TFL", "TFC", "TFR", "TBL", "TBC", "TBR"), 0.707)


class Mix(IntEnum):
    """A mix, and its place among the channels of the stream that ``pan_filter`` makes."""

    ALL = 0  # all channels, with ffmpeg's own weights
    LEFT = 1  # the left channel alone
    RIGHT = 2
    CENTRE = 3  # the centre alone, where movies with 5.1 channels have their dialogue
    RAISED_CENTRE = 4  # the centre, and little of the others
    SIDES = 5  # left and right, without the centre and what is around
    DIFFERENCE = 6  # left less right; never a result, but it shows whether both cancel each other out


WEIGHTS: Mapping[Mix, Mapping[str, float]] = {
    Mix.ALL: LEFT | RIGHT | CENTRE | AROUND,
    Mix.LEFT: LEFT,
    Mix.RIGHT: RIGHT,
    Mix.CENTRE: CENTRE,
    Mix.RAISED_CENTRE: CENTRE | {name: weight * LOWERED for name, weight in (LEFT | RIGHT | AROUND).items()},
    Mix.SIDES: LEFT | RIGHT,
    Mix.DIFFERENCE: LEFT | {name: -weight for name, weight in RIGHT.items()},
}


def pan_filter(stream: Mapping[str, Any]) -> str:
    """ffmpeg's filter that makes all mixes of an audio stream, which is described as ffprobe does.

    It names channels and leaves out those that aren't there, so it fits whatever layout the stream changes to midway.
    """
    unnamed = _unnamed_channels(stream)
    sums = [unnamed or "".join(f"{weight:+g}{name}" for name, weight in WEIGHTS[mix].items()) for mix in Mix]
    # "<" makes the weights of the channels that are there one in sum, so nothing is clipped.
    return "|".join(["pan=6.1", *(f"c{mix}<{total}" for mix, total in zip(Mix, sums, strict=True))])


def _unnamed_channels(stream: Mapping[str, Any]) -> str:
    """The sum of all channels by number, where they have no names; else empty."""
    if str(stream.get("channel_layout", "")).startswith("ambisonic"):
        return "c0"  # sound from all around; the others say where it is from
    channels = int(stream.get("channels", 0))
    return "+".join(f"c{index}" for index in range(channels)) if channels > LARGEST_GUESS else ""
