"""How the run of one job ends: each end has its line in the journal, its outcome, and a command that goes on."""

import contextlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import Interrupted, StageError
from pipeline.jobs.events import RunCancelled, RunEnded, RunFailed, RunFinished, RunInterrupted
from pipeline.jobs.job import PlannedJob
from pipeline.jobs.results import Results
from pipeline.jobs.state import Status
from pipeline.run import input_view
from pipeline.run.content_guard import ContentGuard
from pipeline.run.job_journal import JobJournal
from pipeline.run.observer import JobOutcome
from pipeline.values import Struct

if TYPE_CHECKING:
    from pipeline.jobs.hand_edits import HandEdit


class Delivery(Struct, frozen=True):
    """What a job has delivered: the paths, each once, and whether all of it was there already."""

    paths: list[Path]
    was_finished: bool  # by an earlier run, and nothing has been made since
    unchanged: bool


def import_delivery() -> None:
    """To be called while the first stage starts: what a delivery is made with would hold up its start."""
    from pipeline.jobs import deliver  # noqa: F401


class JobEnd:
    """The ends that a job's run may have; exactly one of them is called, and none of the job's stages runs then."""

    def __init__(self, job: PlannedJob, journal: JobJournal, progress: Callable[[str], None]) -> None:
        self._job = job
        self._journal = journal
        self._progress = progress
        self._again = f"run-pipeline -j {job.id}   goes on from here"
        self._notes: list[str] = []  # of the delivery; told in the loop's thread, however the job ends

    def takes_long(self, results: Results) -> bool:
        """Whether the delivery does."""
        from pipeline.jobs import deliver

        return deliver.takes_long(self._job, results)

    def deliver(self, results: Results, guard: ContentGuard) -> Delivery:
        """Deliver what the job is for; all stages have their results. Raises what keeps it from that. For any thread:
        nothing else is done for the job meanwhile, but that it may be given up."""
        from pipeline.jobs import deliver

        state = self._job.loaded
        was_finished = not self._journal.has_news and state.status is Status.FINISHED
        guard.require_deliverables()
        placed = deliver.deliver(self._job, results, not was_finished, state.delivered, self._note_hand_edit)
        guard.delivered()
        has_put = self._put_beside(results, placed)
        with contextlib.suppress(OSError):  # it only takes room
            input_view.release(self._job)
        return Delivery(list(dict.fromkeys(placed)), was_finished, was_finished and not has_put)

    def finished(self, delivered: Delivery) -> JobOutcome:
        """All that the job is for is there."""
        self._tell_notes()
        names = tuple(path.name for path in delivered.paths)
        event = None if delivered.was_finished else RunFinished(names)
        return self._journal.ended(event, JobOutcome(delivered.paths, delivered.unchanged))

    def _note_hand_edit(self, edit: "HandEdit") -> None:
        from pipeline.jobs.hand_edits import HandEdits

        self._notes.append(HandEdits(self._job).words(edit))

    def _tell_notes(self) -> None:
        for text in self._notes:
            self._progress(text)
        self._notes = []

    def _put_beside(self, results: Results, placed: Sequence[Path]) -> bool:
        """Whether anything was put next to the input."""
        if self._job.plan.beside is None:
            return False
        from pipeline.jobs import beside_input

        placement = beside_input.put(self._job, results, placed)
        self._notes += [f"{self._job.id}: {text}" for text in placement.told]
        return placement.has_put

    def partial(self) -> JobOutcome:
        """The run was asked for a part of the job, and has made it."""
        return self._journal.ended(RunEnded() if self._journal.has_begun else None, JobOutcome(partial=True))

    def stopped_short(self, left: str) -> JobOutcome:
        """Nothing of the job has failed, so it is one of those that wait to be gone on with. ``left``: the label of a
        stage that wasn't started."""
        text = f"{self._job.id}: stage {left} wasn't started after the failure (--fail-fast)"
        event = RunInterrupted("--fail-fast") if self._journal.has_begun else None
        return self._journal.ended(event, JobOutcome(error=StageError(text, self._again)))

    def cancelled(self) -> JobOutcome:
        """Somebody gave the job up."""
        self._tell_notes()
        error = Interrupted(f"{self._job.id} was cancelled", self._again)
        return self._journal.ended(RunCancelled(), JobOutcome(error=error))

    def failed(self, error: Exception) -> JobOutcome:
        """The job can't go on, or isn't to."""
        self._tell_notes()
        event = RunFailed(str(error)) if self._journal.has_begun else None
        return self._journal.ended(event, JobOutcome(error=error))
