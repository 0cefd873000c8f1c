"""A job as it is now, and what changes of it from then on. The journal is read once, as it grows."""

import contextlib
import os
from collections.abc import Iterable, Mapping
from typing import Any

from pipeline.jobs import items
from pipeline.jobs.events import AnyEvent, RunFinished, StageEvent, StageExpanded, StageFinished, StageStarted
from pipeline.jobs.job import JobFolder, PlannedJob
from pipeline.jobs.journal_reader import JournalReader
from pipeline.jobs.state import WAITING, JobState, StageState, StageStatus, Status, after, status_after
from pipeline.jobs.summary import state_word
from pipeline.references import split
from pipeline.values import replace

AT_ONCE = 1 << 18  # bytes of the journal
MANY = 50  # rows of one message that nobody can follow one by one
LISTED = 500  # stages of which the page has a row; of more, those that fail or run come first


class LiveJob:
    """A job's stages, kept up to date with its journal."""

    def __init__(self, job: PlannedJob) -> None:
        self.job = JobFolder(job.folder)  # the plan of a large job has more than a page must keep
        self._fan_outs = [stage for stage in job.stages if stage.for_each]
        self._lists = {split(stage.for_each)[0] for stage in self._fan_outs if stage.for_each}
        self._reader = JournalReader(job.folder)
        self._status = Status.PREPARED
        self._stages: dict[str, StageState] = {stage.name: WAITING for stage in job.stages}
        self._titles = {stage.name: stage.title for stage in job.stages if stage.title}
        self._environments = {stage.name: stage.environment for stage in job.stages}
        self._began: dict[str, str] = {}
        self._origins: dict[str, str] = {}  # the job that a stage's result was taken from
        self._members: Mapping[str, str] | None = {}  # what people call them; None where that has to be read again
        self._files: tuple[str, ...] = ()
        self._rows = LiveRows(self._stages)
        self._writing: set[str] | None = None  # stages whose logs may have grown; None: any
        self._sizes: dict[str, int] = {}
        self._told = ""  # the state in the last message
        self.is_busy = False  # whether the last message had more than anybody can follow

    def has_news(self) -> bool:
        """Take what the journal has by now. Whether anything is to be told, such as a run that ended without a word."""
        is_new = False
        while events := self._reader.new(AT_ONCE):
            is_new = True
            for event in events:
                self._take(event)
        return is_new or self.is_busy or state_word(self.job, self._status) != self._told

    def message(self) -> dict[str, Any]:
        """The job's state, and the rows that have changed since the last message.

        ``busy``: so many of them while a run goes on that a page need not show all at once. One that isn't follows.
        """
        self._told = state_word(self.job, self._status)
        names, gone = self._rows.changes()
        self.is_busy = self._told == "running" and len(names) > MANY
        counts: dict[str, int] = {}
        for state in self._stages.values():
            if state.members is None:
                counts[state.status.value] = counts.get(state.status.value, 0) + 1
        return {
            "state": self._told,
            "busy": self.is_busy,
            "counts": counts,
            "rows": [self._row(name) for name in names],
            "gone": gone,
            "left_out": max(0, len(self._stages) - LISTED),
            "files": self._files,
        }

    def grown_logs(self) -> dict[str, int]:
        """Each stage's log that isn't as long as it was, with its bytes. One that is empty is none."""
        found = self._all_logs() if self._writing is None else self._logs_of(self._writing)
        self._writing = {name for name, state in self._stages.items() if state.status is StageStatus.RUNNING}
        grown = {name: size for name, size in found.items() if self._sizes.get(name, 0) != size}
        self._sizes |= grown
        return grown

    def _all_logs(self) -> dict[str, int]:
        if not self.job.logs.is_dir():
            return {}
        with os.scandir(self.job.logs) as entries:
            return {entry.name[:-4]: entry.stat().st_size for entry in entries if entry.name.endswith(".log")}

    def _logs_of(self, stages: Iterable[str]) -> dict[str, int]:
        found, folder = {}, os.fspath(self.job.logs)
        for name in stages:
            with contextlib.suppress(FileNotFoundError):
                found[name] = os.stat(f"{folder}/{name}.log").st_size  # a Path for each takes four times as long
        return found

    def _take(self, event: AnyEvent) -> None:
        if not isinstance(event, StageEvent):
            self._status = status_after(self._status, event)
            self._files = event.delivered if isinstance(event, RunFinished) else self._files
            return
        name = event.stage
        state = after(self._stages.get(name, WAITING), event)
        self._stages[name] = state if name in self._lists else replace(state, committed=None)
        self._origins.pop(name, None)
        if isinstance(event, StageFinished) and event.taken:
            self._origins[name] = event.taken
        self._rows.changed(name)
        if self._writing is not None:
            self._writing.add(name)
        if isinstance(event, StageStarted):
            self._began[name] = event.at
        elif isinstance(event, StageExpanded):
            self._members = None

    def _shown(self, name: str) -> str:
        """What it does, where the workflow says that; a fan-out's member by its item."""
        if name in self._environments:
            return self._titles.get(name, name)
        if self._members is None:
            state = JobState(self._status, stages=self._stages)
            self._members = items.members_of(self.job, self._fan_outs, state)
        return self._members.get(name, name)

    def _row(self, name: str) -> dict[str, Any]:
        state = self._stages[name]
        environment = self._environments.get(name) or self._environments.get(name.rpartition("_")[0], "")
        origin = self._origins.get(name)
        remark = [state.kind, state.reason, f"taken from {origin}" if origin else None, *state.warnings]
        return {
            "name": name,
            "shown": self._shown(name),
            "environment": environment,
            "node": state.node,
            "state": state.status.value,
            "attempt": state.attempt,
            "seconds": state.seconds,
            "began": self._began.get(name) if state.status is StageStatus.RUNNING else None,
            "remark": "; ".join(filter(None, remark)),
        }


class LiveRows:
    """Which stages the page shows, and which of their rows have changed.

    Of too many, those that fail or run take the places of the ones that have nothing to tell.
    """

    def __init__(self, stages: Mapping[str, StageState]) -> None:
        self._stages = stages
        self._changed: dict[str, None] = dict.fromkeys(stages)
        self._on_page: dict[str, None] = {}

    def changed(self, name: str) -> None:
        self._changed[name] = None

    def changes(self) -> tuple[list[str], list[str]]:
        """The rows to write, in the order in which the stages are known, and those to take away."""
        changed, self._changed = self._changed, {}
        gone: list[str] = []
        for name in self._by_urgency(changed):
            if name in self._on_page:
                continue
            if len(self._on_page) >= LISTED:
                if not self._is_urgent(name) or (calm := self._calm()) is None:
                    continue
                del self._on_page[calm]
                gone.append(calm)
            self._on_page[name] = None
        on_page = self._on_page
        names = self._in_order(name for name in changed if name in on_page)
        return names, [name for name in gone if name not in on_page]

    def _by_urgency(self, names: Iterable[str]) -> list[str]:
        return sorted(names, key=lambda name: not self._is_urgent(name)) if len(self._stages) > LISTED else list(names)

    def _is_urgent(self, name: str) -> bool:
        return self._stages[name].status in {StageStatus.FAILED, StageStatus.RUNNING}

    def _calm(self) -> str | None:
        """The row that has been on the page longest and has nothing to tell."""
        return next((name for name in self._on_page if not self._is_urgent(name)), None)

    def _in_order(self, names: Iterable[str]) -> list[str]:
        wanted = set(names)
        return [name for name in self._stages if name in wanted] if len(wanted) > 1 else list(wanted)
