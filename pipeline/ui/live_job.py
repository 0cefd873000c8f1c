"""A job as it is now, and what changes of it from then on. The journal is read once, as it grows.

A page hears of a run while that works, so nothing here costs what the whole job has: only what has changed.
"""

from collections.abc import Mapping
from typing import Any

from pipeline.jobs import items
from pipeline.jobs.events import AnyEvent, RunFinished, StageEvent, StageExpanded, StageFinished, StageStarted
from pipeline.jobs.job import JobFolder, PlannedJob
from pipeline.jobs.journal_reader import JournalReader
from pipeline.jobs.state import WAITING, JobState, StageState, StageStatus, Status, after, status_after
from pipeline.jobs.summary import state_word
from pipeline.references import split
from pipeline.ui.live_logs import LiveLogs
from pipeline.ui.row_selection import RowSelection
from pipeline.values import replace

AT_ONCE = 1 << 18  # bytes of the journal


class LiveJob:
    """A job's stages, kept up to date with its journal."""

    def __init__(self, job: PlannedJob) -> None:
        self.job = JobFolder(job.folder)  # the plan of a large job has more than a page must keep
        self._fan_outs = [stage for stage in job.stages if stage.for_each]
        self._lists = {split(stage.for_each)[0] for stage in self._fan_outs if stage.for_each}
        self._reader = JournalReader(job.folder)
        self._status = Status.PREPARED
        self._stages: dict[str, StageState] = {stage.name: WAITING for stage in job.stages}
        self._counts = dict.fromkeys(StageStatus, 0) | {StageStatus.WAITING: len(self._stages)}
        self._titles = {stage.name: stage.title for stage in job.stages if stage.title}
        self._environments = {stage.name: stage.environment for stage in job.stages}
        self._began: dict[str, str] = {}
        self._origins: dict[str, str] = {}  # the job that a stage's result was taken from
        self._members: Mapping[str, str] | None = {}  # what people call them; None where that has to be read again
        self._files: tuple[str, ...] = ()
        self._rows = RowSelection(self._stages)
        self._logs = LiveLogs(self.job.logs, self._stages)
        self._told = ""  # the state in the last message

    def has_news(self) -> bool:
        """Take what the journal has by now. Whether anything is to be told, such as a run that ended without a word."""
        is_new = False
        while events := self._reader.new(AT_ONCE):
            is_new = True
            for event in events:
                self._take(event)
        return is_new or state_word(self.job, self._status) != self._told

    def message(self) -> dict[str, Any]:
        """The job's state, and the rows that have changed since the last message."""
        self._told = state_word(self.job, self._status)
        names, gone = self._rows.changes()
        return {
            "state": self._told,
            "counts": {status.value: count for status, count in self._counts.items() if count},
            "rows": [self._row(name) for name in names],
            "gone": gone,
            "left_out": self._rows.left_out,
            "files": self._files,
        }

    def grown_logs(self) -> dict[str, int]:
        """Of the stages that have a row, each log whose length has changed, with its bytes. An empty one is none."""
        return self._logs.grown(self._rows.on_page)

    def _take(self, event: AnyEvent) -> None:
        if not isinstance(event, StageEvent):
            self._status = status_after(self._status, event)
            self._files = event.delivered if isinstance(event, RunFinished) else self._files
            return
        name = event.stage
        before = self._stages.get(name)
        state = after(before or WAITING, event)
        if state.committed and name not in self._lists:
            state = replace(state, committed=None)  # with what it made, which a page doesn't show
        self._stages[name] = state
        self._count(before, -1)
        self._count(state, 1)
        self._origins.pop(name, None)
        if isinstance(event, StageFinished) and event.taken:
            self._origins[name] = event.taken
        self._rows.changed(name)
        self._logs.changed(name)
        if isinstance(event, StageStarted):
            self._began[name] = event.at
        elif isinstance(event, StageExpanded):
            self._members = None

    def _count(self, state: StageState | None, more: int) -> None:
        """A fan-out whose list is known isn't counted itself, but its members are."""
        if state and state.members is None:
            self._counts[state.status] += more

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
