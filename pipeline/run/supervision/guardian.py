"""Sees to it that no process of a run outlives the orchestrator, not even where that is killed by SIGKILL.

The kernel's tie (``child_process.Tie``) reaches a stage's process group. A stage that puts a process into a
session of its own, or closes every descriptor, is beyond it. So a shell, which starts in a millisecond, waits on a
pipe that only the orchestrator holds; when the pipe closes, the shell turns into a search for the run's processes.
"""

import contextlib
import os
import sys
from pathlib import Path

from pipeline import child_process, process
from pipeline.sdk.protocol import RUN_VARIABLE

SHELL = "/bin/sh"
WATCH = 'read -r line; exec "$0" "$@"'  # nothing is ever written: what it reads is the end of file, and a death
PACKAGES = Path(__file__).parents[3]  # where ours lies
SWEEP = f"{__package__}.sweep"  # imported here only when the first interpreter starts already
SEARCH = f"import sys; sys.path.insert(0, sys.argv[1]); from {SWEEP} import main; main(sys.argv[2:])"


class Guardian:
    """One per run. ``busy`` is the folder where workers that serve many runs say which one they work for."""

    def __init__(self, token: str, busy: Path | None = None) -> None:
        self.token = token
        self._busy = busy
        self._since = 0
        self._watch: _Watch | None = None

    def start(self) -> None:
        """To be called before the run's first stage begins. Where there is no shell, or the
        system refuses one more process, the run goes on with the kernel's tie alone."""
        if self._watch is None:
            from pipeline.run.supervision import sweep

            self._since = sweep.started_at()
            with contextlib.suppress(OSError):
                self._watch = _Watch(self._command())

    def sweep(self, spare: "set[int] | None" = None) -> set[int]:
        """End what the run's stages have left behind, apart from ``spare``; returns the pids."""
        from pipeline.run.supervision import sweep

        return sweep.sweep(self.token, spare or (), self._since)

    def end(self) -> None:
        """The run is over: end what its stages have left behind, and stop watching."""
        if self._watch is not None:
            self.sweep()
            self.release()

    def release(self) -> None:
        """The run has ended by itself: nobody has to watch it any more."""
        if self._watch is not None:
            self._watch.end()
            self._watch = None

    def _command(self) -> list[str | Path]:
        # Without site, which the search needs only for psutil, and that only where there is no /proc.
        options = ["-I", "-B", "-S"] if sys.platform == "linux" else ["-I", "-B"]
        folder = [self._busy] if self._busy else []
        search: list[str | Path] = [
            sys.executable,
            *options,
            "-c",
            SEARCH,
            PACKAGES,
            self.token,
            str(self._since),
            *folder,
        ]
        return [SHELL, "-c", WATCH, *search]


class _Watch:
    def __init__(self, command: list[str | Path]) -> None:
        from pipeline.run.supervision.sweep import GUARDIAN_VARIABLE

        nowhere = os.open(os.devnull, os.O_RDWR)
        read, self._write = os.pipe()
        variables = {name: value for name, value in os.environ.items() if name != RUN_VARIABLE}
        try:
            self._child = process.spawn(command, {**variables, GUARDIAN_VARIABLE: "1"}, read, nowhere, nowhere)
        except OSError:
            os.close(self._write)
            raise
        finally:
            os.close(read)
            os.close(nowhere)

    def end(self) -> None:
        # It is killed, so that there is nothing to wait for. Before the pipe closes, which would start it.
        child_process.reap(self._child)
        os.close(self._write)
