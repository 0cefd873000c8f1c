"""A run told in plain lines, for logs and pipes."""

import contextlib
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.cli.stage_counts import StageCounts
from pipeline.executors import StageReport
from pipeline.jobs import model_notes
from pipeline.jobs.job import PlannedJob
from pipeline.jobs.plan import Plan
from pipeline.run.observer import JobOutcome, StageStart
from pipeline.run.runtime import Runtime
from pipeline.text import printable

if TYPE_CHECKING:
    from pipeline.prepare.batch import PrepareOutcome

PROGRESS_EVERY = 10  # seconds between two lines about one stage
WITHOUT_DIGITS = {ord(digit): None for digit in "0123456789"}


class PlainReporter:
    """A film is called by its file's name where several are run, and stages are counted where they are many."""

    def __init__(self, jobs: Sequence[PlannedJob]) -> None:
        self._jobs = list(jobs)
        self._left = 0  # inputs whose jobs aren't prepared yet
        self._several = len(jobs) > 1
        self._last_progress: dict[tuple[str, str], float] = {}
        self._last_note: dict[tuple[str, str], str] = {}  # without its counts
        self._waiting: dict[str, list[str]] = {}  # by job: lines that are told once something happens
        self._told: set[str] = set()  # lines about environments
        self._counts = StageCounts(PROGRESS_EVERY)
        self._ended = 0
        self._names: dict[str, str] = {}  # by job
        self._began: dict[str, float] = {}  # by job: when its first stage was started
        self._saved: set[str] = set()  # jobs of which something was done already, so that their speed says nothing

    def run_started(self, runtimes: Mapping[str, Runtime]) -> None:
        for job in self._jobs:
            self._introduce(job, runtimes[job.id])

    def inputs_left(self, count: int) -> None:
        self._left = count
        self._several = self._several or len(self._jobs) + count > 1

    def job_joined(self, job: PlannedJob, runtime: Runtime | None) -> None:
        self._jobs.append(job)
        self._names.clear()
        if runtime:
            self._introduce(job, runtime)

    def stage_reused(self, job: PlannedJob, stage: str, seconds: float, origin: str) -> None:
        self._saved.add(job.id)
        if self._counts.has(job, stage):
            self._counts.reused(job)
        else:
            where = f"taken from {'the store' if origin == job.id else origin}" if origin else "done already"
            self._waiting.setdefault(job.id, []).append(self._line(job, stage, f"{where} ({_duration(seconds)})"))

    def stage_waits(self, job: PlannedJob, stage: str, because: str) -> None:
        self._tell_waiting(job)
        self.tell(job, stage, f"waits, since {because}")

    def stage_started(self, job: PlannedJob, stage: str, start: StageStart) -> None:
        self._tell_waiting(job)
        if not self._counts.has(job, stage):
            self.detail(job, stage, f"runs {start.where}{f' {start.because}' if start.because else ''}")
        self._last_progress[job.id, stage] = time.monotonic()
        self._began.setdefault(job.id, time.monotonic())

    def stage_reported(self, job: PlannedJob, stage: str, report: StageReport) -> None:
        if report.warning is not None:
            self.tell(job, stage, f"warning: {printable(report.warning)}")
        if report.progress is None and report.note:
            self._preparing(job, stage, report.note)
        elif report.progress is not None and time.monotonic() - self._last_progress[job.id, stage] >= PROGRESS_EVERY:
            self._last_progress[job.id, stage] = time.monotonic()
            self.detail(job, stage, f"{report.progress:.0%} {printable(report.note)}".rstrip())

    def _preparing(self, job: PlannedJob, stage: str, note: str) -> None:
        """What is made ready on a node, each once: of a count that grows, its beginning."""
        alike = note.translate(WITHOUT_DIGITS)
        if not self._counts.has(job, stage) and self._last_note.get((job.id, stage)) != alike:
            self._last_note[job.id, stage] = alike
            self.detail(job, stage, printable(note))

    def stage_finished(self, job: PlannedJob, stage: str, seconds: float) -> None:
        if not self._counts.has(job, stage):
            self.detail(job, stage, f"finished in {_duration(seconds)}")
        elif text := self._counts.finished(job, stage):
            self.say(f"{self._name(job)}: {text}")

    def stage_failed(self, job: PlannedJob, stage: str, reason: str, again: float | None) -> None:
        self._tell_waiting(job)
        after = "" if again is None else f" ({printable(reason)}); tried again in {_duration(again)}"
        self.tell(job, stage, f"failed{after}")

    def stage_skipped(self, job: PlannedJob, stage: str, because: str) -> None:
        self.tell(job, stage, f"skipped, since {self._counts.shown_name(job, because)} failed")

    def progress(self, text: str) -> None:
        self.say(text)

    def job_ended(self, job: PlannedJob, outcome: JobOutcome) -> None:
        self._ended += 1
        total = len(self._jobs) + self._left
        place = f" ({self._ended} of {total})" if total > 1 else ""
        if outcome.unchanged:
            if not self._several:
                self.say(f"{self._name(job)}: is finished already, nothing to do")
            return
        self._tell_waiting(job)
        for text in self._counts.ended(job):
            self.say(f"{self._name(job)}: {text}")
        for note in model_notes.unexpected(job):
            self.say(f"{self._name(job)}: {printable(note)}")
        how = "not finished" if outcome.error else "the chosen stages are done" if outcome.partial else "finished"
        is_whole = not outcome.error and not outcome.partial and job.plan.input.duration_s
        told, *more = self._quality(job) if is_whole else [""]
        self.say(f"{self._name(job)}{place}: {how}{told}")
        for text in more:
            self.say(f"{self._name(job)}: {text}" if self._several else text)

    def run_ended(self, outcomes: Mapping[str, JobOutcome], others: "Sequence[PrepareOutcome]" = ()) -> None:
        """The files for whoever reads the standard output, and a table for people."""
        for_people = sys.stdout.isatty()
        unchanged = sum(outcome.unchanged for outcome in outcomes.values())
        if unchanged and self._several:
            self.say(f"{unchanged} of {len(outcomes)} were finished already, nothing to do")
        if not for_people:
            print_delivered(outcomes)
        if unchanged < len(outcomes) and (for_people or self._several or len(others) > 1):
            with contextlib.suppress(
                OSError
            ):  # last, where it is seen: of many movies, the files fill more than a screen
                sys.stdout.flush()
                _table(self._jobs, outcomes, others)

    def close(self) -> None:
        """Nothing to put back."""

    def detail(self, job: PlannedJob, stage: str, text: str) -> None:
        """What only a log needs."""
        self.tell(job, stage, text)

    def tell(self, job: PlannedJob, stage: str, text: str) -> None:
        self.say(self._line(job, stage, text))

    def say(self, text: str) -> None:
        # Whoever listened may have gone (`2>&1 | head`, a closed terminal); the job goes on all the same.
        with contextlib.suppress(OSError):
            sys.stderr.write(f"{time.strftime('%H:%M:%S')} {text}\n")

    def _quality(self, job: PlannedJob) -> list[str]:
        """How fast the film was done, and then how good its subtitles are."""
        from pipeline.cli import result_quality

        if job.id not in self._began:
            return [""]
        seconds = time.monotonic() - self._began[job.id]
        speed = "" if job.id in self._saved else result_quality.speed(job, seconds)
        told = f" in {_duration(seconds)}{f', {speed}' if speed else ''}"
        return [told, *map(printable, result_quality.lines(job, job.state()))]

    def _introduce(self, job: PlannedJob, runtime: Runtime) -> None:
        """What is told once the job does something; what an earlier one has said isn't said again."""
        environments = [line for line in _environments(job.plan, runtime) if line not in self._told]
        about = f"{job.id}: workflow {job.plan.workflow}, input {printable(job.plan.input.path)}"
        self._waiting[job.id] = [about, *environments]
        self._told.update(environments)

    def _line(self, job: PlannedJob, stage: str, text: str) -> str:
        shown = self._counts.shown_name(job, stage)
        return f"{self._name(job)} {shown}: {text}" if self._several else f"{shown}: {text}"

    def _name(self, job: PlannedJob) -> str:
        """The file's name where it is the only one of this name in the run."""
        if not self._several:
            return job.id
        if not self._names:
            count = Counter(each.input.name for each in self._jobs)
            self._names = {
                each.id: printable(each.input.name) if count[each.input.name] == 1 else each.id for each in self._jobs
            }
        return self._names[job.id]

    def _tell_waiting(self, job: PlannedJob) -> None:
        for line in self._waiting.pop(job.id, ()):
            self.say(line)


def print_delivered(outcomes: Mapping[str, JobOutcome]) -> None:
    """A path a line, for whoever reads the standard output."""
    for outcome in outcomes.values():
        for path in outcome.delivered:
            print(printable(str(path)))


def _table(jobs: Sequence[PlannedJob], outcomes: Mapping[str, JobOutcome], others: "Sequence[PrepareOutcome]") -> None:
    """What became of each movie, for who has gone away meanwhile. ``others`` have the files that got no job."""
    from pipeline.cli import prepare_outcomes, run_summary

    run_summary.show([*run_summary.rows(jobs, outcomes), *prepare_outcomes.failed_rows(others)])
    if skipped := prepare_outcomes.skip_counts(others):
        print(f"nothing to do for the others: {skipped}", file=sys.stderr)


def _environments(plan: Plan, runtime: Runtime) -> list[str]:
    lines = []
    for name, folder in plan.environments.items():
        reason = runtime.problems.get(name)
        state = f"not usable: {reason}" if reason else _build(plan, name, runtime.builds[name].prefix)
        lines.append(f"environment {name} ({folder}): {state}")
    return lines


def _build(plan: Plan, name: str, prefix: Path) -> str:
    """A build of ours by its name; an external environment by its place, or by why its results aren't shared."""
    origin = plan.origin(name)
    if origin.place is None:
        return f"healthy, {prefix.name}"
    return f"{origin.source} {printable(origin.warning or origin.place)}"


def _duration(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}"
