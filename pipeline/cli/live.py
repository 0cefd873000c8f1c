"""A run on a terminal: the plain lines above, and below them a bar for what runs now."""

import contextlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.text import Text

from pipeline.cli.plain import PlainReporter
from pipeline.jobs.job import Job
from pipeline.text import printable

if TYPE_CHECKING:
    from pipeline.failures.message import Failure

NOTE_WIDTH = 28


class LiveReporter(PlainReporter):
    def __init__(self, job: Job) -> None:
        super().__init__(job)
        self._console = Console(stderr=True, highlight=False)
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=20),
            TaskProgressColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[note]}", markup=False),
            console=self._console,
            transient=True,
        )
        self._tasks: dict[str, TaskID] = {}
        self._progress.start()

    def stage_started(self, stage: str, environment: str, because: str) -> None:
        super().stage_started(stage, environment, because)
        self._tasks[stage] = self._progress.add_task(f"{stage} [{environment}]", total=None, note="")

    def stage_said(self, stage: str, fields: Mapping[str, Any]) -> None:
        if "progress" in fields:
            note = _shortened(printable(fields.get("note", "")))
            self._progress.update(self._tasks[stage], total=1.0, completed=fields["progress"], note=note)
        else:
            super().stage_said(stage, fields)

    def stage_finished(self, stage: str, seconds: float) -> None:
        self._progress.remove_task(self._tasks.pop(stage))
        super().stage_finished(stage, seconds)

    def stage_failed(self, failure: "Failure") -> None:
        self._progress.remove_task(self._tasks.pop(failure.stage))
        super().stage_failed(failure)

    def close(self) -> None:
        self._progress.stop()

    def say(self, text: str) -> None:
        with contextlib.suppress(OSError):  # the terminal may be closed; the job goes on
            self._console.print(Text(text), soft_wrap=True)


def _shortened(note: str) -> str:
    """So that it leaves room for the bar and the time on a terminal of 80 columns."""
    return note if len(note) <= NOTE_WIDTH else f"{note[: NOTE_WIDTH - 1]}…"
