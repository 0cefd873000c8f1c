"""Peaks: for each hundredth of a second, how far the sound goes down and up, for drawing a waveform.

Two signed bytes each, the least sample and the greatest, of -128 to 127: 0.7 MB for an hour. They are made piece by
piece, so that a film of any length takes the same memory.
"""

from array import array
from typing import BinaryIO

PER_SECOND = 100
SHIFT = 8  # bits that a sample of 16 has more than a peak


class PeakWriter:
    """Writes the peaks of samples, which come in pieces of any length."""

    def __init__(self, file: BinaryIO, rate: int) -> None:
        """``rate``: samples of a second."""
        self._file = file
        self._span = rate // PER_SECOND  # samples
        self._rest = array("h")  # fewer than a span has

    def add(self, samples: "array[int]") -> None:
        known = self._rest + samples if self._rest else samples
        whole = len(known) - len(known) % self._span
        self._write(known, whole)
        self._rest = known[whole:]

    def finish(self) -> None:
        """Write what is left at the end, which counts as a whole span."""
        self._write(self._rest, len(self._rest))
        self._rest = array("h")

    def _write(self, samples: "array[int]", end: int) -> None:
        found = array("b")
        for begin in range(0, end, self._span):
            span = samples[begin : begin + self._span]
            found.append(min(span) >> SHIFT)
            found.append(max(span) >> SHIFT)
        self._file.write(found.tobytes())
