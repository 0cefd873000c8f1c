"""What a service's program prints: in a file that doesn't grow beyond a bound, and the last lines in memory."""

import contextlib
import os
import time
from collections import deque
from collections.abc import Callable, Collection
from pathlib import Path

from pipeline.sdk import masking

LARGEST = 10 << 20  # bytes, after which the file is put beside, over the one that was there
LAST_LINES = 40
LONGEST_LINE = 1 << 16
SHOWN = 500  # characters of a line in a failure

Sink = Callable[[bytes], None]


class ServiceLog:
    """Takes bytes as they come, and writes whole lines. ``secrets`` never get into it, among them the token."""

    def __init__(
        self, path: Path, secrets: Collection[str], sink: Sink | None = None, noise: Collection[str] = ()
    ) -> None:
        """``sink`` gets each line, without its end. Lines with ``noise`` are in the file, but not the last ones."""
        self.path = path
        self._forms = masking.forms(secrets)
        self._sink = sink
        self._noise = [each.encode() for each in noise]
        self._rest = b""
        self._last: deque[bytes] = deque(maxlen=LAST_LINES)
        self._file: int | None = None
        self._size = 0

    def begin(self, text: str) -> None:
        """A line of ours, before what a new program prints."""
        self.flush()
        when = time.strftime("%Y-%m-%d %H:%M:%S")
        self._write(f"--- {when} {text}\n".encode())
        self._last.clear()

    def take(self, data: bytes) -> None:
        """What was read from the program. Whole lines are written together: a program may print a lot."""
        whole, end, rest = (self._rest + data).rpartition(b"\n")
        self._rest = rest
        if end:
            self._write(self._shown(whole.replace(b"\r\n", b"\n").removesuffix(b"\r") + end))
        if len(self._rest) > LONGEST_LINE:
            self.flush()

    def flush(self) -> None:
        """The line that has no end yet, too."""
        rest, self._rest = self._rest, b""
        if rest:
            self._write(self._shown(rest.removesuffix(b"\r")) + b"\n")

    def without_secrets(self, text: str) -> str:
        """What the program said elsewhere."""
        return self._shown(text.encode("utf-8", "surrogateescape")).decode("utf-8", "replace")

    @property
    def last_lines(self) -> tuple[str, ...]:
        """Of the program that was begun last."""
        lines = [*self._last, *([self._shown(self._rest)] if self._rest else [])]
        return tuple(line.decode("utf-8", "replace")[:SHOWN] for line in lines[-LAST_LINES:])

    def close(self) -> None:
        self.flush()
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _shown(self, data: bytes) -> bytes:
        """Without secrets, of which most of what is printed has none: to look for each by itself is faster."""
        has_any = any(form in data for form in self._forms)
        return masking.masked(data, self._forms) if has_any else data

    def _write(self, data: bytes) -> None:
        """Whole lines."""
        lines = data[:-1].split(b"\n")
        self._last.extend(line for line in lines if not any(each in line for each in self._noise))
        if self._sink is not None:
            for line in lines:
                self._sink(line)
        with contextlib.suppress(OSError):  # a full disk must not end a service
            if self._file is None or self._size >= LARGEST:
                self._open()
            assert self._file is not None
            self._size += os.write(self._file, data)

    def _open(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None
            self.path.replace(self.path.with_name(f"{self.path.name}.1"))
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._file = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._size = os.fstat(self._file).st_size
