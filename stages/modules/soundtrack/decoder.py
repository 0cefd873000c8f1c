"""Decodes an audio track with ffmpeg, in step with the movie's clock.

Two processes of ffmpeg work hand in hand. The first decodes and mixes; it makes its filters anew where the sound
changes its form, such as from stereo to 5.1. The second puts silence where the track has none, and cuts what overlaps.
A filter of the first couldn't do that: made anew, it would begin at time 0 again, and put all the time before it into
the result once more.
"""

import subprocess
import sys
import threading
from array import array
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import IO

import ffmpegs

from soundtrack.mix_choice import BLOCK_SECONDS
from soundtrack.mixes import Mix

SAMPLE_RATE = 16_000
BLOCK_BYTES = 2 * SAMPLE_RATE * len(Mix) * BLOCK_SECONDS
# Gaps from this length on are filled. ffmpeg's own value is 0.1; many shorter gaps would add up to that much.
SHORTEST_GAP = 0.03  # seconds

BETWEEN = "nut"  # the format between both processes: it has times, and can be written into a pipe
ALIGNER = (
    *("ffmpeg", "-nostdin", "-hide_banner", "-v", "error", "-copyts", "-f", BETWEEN, "-i", "pipe:0"),
    *("-af", f"aresample=async=1:first_pts=0:min_hard_comp={SHORTEST_GAP}", "-c:a", "pcm_s16le", "-f", "s16le"),
    "pipe:1",
)


class Decoder:
    """A running decoder. ``blocks`` gives its sound, and after the last of them ``result`` tells how it ended."""

    def __init__(self, process: "subprocess.Popen[bytes]", sound: IO[bytes]) -> None:
        self._process, self._sound = process, sound
        self._log = ffmpegs.MessageLog()
        self._reader = threading.Thread(target=self._log.read, args=(process.stderr,), daemon=True)
        self._reader.start()

    def blocks(self) -> "Iterator[array[int]]":
        """Samples, those of all mixes in turn, ``BLOCK_SECONDS`` of them at a time."""
        while piece := self._sound.read(BLOCK_BYTES):
            block = array("h", piece[: len(piece) - len(piece) % (2 * len(Mix))])
            if sys.byteorder == "big":
                block.byteswap()
            if block:
                yield block

    def result(self) -> ffmpegs.FfmpegResult:
        """Waits for the end."""
        self._reader.join()
        return self._log.result(self._process.wait())


@contextmanager
def decoding(arguments: Sequence[str]) -> Iterator[Decoder]:
    """Start ffmpeg with these arguments, which let it write ``BETWEEN`` to its output. At the end nothing runs."""
    processes = []
    try:
        decode = subprocess.Popen(
            ["ffmpeg", *ffmpegs.GLOBAL, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        processes.append(decode)
        align = subprocess.Popen(ALIGNER, stdin=decode.stdout, stdout=subprocess.PIPE)
        processes.append(align)
        assert decode.stdout and align.stdout  # noqa: PT018  # both are pipes
        decode.stdout.close()  # else the first wouldn't notice that the second has ended
        yield Decoder(decode, align.stdout)
    finally:
        for process in processes:
            process.kill()
            process.wait()
            for stream in (process.stdout, process.stderr):
                if stream:
                    stream.close()
