"""A run on a terminal: what a person should know above, and below it how far the run and its stages are."""

import contextlib
import re
import time
from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from pipeline.cli import terminal_size
from pipeline.cli.live_rows import DONE, FAILED, RUNS, WAITS, LiveRow, RunRows, StageClock
from pipeline.cli.plain_reporter import PlainReporter
from pipeline.cli.run_progress import of_jobs, spoken
from pipeline.executors import StageReport
from pipeline.jobs.job import PlannedJob
from pipeline.jobs.plan import PlannedStage
from pipeline.project import ProjectFolder
from pipeline.run.durations import Durations
from pipeline.run.observer import JobOutcome, StageStart
from pipeline.run.runtime import Runtime
from pipeline.text import counted, printable, shortened

# What a stage's file says of itself.
FIRST_SENTENCE = re.compile(r'^(?:"""|description: ["\']?)([^:."(\'\n]+)', re.MULTILINE)
WHOLE = ("whole",)  # the key of the line about all of the run


class LiveReporter(PlainReporter):
    """One film has a line for each of its stages, where the terminal is high enough; several have one line each."""

    def __init__(self, jobs: Sequence[PlannedJob], project: ProjectFolder) -> None:
        super().__init__(jobs)
        self._project = project
        self._console = Console(stderr=True, highlight=False, _environ=terminal_size.variables())
        self._rows = RunRows(self._console)
        self._durations = {job.id: Durations(project, job) for job in jobs}
        self._progress = of_jobs(jobs, self._durations)
        self._stages = {(job.id, stage.name): stage for job in jobs for stage in job.stages}
        self._running: dict[tuple[str, str], StageClock] = {}
        self._kind = "film" if any(job.plan.input.duration_s for job in jobs) else "file"
        self._shows_all = len(jobs) == 1 and self._rows.has_room_for([each.name for each in jobs[0].stages])
        self._show_whole()
        if self._shows_all:
            for stage in jobs[0].stages:
                self._show_waiting(jobs[0], stage)
        self._rows.start()

    def inputs_left(self, count: int) -> None:
        super().inputs_left(count)
        self._progress.left = count
        if self._several:
            self._show_films_alone()
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
        self._show_end(job, stage, DONE, "done already")
        self._show_whole()

    def stage_started(self, job: PlannedJob, stage: str, start: StageStart) -> None:
        super().stage_started(job, stage, start)
        planned = self._planned(job, stage)
        self._progress.started((job.id, stage))
        clock = StageClock(began=time.monotonic())
        durations = self._durations[job.id]
        if planned and (durations.is_known(planned) or durations.is_guessed(planned)):
            clock.seconds, clock.is_guess = durations.expected(planned), not durations.is_known(planned)
        self._running[job.id, stage] = clock
        self._show_running(job, stage)
        self._show_whole()

    def stage_reported(self, job: PlannedJob, stage: str, report: StageReport) -> None:
        if report.progress is None:
            super().stage_reported(job, stage, report)
            return
        self._progress.reached((job.id, stage), report.progress)
        self._running[job.id, stage].reported = report.progress

    def stage_finished(self, job: PlannedJob, stage: str, seconds: float) -> None:
        self._progress.reached((job.id, stage), 1.0)
        self._show_end(job, stage, DONE, spoken(seconds))
        super().stage_finished(job, stage, seconds)
        self._show_whole()

    def stage_failed(self, job: PlannedJob, stage: str, reason: str, again: float | None) -> None:
        self._show_end(job, stage, FAILED, "failed")  # a fan-out whose list is no list never ran
        super().stage_failed(job, stage, reason, again)

    def job_ended(self, job: PlannedJob, outcome: JobOutcome) -> None:
        for id, stage in list(self._running):
            if id == job.id:
                self._show_end(job, stage, WAITS, "")
        self._rows.remove((job.id,))
        self._progress.job_ended(job.id)
        super().job_ended(job, outcome)
        self._show_whole()

    def close(self) -> None:
        self._rows.stop()

    def detail(self, job: PlannedJob, stage: str, text: str) -> None:
        """The bars show it."""

    def say(self, text: str) -> None:
        with contextlib.suppress(OSError):  # the terminal may be closed; the job goes on
            self._console.print(
                Text(text), overflow="ignore", crop=False
            )  # at words; a path stays whole, so that it can be copied

    def _show_waiting(self, job: PlannedJob, stage: PlannedStage) -> None:
        durations = self._durations[job.id]
        seconds = durations.expected(stage) if durations.is_known(stage) or durations.is_guessed(stage) else None
        expected = "" if seconds is None else f"{'' if durations.is_known(stage) else 'about '}{spoken(seconds)}"
        self._rows.show((job.id, stage.name), LiveRow(self._words(stage), WAITS, lambda: 0.0, lambda: expected))

    def _show_running(self, job: PlannedJob, stage: str) -> None:
        """The line of the stage, or of its film."""
        if self._several:
            self._show_film(job)
            return
        clock, key = self._running[job.id, stage], (job.id, stage)

        def share() -> float | None:
            return self._progress.share_of(key) or None

        label = self._label(job, stage)
        self._rows.show((job.id, self._row(job, stage)), LiveRow(label, RUNS, share, clock.spoken))

    def _show_film(self, job: PlannedJob) -> None:
        """What it is at, and how far; nothing while none of its stages runs."""
        doing = list(dict.fromkeys(self._label(job, stage) for id, stage in self._running if id == job.id))
        film = shortened(self._name(job), max(12, self._rows.room // 2))
        label = f"{film}: {', '.join(doing)}" if doing else film

        def state() -> str:
            share, left = self._progress.share_of_job(job.id), self._progress.spoken_left_of_job(job.id)
            return f"{share:4.0%} {left}".rstrip()

        self._rows.show((job.id,), LiveRow(label, RUNS, lambda: self._progress.share_of_job(job.id), state))

    def _show_end(self, job: PlannedJob, stage: str, mark: str, state: str) -> None:
        """Of a stage that doesn't run any more: it keeps its line only where all stages have one."""
        self._running.pop((job.id, stage), None)
        row, planned = self._row(job, stage), self._planned(job, stage)
        if self._several:
            if any(id == job.id for id, _ in self._running):
                self._show_film(job)
        elif not self._shows_all or planned is None:
            self._rows.remove((job.id, row))
        elif planned.for_each is None or not any(self._row(job, each) == row for _, each in self._running):
            share = 1.0 if mark == DONE else 0.0
            self._rows.show((job.id, row), LiveRow(self._words(planned), mark, lambda: share, lambda: state))

    def _show_films_alone(self) -> None:
        """Further films have come: from now on each has a line, and its stages have none."""
        if self._shows_all:
            for id, name in self._stages:
                self._rows.remove((id, name))
        self._shows_all = False

    def _show_whole(self) -> None:
        of_films = f"{self._ended} of {counted(len(self._jobs) + self._left, self._kind)} done"
        label = of_films if self._several else printable(self._jobs[0].input.name) if self._jobs else "all"
        self._rows.show(WHOLE, LiveRow(label, RUNS, lambda: self._progress.share, self._spoken_whole))

    def _spoken_whole(self) -> str:
        return f"{self._progress.share:4.0%} {self._progress.spoken_left}".rstrip()

    def _row(self, job: PlannedJob, stage: str) -> str:
        """The stage whose line it is: members of a fan-out over a list share one where all stages have one."""
        return self._counts.planned_name(job, stage) if self._shows_all else stage

    def _planned(self, job: PlannedJob, stage: str) -> PlannedStage | None:
        return self._stages.get((job.id, self._counts.planned_name(job, stage)))

    def _label(self, job: PlannedJob, stage: str) -> str:
        """What the stage does, with the item of a fan-out's member."""
        planned = self._planned(job, stage)
        if planned is None:
            return stage
        member = stage.removeprefix(planned.name).strip("_")
        return f"{self._words(planned)} {member}".strip()

    def _name(self, job: PlannedJob) -> str:
        is_film = not self._several and job.plan.input.duration_s
        name = printable(job.input.name) if is_film else super()._name(job)
        return shortened(name, max(12, self._console.width // 2))

    def _words(self, stage: PlannedStage) -> str:
        """Its title, or else what its file says of itself."""
        if stage.title:
            return printable(stage.title)
        try:
            text = self._project.stage_file(stage.uses).read_text(encoding="utf-8", errors="replace")
        except OSError:
            text = ""
        found = FIRST_SENTENCE.search(text)
        own = stage.name.removeprefix(stage.uses).strip("_")
        return f"{printable(found[1].strip()) if found else stage.uses} {own}".strip()

    def _tell_waiting(self, job: PlannedJob) -> None:
        """Which environment is used, and what was done already, only a log needs."""
