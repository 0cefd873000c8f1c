"""A folder into which movies arrive: which are whole by now, and which are to be seen to.

The folder is looked at every few seconds. Notices from the kernel (inotify) would come for each write of a long copy,
not at all from network file systems, and not for what arrived while nobody watched; a look at a folder of thousands
costs milliseconds and works everywhere.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipeline.digests import tagged_digest
from pipeline.errors import ExitCode
from pipeline.files import dump_json, read_json, write_at_once
from pipeline.jobs.state import Status
from pipeline.locks import is_held
from pipeline.prepare.batch import Became
from pipeline.prepare.intake import Known, in_folder, is_being_written, signature
from pipeline.project import Project

Signature = tuple[int, int]
LATER_SECONDS = 60.0
TO_RUN = (Status.PREPARED, Status.RUNNING, Status.INTERRUPTED, Status.PARTIAL)


@dataclass(frozen=True)
class Wish:
    """What is to be done with each movie of a folder."""

    folder: Path
    workflow: str
    parameters: Mapping[str, str]

    @property
    def digest(self) -> str:
        about = {"folder": str(self.folder), "workflow": self.workflow, "parameters": dict(self.parameters)}
        return tagged_digest("watch", about).removeprefix("sha256:")[:16]


class Refused:
    """Files that couldn't be prepared, as they were then: they are tried again only when they have changed."""

    def __init__(self, project: Project, wish: Wish) -> None:
        self._file = project.cache / "watch" / f"{wish.digest}.json"
        self._known: dict[str, Any] = self._read()

    def has(self, path: Path) -> bool:
        now = signature(path)
        return now is not None and self._known.get(str(path), {}).get("signature") == list(now)

    def note(self, became: Became, seen: Signature) -> None:
        self._known = {path: note for path, note in self._known.items() if Path(path).exists()}
        self._known[str(became.input)] = {"signature": list(seen), "why": became.why}
        self._file.parent.mkdir(parents=True, exist_ok=True)
        write_at_once(self._file, dump_json(self._known))

    def _read(self) -> dict[str, Any]:
        try:
            value = read_json(self._file)
        except (OSError, ValueError):
            return {}
        return value if isinstance(value, dict) else {}


def is_the_file_s_fault(became: Became) -> bool:
    """Other failures, such as a full disk, may be over by the next look."""
    return became.code is ExitCode.INPUT_UNUSABLE


@dataclass
class Arrivals:
    """Files that are whole: as large and as old as some seconds ago, and open for writing nowhere that we can see."""

    wish: Wish
    recursive: bool
    settle_seconds: float
    now: Callable[[], float] = time.monotonic
    _since: dict[Path, tuple[Signature, float]] = field(default_factory=dict)
    _later: dict[Path, float] = field(default_factory=dict)  # until when a file is left alone
    _begun: float | None = None

    def postpone(self, path: Path) -> None:
        """What kept it from being prepared may take a while to be over."""
        self._later[path] = self.now() + LATER_SECONDS

    def look(self, is_wanted: Callable[[Path], bool]) -> list[Path]:
        """Those that are whole and wanted. Raises ``InputUnusable`` where the folder can't be read."""
        found = in_folder(self.wish.folder, self.recursive)
        there = [path for path in found if self._later.get(path, 0) <= self.now() and is_wanted(path)]
        self._since = {path: self._since.get(path, ((-1, -1), 0.0)) for path in there}
        return [path for path in there if self._is_settled(path) and not is_being_written(path)]

    @property
    def seconds_left(self) -> float | None:
        """Until the last of those that are there may be whole; ``None`` where nothing is waited for."""
        ends = [since + self.settle_seconds for _, since in self._since.values()]
        return max(0.0, max(ends) - self.now()) if ends else None

    @property
    def is_past_patience(self) -> bool:
        """Whether what isn't whole yet had its time, if each file is waited for only once."""
        self._begun = self.now() if self._begun is None else self._begun
        return self.now() - self._begun > 2 * self.settle_seconds

    def _is_settled(self, path: Path) -> bool:
        found = signature(path)
        if found is None or not found[0]:
            return False  # gone, or nothing has been written yet
        seen, since = self._since[path]
        if seen != found:
            self._since[path] = (found, self.now())
            return self.settle_seconds <= 0
        return self.now() - since >= self.settle_seconds


def left_to_run(known: Known, wish: Wish, path: Path) -> Path | None:
    """The job for a file that waits for a run, such as one that was stopped with the watch before this one."""
    done = known.find(path, wish.workflow, wish.parameters)
    if done and done.status in TO_RUN and not is_held(done.folder / "lock"):
        return done.folder
    return None


def is_seen_to(known: Known, wish: Wish, path: Path) -> bool:
    return known.find(path, wish.workflow, wish.parameters) is not None
