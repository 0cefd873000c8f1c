"""A run on a terminal: what a person should know above, and below it how far the run and each running stage are."""

import contextlib
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, SpinnerColumn, Task, TaskID, TextColumn
from rich.text import Text

from pipeline.cli import terminal_size
from pipeline.cli.plain_reporter import PlainReporter
from pipeline.cli.run_progress import of_jobs, spoken
from pipeline.executors import StageReport
from pipeline.jobs.job import PlannedJob
from pipeline.jobs.plan import PlannedStage
from pipeline.project import ProjectFolder
from pipeline.run.durations import Durations
from pipeline.run.observer import JobOutcome
from pipeline.run.runtime import Runtime
from pipeline.text import begun, counted, printable, shortened, width

# What a stage's file says of itself.
FIRST_SENTENCE = re.compile(r'^(?:"""|description: ["\']?)([^:."(\'\n]+)', re.MULTILINE)
BESIDE_LABEL = 42  # characters of the spinner, the bar, the share and the time left


class StateColumn(ProgressColumn):
    """What a task's ``state`` says whenever the line is drawn: a time that is left goes on with the clock."""

    def render(self, task: Task) -> Text:
        return Text(task.fields["state"]())


@dataclass(frozen=True)
class StageTime:
    """How long a stage that has just begun is expected to take."""

    seconds: float | None = None
    is_guess: bool = False
    began: float = field(default_factory=time.monotonic)

    def spoken(self) -> str:
        elapsed = time.monotonic() - self.began
        if self.seconds is None:
            return ""
        if elapsed >= self.seconds:
            return f"{spoken(elapsed)} so far"
        return f"{'about ' if self.is_guess else ''}{spoken(self.seconds - elapsed)} left"


class LiveReporter(PlainReporter):
    def __init__(self, jobs: Sequence[PlannedJob], project: ProjectFolder) -> None:
        super().__init__(jobs)
        self._project = project
        self._console = Console(stderr=True, highlight=False, _environ=terminal_size.variables())
        self._bars = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=16),
            StateColumn(),
            console=self._console,
            transient=True,
        )
        self._durations = {job.id: Durations(project, job) for job in jobs}
        self._progress = of_jobs(jobs, self._durations)
        self._stages = {(job.id, stage.name): stage for job in jobs for stage in job.stages}
        self._tasks: dict[tuple[str, str], TaskID] = {}
        self._began: dict[tuple[str, str], float] = {}
        self._kind = "film" if any(job.plan.input.duration_s for job in jobs) else "file"
        self._whole = self._bars.add_task("", total=1.0, state=self._spoken_whole)
        self._show_whole()
        self._bars.start()

    def inputs_left(self, count: int) -> None:
        super().inputs_left(count)
        self._progress.left = count
        self._show_whole()

    def job_joined(self, job: PlannedJob, runtime: Runtime | None) -> None:
        super().job_joined(job, runtime)
        self._durations[job.id] = Durations(self._project, job)
        self._stages |= {(job.id, stage.name): stage for stage in job.stages}
        self._progress.add(job, self._durations[job.id])
        self._show_whole()

    def stage_reused(self, job: PlannedJob, stage: str, seconds: float, origin: str) -> None:
        super().stage_reused(job, stage, seconds, origin)
        self._progress.reused((job.id, stage))
        self._show_whole()

    def stage_started(self, job: PlannedJob, stage: str, environment: str, because: str) -> None:
        super().stage_started(job, stage, environment, because)
        self._progress.started()
        self._began[job.id, stage] = time.monotonic()
        planned = self._stages.get((job.id, self._counts.planned_name(job, stage)))
        durations = self._durations[job.id]
        expected = StageTime()
        if planned and (durations.is_known(planned) or durations.is_guessed(planned)):
            expected = StageTime(durations.expected(planned), not durations.is_known(planned))
        label = self._label(job, stage, planned)
        self._tasks[job.id, stage] = self._bars.add_task(label, total=None, state=expected.spoken)
        self._show_whole()

    def stage_reported(self, job: PlannedJob, stage: str, report: StageReport) -> None:
        if report.progress is None:
            super().stage_reported(job, stage, report)
            return
        self._progress.reached((job.id, stage), report.progress)
        elapsed, share = time.monotonic() - self._began[job.id, stage], report.progress
        left = f" {spoken(elapsed / share - elapsed)} left" if share > 0.02 else ""
        state = f"{share:4.0%}{left}"
        self._bars.update(self._tasks[job.id, stage], total=1.0, completed=share, state=lambda: state)
        self._show_whole()

    def stage_finished(self, job: PlannedJob, stage: str, seconds: float) -> None:
        self._remove(job, stage)
        self._progress.reached((job.id, stage), 1.0)
        super().stage_finished(job, stage, seconds)
        self._show_whole()

    def stage_failed(self, job: PlannedJob, stage: str, reason: str, again: float | None) -> None:
        self._remove(job, stage)  # a fan-out whose list is no list never ran
        super().stage_failed(job, stage, reason, again)

    def job_ended(self, job: PlannedJob, outcome: JobOutcome) -> None:
        for id, stage in list(self._tasks):
            if id == job.id:
                self._remove(job, stage)
        self._progress.job_ended(job.id)
        super().job_ended(job, outcome)
        self._show_whole()

    def close(self) -> None:
        self._bars.stop()

    def detail(self, job: PlannedJob, stage: str, text: str) -> None:
        """The bars show it."""

    def say(self, text: str) -> None:
        with contextlib.suppress(OSError):  # the terminal may be closed; the job goes on
            self._console.print(
                Text(text), overflow="ignore", crop=False
            )  # at words; a path stays whole, so that it can be copied

    def _remove(self, job: PlannedJob, stage: str) -> None:
        if (task := self._tasks.pop((job.id, stage), None)) is not None:
            self._bars.remove_task(task)

    def _show_whole(self) -> None:
        of_films = (
            f"{self._ended} of {counted(len(self._jobs) + self._left, self._kind)} done" if self._several else "all"
        )
        self._bars.update(self._whole, description=of_films, completed=self._progress.share)

    def _spoken_whole(self) -> str:
        return f"{self._progress.share:4.0%} {self._progress.spoken_left}".rstrip()

    def _label(self, job: PlannedJob, stage: str, planned: PlannedStage | None) -> str:
        """The film where there are several, and what the stage does, as its file says it."""
        words = self._words(planned.uses) if planned else stage
        own = stage.removeprefix(planned.uses).strip("_") if planned else ""
        doing, room = f"{words} {own}".strip(), self._room()
        if not self._several:
            return begun(doing, room)
        film = shortened(self._name(job), max(room // 2, room - width(doing) - 2))
        return f"{film}: {begun(doing, room - width(film) - 2)}"

    def _name(self, job: PlannedJob) -> str:
        return shortened(super()._name(job), max(12, self._console.width // 2))

    def _words(self, uses: str) -> str:
        try:
            found = FIRST_SENTENCE.search(self._project.stage_file(uses).read_text(encoding="utf-8", errors="replace"))
        except OSError:
            found = None
        return printable(found[1].strip()) if found else uses

    def _room(self) -> int:
        """Characters for a label, so that no line is longer than the terminal is wide."""
        return max(12, self._console.width - BESIDE_LABEL)

    def _tell_waiting(self, job: PlannedJob) -> None:
        """Which environment is used, and what was done already, only a log needs."""
