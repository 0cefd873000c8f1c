"""A run told in plain lines, for logs and pipes."""

import contextlib
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from pipeline.executors import StageReport
from pipeline.jobs.job import Job
from pipeline.jobs.plan import Plan
from pipeline.run.observer import JobOutcome
from pipeline.run.runtime import Runtime
from pipeline.text import printable

PROGRESS_EVERY = 10  # seconds between two lines about one stage
NAMED = 20  # stages that were done already are named up to here; of more, only their number is told


class PlainReporter:
    def __init__(self, jobs: Sequence[Job]) -> None:
        self._several = len(jobs) > 1
        self._jobs = jobs
        self._last_progress: dict[tuple[str, str], float] = {}
        self._reused: Counter[str] = Counter()

    def run_started(self, runtimes: Mapping[str, Runtime]) -> None:
        told: set[str] = set()
        for job in self._jobs:
            self.say(f"{job.id}: workflow {job.plan.workflow}, input {printable(job.plan.input.path)}")
            for line in _environments(job.plan, runtimes[job.id]):
                if line not in told:
                    self.say(line)
                    told.add(line)

    def stage_reused(self, job: Job, stage: str, seconds: float, origin: str) -> None:
        self._reused[job.id] += 1
        if len(job.stages) <= NAMED:
            where = f"taken from {'the store' if origin == job.id else origin}" if origin else "done already"
            self.tell(job, stage, f"{where} ({_duration(seconds)})")

    def stage_started(self, job: Job, stage: str, environment: str, because: str) -> None:
        self.tell(job, stage, f"runs in environment {environment}{f' {because}' if because else ''}")
        self._last_progress[job.id, stage] = time.monotonic()

    def stage_reported(self, job: Job, stage: str, report: StageReport) -> None:
        if report.warning is not None:
            self.tell(job, stage, f"warning: {printable(report.warning)}")
        if report.progress is not None and time.monotonic() - self._last_progress[job.id, stage] >= PROGRESS_EVERY:
            self._last_progress[job.id, stage] = time.monotonic()
            self.tell(job, stage, f"{report.progress:.0%} {printable(report.note)}".rstrip())

    def stage_finished(self, job: Job, stage: str, seconds: float) -> None:
        self.tell(job, stage, f"finished in {_duration(seconds)}")

    def stage_failed(self, job: Job, stage: str, reason: str, again: float | None) -> None:
        after = "" if again is None else f" ({printable(reason)}); tried again in {_duration(again)}"
        self.tell(job, stage, f"failed{after}")

    def stage_skipped(self, job: Job, stage: str, because: str) -> None:
        self.tell(job, stage, f"skipped, since {because} failed")

    def progress(self, text: str) -> None:
        self.say(text)

    def job_ended(self, job: Job, outcome: JobOutcome) -> None:
        if len(job.stages) > NAMED and self._reused[job.id]:
            self.say(f"{job.id}: {self._reused[job.id]} stages were done already")
        if outcome.error:
            self.say(f"{job.id}: not finished")
        elif outcome.unchanged:
            self.say(f"{job.id}: is finished already, nothing to do")
        else:
            self.say(f"{job.id}: {'did what was asked for' if outcome.partial else 'finished'}")

    def run_ended(self, outcomes: Mapping[str, JobOutcome]) -> None:
        for outcome in outcomes.values():
            for path in outcome.delivered:
                print(printable(str(path)))
        if self._several:  # last, where it is seen: of many movies, the files are more than a screen holds
            with contextlib.suppress(OSError):
                sys.stdout.flush()
                _table(self._jobs, outcomes)

    def close(self) -> None:
        """Nothing to put back."""

    def tell(self, job: Job, stage: str, text: str) -> None:
        self.say(f"{job.id} {stage}: {text}" if self._several else f"{stage}: {text}")

    def say(self, text: str) -> None:
        # Whoever listened may have gone (`2>&1 | head`, a closed terminal); the job goes on all the same.
        with contextlib.suppress(OSError):
            sys.stderr.write(f"{time.strftime('%H:%M:%S')} {text}\n")


def _table(jobs: Sequence[Job], outcomes: Mapping[str, JobOutcome]) -> None:
    """What became of each movie, for who has gone away meanwhile."""
    from pipeline.cli.output import print_table

    rows = [[printable(job.input.name), job.id, *_became(outcomes[job.id], job)] for job in jobs if job.id in outcomes]
    print_table(["input", "job", "became", "where, or why"], rows, "", err=True)


def _became(outcome: JobOutcome, job: Job) -> tuple[str, str]:
    if outcome.error:
        message = getattr(outcome.error, "message", str(outcome.error)).removeprefix(f"{job.id}: ")
        return "not finished", printable(message.partition("\n")[0])
    if outcome.partial:
        return "did a part", "what was asked for"
    return "was finished already" if outcome.unchanged else "finished", printable(str(job.output))


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
