"""Extraction: an audio track decoded and mixed into a WAV, and what is known of it then."""

import wave
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import ffmpegs
import streams

from soundtrack.decoder import SAMPLE_RATE, decoding
from soundtrack.levels import SILENCE
from soundtrack.mix_choice import MixedBlock, mixed
from soundtrack.mixes import Mix
from soundtrack.peaks import PeakWriter

LEAST_SOUND = 0.01  # share of a track's length that must have sound
WORTH_TELLING = 0.05  # share of the sound
SILENT = -70.0  # dB; what is quieter everywhere has nothing that could be heard


TAKEN = {
    Mix.LEFT: "the left channel is",
    Mix.RIGHT: "the right channel is",
    Mix.CENTRE: "the centre channel is",
    Mix.SIDES: "the left and the right channel are",
}


@dataclass
class SoundSummary:
    """What a WAV has: grows with each block that is written."""

    samples: int = 0
    loudest: float = SILENCE  # dB
    by_mix: "Counter[tuple[Mix, bool]]" = field(
        default_factory=Counter
    )  # samples; whether the mix of all was cancelled

    def add(self, block: MixedBlock) -> None:
        self.samples += len(block.samples)
        self.loudest = max(self.loudest, block.loudest)
        self.by_mix[block.mix, block.is_cancelled and block.mix in (Mix.LEFT, Mix.RIGHT)] += len(block.samples)

    @property
    def seconds(self) -> float:
        return self.samples / SAMPLE_RATE


class ExtractedAudio(NamedTuple):
    """The audio of a track, and how its decoding ended."""

    track: streams.StreamTrack
    summary: SoundSummary
    done: ffmpegs.FfmpegResult
    stated: float = 0  # seconds that the track says it has; 0 if it doesn't say it, or can't know it

    @property
    def seconds(self) -> float:
        return self.summary.seconds

    @property
    def is_usable(self) -> bool:
        return self.done.code == 0 and self.seconds > 0 and (self.stated < 1 or self.sound >= LEAST_SOUND * self.stated)

    @property
    def sound(self) -> float:
        """Seconds that were decoded, without the silence in the place of holes."""
        rate = float(self.track.stream.get("sample_rate", 0))
        return min(self.seconds, self.done.samples / rate) if self.done.samples and rate else self.seconds


def extract(
    arguments: Sequence[str], audio: Path, peaks: Path, on_progress: Callable[[float], object]
) -> tuple[SoundSummary, ffmpegs.FfmpegResult]:
    """Run ffmpeg with these arguments and write ``audio`` and its ``peaks``. ``on_progress`` gets the seconds so far.

    Raises ``OSError`` where it can't be written.
    """
    summary = SoundSummary()
    with decoding(arguments) as decoder, wave.open(str(audio), "wb") as file, peaks.open("wb") as drawn:
        file.setparams((1, 2, SAMPLE_RATE, 0, "NONE", ""))
        writer = PeakWriter(drawn, SAMPLE_RATE)
        for block in mixed(decoder.blocks(), SAMPLE_RATE):
            file.writeframes(block.samples)
            writer.add(block.samples)
            summary.add(block)
            on_progress(summary.seconds)
        writer.finish()
        return summary, decoder.result()


def notes(summary: SoundSummary) -> list[str]:
    """Sentences about the mix for a person; none where it is simply that of all channels."""
    least = WORTH_TELLING * summary.samples
    chosen = sorted((key, count) for key, count in summary.by_mix.items() if key[0] is not Mix.ALL and count >= least)
    return [
        _note(mix, is_cancelled, f"for {count / SAMPLE_RATE:.0f} of {summary.seconds:.0f} s")
        for (mix, is_cancelled), count in chosen
    ]


def _note(mix: Mix, is_cancelled: bool, when: str) -> str:
    if mix is Mix.RAISED_CENTRE:
        return f"{when} the sound around the centre channel is loud, so the centre is raised there"
    why = (
        "the left and the right channel cancel each other out" if is_cancelled else "the other channels are only noise"
    )
    return f"{when} {why}, so {TAKEN[mix]} taken alone there"
