"""A folder into which movies arrive: which of them are whole by now, and which are left alone.

The folder is read every few seconds. Notices from the kernel (inotify) would come for each write of a long copy, not at
all from network file systems, and not for what arrived while nobody watched; reading a folder of thousands takes
milliseconds and works everywhere.
"""

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipeline.digests import tagged_digest
from pipeline.errors import ExitCode
from pipeline.files import dump_json, read_json, write_at_once
from pipeline.jobs.store import UNFINISHED
from pipeline.prepare.batch import PrepareOutcome
from pipeline.prepare.earlier_jobs import EarlierJob
from pipeline.prepare.intake import IsWanted, in_folder, is_media, signature
from pipeline.project import ProjectFolder

Signature = tuple[int, int]
LATER_SECONDS = 60.0


@dataclass(frozen=True)
class WatchRequest:
    """What a person asks for with all movies that arrive in a folder."""

    folder: Path
    workflow: str
    parameters: Mapping[str, str]  # as typed
    takes_media: bool = True  # whether only movies and recordings count

    @property
    def id(self) -> str:
        """The same for the same request, as part of a file's name."""
        about = {"folder": str(self.folder), "workflow": self.workflow, "parameters": dict(self.parameters)}
        return tagged_digest("watch", about).removeprefix("sha256:")[:16]


class RejectedFiles:
    """Files that couldn't be prepared. They are tried again only when they have changed, also by a later watch."""

    def __init__(self, project: ProjectFolder, request: WatchRequest) -> None:
        self._file = project.cache / "watch" / f"{request.id}.json"
        self._entries: dict[str, Any] = self._read()  # by path: the signature of that time, and why

    def has(self, path: Path) -> bool:
        """Whether it was rejected as it is now."""
        now = signature(path)
        return now is not None and self._entries.get(str(path), {}).get("signature") == list(now)

    def add(self, outcome: PrepareOutcome, before: Signature) -> None:
        """``before``: the file's signature from before it was prepared."""
        self._entries = {path: entry for path, entry in self._entries.items() if Path(path).exists()}
        self._entries[str(outcome.input)] = {"signature": list(before), "why": outcome.why}
        self._file.parent.mkdir(parents=True, exist_ok=True)
        write_at_once(self._file, dump_json(self._entries))

    def _read(self) -> dict[str, Any]:
        try:
            value = read_json(self._file)
        except (OSError, ValueError):
            return {}
        return value if isinstance(value, dict) else {}


def is_the_file_s_fault(outcome: PrepareOutcome) -> bool:
    """Other failures, such as a full disk, may be over the next time that the folder is read."""
    return outcome.code is ExitCode.INPUT_UNUSABLE


def waits_for_run(job: EarlierJob) -> bool:
    """Whether the job isn't finished and no process runs it, as after a watch that was stopped."""
    return job.status in UNFINISHED and not job.is_running


@dataclass
class Arrivals:
    """The files that have arrived whole: size and time stay the same, and no process has them open for writing."""

    folder: Path
    recursive: bool
    settle_seconds: float  # how long size and time must have stayed the same
    kind: IsWanted = is_media
    now: Callable[[], float] = time.monotonic
    _since: dict[Path, tuple[Signature, float]] = field(default_factory=dict)
    _later: dict[Path, float] = field(default_factory=dict)  # until when a file is left alone
    _begun: float | None = None

    def postpone(self, path: Path) -> None:
        """Leave a file alone for a minute: what kept it from being prepared may take a while to be over."""
        self._later[path] = self.now() + LATER_SECONDS

    def look(self, is_wanted: Callable[[Path], bool]) -> list[Path]:
        """Those that are whole and wanted. Raises ``InputError`` where the folder can't be read."""
        files = in_folder(self.folder, self.recursive, self.kind)
        there = [path for path in files if self._later.get(path, 0) <= self.now() and is_wanted(path)]
        self._since = {path: self._since.get(path, ((-1, -1), 0.0)) for path in there}
        return [path for path in there if self._is_settled(path) and not is_being_written(path)]

    @property
    def seconds_left(self) -> float | None:
        """Until the last of the files that aren't whole yet may be; ``None`` where there are none."""
        ends = [since + self.settle_seconds for _, since in self._since.values()]
        return max(0.0, max(ends) - self.now()) if ends else None

    @property
    def is_past_patience(self) -> bool:
        """Whether a file that was there at the first call has had time enough to become whole."""
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


def is_being_written(path: Path) -> bool:
    """Whether a process has the file open for writing. Only processes of the same user can be seen (on Linux)."""
    import psutil

    try:
        status = os.stat(path)
    except OSError:
        return False
    for process in psutil.process_iter():
        try:
            opened = process.open_files()
        except (psutil.Error, OSError):
            continue  # another user's, or gone
        for each in opened:
            if _writes(getattr(each, "mode", "r")) and _is_same(each.path, status):
                return True
    return False


def _writes(mode: str) -> bool:
    return any(letter in mode for letter in "wa+")


def _is_same(path: str, status: os.stat_result) -> bool:
    try:
        found = os.stat(path)
    except OSError:
        return False
    return (found.st_dev, found.st_ino) == (status.st_dev, status.st_ino)
