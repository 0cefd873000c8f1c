"""The reading end of a report pipe: a stage's messages, and the lines of a server around it."""

import os
from collections.abc import Iterator

from pipeline.executors.reports import StageReport, decode_report


class Channel:
    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self.at_end = False
        self._buffer = b""
        os.set_blocking(descriptor, False)

    def lines(self) -> list[bytes]:
        """What has arrived since the last call, by whole lines; none is empty."""
        while chunk := self._read():
            self._buffer += chunk
        *lines, self._buffer = self._buffer.split(b"\n")
        return [line for line in lines if line]  # a server writes an empty one before each of its answers

    def reports(self) -> Iterator[StageReport]:
        return (report for line in self.lines() if (report := decode_report(line)))

    def close(self) -> None:
        os.close(self.descriptor)

    def _read(self) -> bytes:
        try:
            chunk = os.read(self.descriptor, 65536)
        except BlockingIOError:
            return b""
        self.at_end = not chunk
        return chunk
