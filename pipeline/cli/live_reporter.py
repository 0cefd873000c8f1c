"""A run on a terminal: the plain lines above, and below them a bar for what runs now."""

import contextlib
from collections.abc import Sequence

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.text import Text

from pipeline.cli.plain_reporter import PlainReporter
from pipeline.executors import StageReport
from pipeline.jobs.job import Job
from pipeline.run.observer import JobOutcome
from pipeline.text import printable

NOTE_WIDTH = 28


class LiveReporter(PlainReporter):
    def __init__(self, jobs: Sequence[Job]) -> None:
        super().__init__(jobs)
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
        self._tasks: dict[tuple[str, str], TaskID] = {}
        self._progress.start()

    def stage_started(self, job: Job, stage: str, environment: str, because: str) -> None:
        super().stage_started(job, stage, environment, because)
        shown = f"{stage} [{environment}]"
        self._tasks[job.id, stage] = self._progress.add_task(shown, total=None, note="")

    def stage_reported(self, job: Job, stage: str, report: StageReport) -> None:
        if report.progress is not None:
            note = _shortened(printable(report.note))
            self._progress.update(self._tasks[job.id, stage], total=1.0, completed=report.progress, note=note)
        else:
            super().stage_reported(job, stage, report)

    def stage_finished(self, job: Job, stage: str, seconds: float) -> None:
        self._progress.remove_task(self._tasks.pop((job.id, stage)))
        super().stage_finished(job, stage, seconds)

    def stage_failed(self, job: Job, stage: str, reason: str, again: float | None) -> None:
        if (job.id, stage) in self._tasks:  # a fan-out whose list is no list never ran
            self._progress.remove_task(self._tasks.pop((job.id, stage)))
        super().stage_failed(job, stage, reason, again)

    def job_ended(self, job: Job, outcome: JobOutcome) -> None:
        for key in [key for key in self._tasks if key[0] == job.id]:
            self._progress.remove_task(self._tasks.pop(key))
        super().job_ended(job, outcome)

    def close(self) -> None:
        self._progress.stop()

    def say(self, text: str) -> None:
        with contextlib.suppress(OSError):  # the terminal may be closed; the job goes on
            self._console.print(Text(text), soft_wrap=True)


def _shortened(note: str) -> str:
    """So that it leaves room for the bar and the time on a terminal of 80 columns."""
    return note if len(note) <= NOTE_WIDTH else f"{note[: NOTE_WIDTH - 1]}…"
