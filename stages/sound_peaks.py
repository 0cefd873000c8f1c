# /// script
# [tool.pipeline.stage]
# environment = "common"
# modules = ["ffmpegs", "languages", "soundtrack", "streams"]
# inputs = ["audio"]
# [tool.pipeline.stage.outputs]
# peaks = "peaks.bin"
# ///
"""The peaks of a WAV that demux has made: what its output ``peaks`` has, for jobs from before demux made them."""

import wave
from array import array

import stagekit
from soundtrack.decoder import SAMPLE_RATE
from soundtrack.peaks import PeakWriter

PIECE_SECONDS = 10


def run(stage: stagekit.Stage) -> None:
    """Read the WAV piece by piece. Raises ``InputUnusable`` for one of another form."""
    audio = stage.input("audio")
    with wave.open(str(audio), "rb") as sound, stage.output("peaks").open("wb") as file:
        if (sound.getnchannels(), sound.getsampwidth(), sound.getframerate()) != (1, 2, SAMPLE_RATE):
            raise stagekit.InputUnusable(f"{str(audio)!r} isn't the sound that demux makes: 16 kHz, mono, 16 bit")
        writer = PeakWriter(file, SAMPLE_RATE)
        while data := sound.readframes(PIECE_SECONDS * SAMPLE_RATE):
            writer.add(array("h", data))
        writer.finish()
