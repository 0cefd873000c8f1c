"""What happens to one job, written into its journal and told to whoever watches.

A result is told, and built on, only when its line is on the disk. Lines that nothing waits for yet share a flush.
"""

import contextlib
from collections.abc import Sequence

from pipeline.child_process import ResourceUse
from pipeline.executors import StageReport
from pipeline.jobs.events import (
    AttemptFailed,
    RunEvent,
    RunInterrupted,
    RunStarted,
    ServiceEvent,
    StageExpanded,
    StageFinished,
    StageSkipped,
    StageStarted,
)
from pipeline.jobs.job import PlannedJob
from pipeline.jobs.plan import PlannedStage
from pipeline.jobs.records import Result
from pipeline.run.observer import JobOutcome, Observer, StageStart
from pipeline.run.timers import now

TOGETHER_SECONDS = 0.025  # how long a result may wait for others to share its flush; a flush takes 0.1 to 10 ms


class JobJournal:
    def __init__(self, job: PlannedJob, observer: Observer) -> None:
        self._job = job
        self._observer = observer
        self._journal = job.journal()
        self._has_begun = False
        self._has_ended = False
        self._untold: list[tuple[str, float]] = []  # stages whose lines aren't on the disk yet, with their seconds
        self._oldest = 0.0  # when the first of them was written

    def run_started(self) -> None:
        """Once, before the first stage."""
        if not self._has_begun:
            origins = self._job.plan.environment_sources.items()
            self._journal.append(RunStarted({name: each.warning for name, each in origins if each.warning}))
        self._has_begun = True

    @property
    def has_begun(self) -> bool:
        return self._has_begun

    def started(self, stage: PlannedStage, event: StageStarted) -> None:
        """The event's key is what the job holds from now on: the store of results doesn't evict it."""
        self._journal.append(event)
        self._observer.stage_started(self._job, stage.name, StageStart(stage.environment, event.because, event.node))

    def reported(self, stage: str, report: StageReport) -> None:
        self._observer.stage_reported(self._job, stage, report)

    def expanded(self, stage: str, members: int) -> None:
        self._journal.append(StageExpanded(stage, members))

    def finished(
        self, stage: str, result: Result, used: ResourceUse | None, start_seconds: float | None = None
    ) -> None:
        self._journal.append(_finished(stage, result, used=used, start_seconds=start_seconds))
        self._oldest = self._oldest if self._untold else now()
        self._untold.append((stage, result.seconds))

    def adopted(self, stage: str, result: Result) -> None:
        """An earlier run committed it and died before the journal said so."""
        self._journal.append(_finished(stage, result, adopted=True))

    def taken(self, stage: str, result: Result, origin: str) -> None:
        """Another job, ``origin``, had the same result."""
        self._journal.append(_finished(stage, result, taken=origin))

    def reused(self, stage: str, result: Result, origin: str) -> None:
        self._observer.stage_reused(self._job, stage, result.seconds, origin)

    def failed(self, event: AttemptFailed) -> None:
        self._journal.append(event)
        self._observer.stage_failed(self._job, event.stage, event.reason, event.again)

    def stopped(self, stage: str, attempt: int, seconds: float, reason: str) -> None:
        """An attempt was ended because its run ends."""
        self._journal.append(AttemptFailed(stage, attempt, round(seconds, 3), reason))

    def skipped(self, stages: Sequence[str], because: str) -> None:
        for stage in stages:
            self._journal.append(StageSkipped(stage, because))
            self._observer.stage_skipped(self._job, stage, because)

    def of_service(self, event: ServiceEvent) -> None:
        """Unless the job has ended meanwhile: services are shared, and may outlive it."""
        if not self._has_ended:
            self._journal.append(event)

    def interrupted(self, by: str) -> None:
        self._journal.append(RunInterrupted(by))

    def ended(self, event: RunEvent | None, outcome: JobOutcome) -> JobOutcome:
        """How the run of the job ended; without an event where nothing has changed."""
        self._has_ended = True
        # Where the disk under the journal is full, that is why the run ended, and must not hide it.
        hidden = (OSError,) if outcome.error else ()
        if event:
            with contextlib.suppress(*hidden):
                self._journal.append(event)
        with contextlib.suppress(*hidden):
            self.flush()
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


def _finished(  # noqa: PLR0913  # what only one kind of end has
    stage: str,
    result: Result,
    *,
    adopted: bool = False,
    taken: str | None = None,
    used: ResourceUse | None = None,
    start_seconds: float | None = None,
) -> StageFinished:
    return StageFinished(
        stage,
        result.attempt,
        result.key,
        result.seconds,
        result.output_records,
        result.warnings,
        result.about,
        adopted,
        taken,
        used.cpu_seconds if used else None,
        used.memory if used else None,
        start_seconds,
    )
