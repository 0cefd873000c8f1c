"""A run told in plain lines, for logs and pipes."""

import contextlib
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from pipeline.jobs.job import Job
from pipeline.runtime import Runtime
from pipeline.scheduler import Outcome
from pipeline.text import printable

if TYPE_CHECKING:
    from pipeline.failures.message import Failure

PROGRESS_EVERY = 10  # seconds between two lines about one stage


class PlainReporter:
    def __init__(self, job: Job) -> None:
        self._job = job
        self._last_progress = 0.0

    def job_started(self, runtime: Runtime) -> None:
        document = self._job.document
        self.say(f"{self._job.id}: workflow {document['workflow']}, input {printable(document['input']['path'])}")
        for name, folder in document["environments"].items():
            reason = runtime.problems.get(name)
            state = f"not usable: {reason}" if reason else f"healthy, {runtime.builds[name].prefix.name}"
            self.say(f"environment {name} ({folder}): {state}")

    def stage_reused(self, stage: str, seconds: float) -> None:
        self.say(f"{stage}: done already ({_duration(seconds)})")

    def stage_started(self, stage: str, environment: str, because: str) -> None:
        self.say(f"{stage}: runs in environment {environment}{f' {because}' if because else ''}")
        self._last_progress = time.monotonic()

    def stage_said(self, stage: str, fields: Mapping[str, Any]) -> None:
        if "warning" in fields:
            self.say(f"{stage}: warning: {printable(fields['warning'])}")
        if "progress" in fields and time.monotonic() - self._last_progress >= PROGRESS_EVERY:
            self._last_progress = time.monotonic()
            self.say(f"{stage}: {fields['progress']:.0%} {printable(fields.get('note', ''))}".rstrip())

    def stage_finished(self, stage: str, seconds: float) -> None:
        self.say(f"{stage}: finished in {_duration(seconds)}")

    def stage_failed(self, failure: "Failure") -> None:
        self.say(f"{failure.stage}: failed")

    def job_finished(self, outcome: Outcome) -> None:
        if outcome.unchanged:
            self.say(f"{self._job.id}: is finished already, nothing to do")
        else:
            self.say(f"{self._job.id}: finished")
        for path in outcome.delivered:
            click.echo(printable(str(path)))

    def close(self) -> None:
        """Nothing to put back."""

    def say(self, text: str) -> None:
        # Whoever listened may have gone (`2>&1 | head`, a closed terminal); the job goes on all the same.
        with contextlib.suppress(OSError):
            click.echo(f"{time.strftime('%H:%M:%S')} {text}", err=True)


def _duration(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}"
