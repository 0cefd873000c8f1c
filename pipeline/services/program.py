"""A service's program while it runs: its process, what it prints, and its end with all that it started."""

import contextlib
import os
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path

from pipeline import child_process, process, process_tree

CHUNK = 1 << 16
LAST_WORDS = 5.0  # seconds for killed processes to be gone


class ServiceProgram:
    """In a session of its own. On Linux the kernel kills it, with its group, when we die. Raises ``OSError``."""

    def __init__(self, argv: Sequence[str | Path], variables: Mapping[str, str], stdin: int) -> None:
        self._tie = child_process.Tie()
        self._output, writing = os.pipe()
        try:
            self._child = process.spawn(argv, variables, stdin, writing, writing, self._tie.inherited)
        except BaseException:
            self._tie.close()
            os.close(self._output)
            raise
        finally:
            os.close(writing)
        self._tie.bind(self._child.pid)
        os.set_blocking(self._output, False)
        self._is_at_end = False
        self._ended = child_process.exit_descriptor(self._child)

    @property
    def pid(self) -> int:
        return self._child.pid

    @property
    def is_running(self) -> bool:
        return self._child.returncode is None

    @property
    def descriptors(self) -> list[int]:
        """Readable when it has printed something, or has ended."""
        ended = [self._ended] if self._ended is not None and self.is_running else []
        return [*([] if self._is_at_end else [self._output]), *ended]

    def read(self) -> bytes:
        """What it has printed, as far as it is there."""
        data = b""
        with contextlib.suppress(BlockingIOError):
            while not self._is_at_end and len(data) < CHUNK:
                chunk = os.read(self._output, CHUNK)
                self._is_at_end = not chunk
                data += chunk
        return data

    def poll(self) -> int | None:
        """Its exit code, once it has ended; negative where a signal ended it."""
        return self._child.poll()

    def signal(self, name: str) -> None:
        """``name``: without SIG. To the program; where that has ended, to all that it has left."""
        number = getattr(signal, f"SIG{name}", signal.SIGTERM)
        if self.is_running:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)
        else:
            process_tree.signal_descendants(number)

    def has_remains(self) -> bool:
        """Whether anything that it started is there."""
        return bool(process_tree.descendants())

    def kill(self) -> int | None:
        """The program and all that it started. Its exit code; ``None`` where it couldn't be ended in time."""
        if self.is_running:
            process_tree.kill_tree(self.pid)
            if child_process.ends_within(self._child, LAST_WORDS):
                self._child.wait()
        process_tree.kill_descendants(LAST_WORDS)
        process_tree.collect_orphans(())
        return self._child.returncode

    def close(self) -> None:
        """What it has left isn't read any more."""
        os.close(self._output)
        self._tie.close()
        if self._ended is not None:
            os.close(self._ended)
