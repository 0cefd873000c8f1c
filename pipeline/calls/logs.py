"""What a session's worker prints: a file in the project's logs, of which the last ones are kept."""

import contextlib
import itertools
import os
from pathlib import Path

from pipeline.calls.confined_worker import writable
from pipeline.project import ProjectFolder

KEPT = 20  # files of earlier sessions
LAST_BYTES = 4096
LAST_LINES = 20
_NUMBERS = itertools.count(1)


class SessionLog:
    """The file that one session's worker prints into."""

    def __init__(self, project: ProjectFolder, name: str) -> None:
        folder = writable(project.logs) / "calls"
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / f"{name}-{os.getpid()}-{next(_NUMBERS)}.log"
        self._shown = 0
        _thin_out(folder)

    def last_lines(self) -> str:
        """The end of what was printed."""
        try:
            with self.path.open("rb") as file:
                file.seek(max(0, os.fstat(file.fileno()).st_size - LAST_BYTES))
                text = file.read().decode("utf-8", "replace")
        except OSError:
            return ""
        return "\n".join(text.splitlines()[-LAST_LINES:])

    def new_lines(self) -> list[str]:
        """Whole lines that were printed since the last call."""
        try:
            with self.path.open("rb") as file:
                file.seek(self._shown)
                data = file.read()
        except OSError:
            return []
        whole = data[: data.rfind(b"\n") + 1]
        self._shown += len(whole)
        return whole.decode("utf-8", "replace").splitlines()

    def close(self) -> None:
        """A file without a word is removed."""
        with contextlib.suppress(OSError):
            if not self.path.stat().st_size:
                self.path.unlink()


def _thin_out(folder: Path) -> None:
    with contextlib.suppress(OSError):
        entries = [entry for entry in os.scandir(folder) if entry.name.endswith(".log")]
        if len(entries) > 2 * KEPT:
            for entry in sorted(entries, key=lambda each: each.stat().st_mtime)[:-KEPT]:
                Path(entry.path).unlink()
