"""A job as it is now, and what changes of it from then on."""

import json
import time
from collections.abc import Iterator
from typing import Any

from pipeline.api.folder_notices import FolderNotices
from pipeline.jobs import items
from pipeline.jobs.events import AnyEvent, StageEvent, StageStarted
from pipeline.jobs.job import PlannedJob, load
from pipeline.jobs.journal_reader import JournalReader
from pipeline.jobs.state import WAITING, StageState, StageStatus, after
from pipeline.jobs.summary import summary

TOGETHER_SECONDS = 0.2  # between two messages: what happens meanwhile comes in one
SILENCE_SECONDS = 5.0  # until a message without content shows whether the page is still open
LISTED = 500  # stages of which the page has a row; of more, those that failed or run come first


class LiveJob:
    """A job's stages, kept up to date with its journal."""

    def __init__(self, job: PlannedJob) -> None:
        self.job = job
        self._reader = JournalReader(job.folder)
        self._stages: dict[str, StageState] = {stage.name: WAITING for stage in job.stages}
        self._environments = {stage.name: stage.environment for stage in job.stages}
        self._began: dict[str, str] = {}
        self._changed: set[str] = set(self._stages)

    def read(self) -> bool:
        """Take what the journal has by now. Returns whether there was anything new."""
        events = self._reader.new()
        for event in events:
            self._take(event)
        return bool(events)

    def _take(self, event: AnyEvent) -> None:
        if not isinstance(event, StageEvent):
            return
        name = event.stage
        self._stages[name] = after(self._stages.get(name, WAITING), event)
        self._changed.add(name)
        if isinstance(event, StageStarted):
            self._began[name] = event.at

    def message(self) -> dict[str, Any]:
        """The job's state, and the rows that have changed since the last message."""
        about = summary(self.job)
        names = self._important(self._changed)
        self._changed = set()
        shown = items.shown_names(self.job, load(self.job.folder).loaded) if self._has_members(names) else {}
        counts: dict[str, int] = {}
        for state in self._stages.values():
            if state.members is None:
                counts[state.status.value] = counts.get(state.status.value, 0) + 1
        return {
            "state": about.state,
            "counts": counts,
            "rows": [self._row(name, shown.get(name, name)) for name in names],
            "left_out": max(0, len(self._stages) - LISTED),
        }

    def _has_members(self, names: list[str]) -> bool:
        return any(name not in self._environments for name in names)

    def _important(self, names: set[str]) -> list[str]:
        """In the order in which they are known; with too many, those that a person would look for."""
        known = [name for name in self._stages if name in names]
        if len(self._stages) <= LISTED:
            return known
        urgent = [name for name in known if self._stages[name].status in {StageStatus.FAILED, StageStatus.RUNNING}]
        return (urgent or known)[:LISTED]

    def _row(self, name: str, shown: str) -> dict[str, Any]:
        state = self._stages[name]
        environment = self._environments.get(name) or self._environments.get(name.rpartition("_")[0], "")
        taken = state.committed.taken if state.committed and state.status is StageStatus.FINISHED else None
        remark = [state.reason, f"taken from {taken}" if taken else None, *state.warnings]
        return {
            "name": name,
            "shown": shown,
            "environment": environment,
            "state": state.status.value,
            "attempt": state.attempt,
            "seconds": state.seconds,
            "began": self._began.get(name) if state.status is StageStatus.RUNNING else None,
            "remark": "; ".join(filter(None, remark)),
        }


def stream(job: PlannedJob) -> Iterator[bytes]:
    """Messages as a browser's EventSource reads them, for as long as it reads. A job that is removed ends it."""
    live = LiveJob(job)
    sizes: dict[str, int] = {}
    with FolderNotices(job.folder, job.logs) as notices:
        while job.folder.is_dir():
            if live.read() or not sizes:
                yield _event("stages", live.message())
            if grown := _grown_logs(job, sizes):
                yield _event("logs", grown)
            time.sleep(TOGETHER_SECONDS)
            notices.wait(SILENCE_SECONDS)
            yield b": still here\n\n"
    yield _event("removed", {})


def _grown_logs(job: PlannedJob, sizes: dict[str, int]) -> dict[str, int]:
    """Each log that isn't as long as it was, with its bytes; ``sizes`` is brought up to date."""
    now = {"": 0}
    if job.logs.is_dir():
        now |= {path.stem: path.stat().st_size for path in job.logs.glob("*.log")}
    grown = {name: size for name, size in now.items() if name and sizes.get(name) != size}
    sizes.update(now)
    return grown


def _event(name: str, data: Any) -> bytes:
    return f"event: {name}\ndata: {json.dumps(data)}\n\n".encode()
