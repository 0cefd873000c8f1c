"""What happens to one job, written into its journal and told to whoever watches.

A result is told, and built on, only when its line is on the disk. Lines that nothing waits for yet share a flush.
"""

import contextlib
from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.jobs.job import Job
from pipeline.jobs.records import Result
from pipeline.run.observer import Observer, Outcome
from pipeline.run.timers import now

TOGETHER_SECONDS = 0.005  # how long a result may wait for others to share its flush; a flush takes 0.1 to 10 ms


class Chronicle:
    def __init__(self, job: Job, observer: Observer) -> None:
        self._job = job
        self._observer = observer
        self._journal = job.journal()
        self._has_begun = False
        self._untold: list[tuple[str, float]] = []  # stages whose lines aren't on the disk yet, with their seconds
        self._oldest = 0.0  # when the first of them was written

    def run_started(self) -> None:
        """Once, before the first stage."""
        if not self._has_begun:
            said = self._job.document.get("environment_sources", {})
            warnings = {name: each["warning"] for name, each in said.items() if "warning" in each}
            self._journal.append("run_started", **({"warnings": warnings} if warnings else {}))
        self._has_begun = True

    @property
    def has_begun(self) -> bool:
        return self._has_begun

    def started(self, stage: Mapping[str, Any], attempt: int, key: str, because: str) -> None:
        """The key is what the job holds from now on: the store of results doesn't evict it."""
        told = {"because": because} if because else {}
        self._journal.append("stage_started", stage=stage["name"], attempt=attempt, key=key, **told)
        self._observer.stage_started(self._job, stage["name"], stage["environment"], because)

    def said(self, stage: str, fields: Mapping[str, Any]) -> None:
        self._observer.stage_said(self._job, stage, fields)

    def expanded(self, stage: str, members: int) -> None:
        self._journal.append("stage_expanded", stage=stage, members=members)

    def finished(self, stage: str, result: Result) -> None:
        self._journal.append("stage_finished", stage=stage, **result.described)
        self._oldest = self._oldest if self._untold else now()
        self._untold.append((stage, result.seconds))

    def adopted(self, stage: str, result: Result) -> None:
        """An earlier run committed it and died before the journal said so."""
        self._journal.append("stage_finished", stage=stage, **result.described, adopted=True)

    def taken(self, stage: str, result: Result, origin: str) -> None:
        """Another job, ``origin``, had the same result."""
        self._journal.append("stage_finished", stage=stage, **result.described, taken=origin)

    def reused(self, stage: str, result: Result, origin: str) -> None:
        self._observer.stage_reused(self._job, stage, result.seconds, origin)

    def failed(self, stage: str, reason: str, again: float | None = None, **told: Any) -> None:
        told = told if again is None else {**told, "again": again}
        self._journal.append("stage_failed", **{"stage": stage, "attempt": 0, "seconds": 0, "reason": reason, **told})
        self._observer.stage_failed(self._job, stage, reason, again)

    def stopped(self, stage: str, attempt: int, seconds: float, reason: str) -> None:
        """An attempt was ended because its run ends."""
        self._journal.append("stage_failed", stage=stage, attempt=attempt, seconds=round(seconds, 3), reason=reason)

    def skipped(self, stages: Sequence[str], because: str) -> None:
        for stage in stages:
            self._journal.append("stage_skipped", stage=stage, because=because)
            self._observer.stage_skipped(self._job, stage, because)

    def interrupted(self, by: str) -> None:
        self._journal.append("run_interrupted", by=by)

    def ended(self, event: str | None, outcome: Outcome, **told: Any) -> Outcome:
        """How the run of the job ended; without an event where nothing has changed."""
        with contextlib.suppress(OSError) if outcome.error else contextlib.nullcontext():
            self.flush()
        if event:
            # Where the disk under the journal is full, that is why the run ended, and must not hide it.
            with contextlib.suppress(OSError) if outcome.error else contextlib.nullcontext():
                self._journal.append(event, **told)
                self._journal.flush()
        self._observer.job_ended(self._job, outcome)
        return outcome

    @property
    def has_news(self) -> bool:
        """Whether something was written: results of other jobs may have been taken, though no stage has run."""
        return self._journal.lines > 0

    @property
    def position(self) -> int:
        """What is due now builds on no line after this one."""
        return self._journal.lines

    def flush_to(self, position: int) -> None:
        """Put the lines before a position on the disk, unless they are."""
        if self._journal.flushed < position:
            self.flush()

    @property
    def flush_due(self) -> float | None:
        """Seconds until results that nothing waits for have to be on the disk all the same."""
        return max(0.0, self._oldest + TOGETHER_SECONDS - now()) if self._untold else None

    def flush(self) -> None:
        self._journal.flush()
        untold, self._untold = self._untold, []
        for stage, seconds in untold:
            self._observer.stage_finished(self._job, stage, seconds)

    def close(self) -> None:
        self._journal.close()
