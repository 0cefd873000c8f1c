"""How the run of one job ends: each end has its line in the journal, its outcome, and a command that goes on."""

import contextlib
from collections.abc import Callable, Sequence
from pathlib import Path

from pipeline.errors import Interrupted, StageError
from pipeline.jobs.deliver import deliver
from pipeline.jobs.events import RunCancelled, RunEnded, RunFailed, RunFinished, RunInterrupted
from pipeline.jobs.hand_edits import HandEdit, HandEdits
from pipeline.jobs.job import PlannedJob
from pipeline.jobs.results import Results
from pipeline.jobs.state import Status
from pipeline.run import input_view
from pipeline.run.input_guard import InputGuard
from pipeline.run.job_journal import JobJournal
from pipeline.run.observer import JobOutcome


class JobEnd:
    """The ends that a job's run may have; exactly one of them is called, and none of the job's stages runs then."""

    def __init__(self, job: PlannedJob, journal: JobJournal, progress: Callable[[str], None]) -> None:
        self._job = job
        self._journal = journal
        self._progress = progress
        self._again = f"run-pipeline -j {job.id}   goes on from here"

    def finished(self, results: Results, guard: InputGuard) -> JobOutcome:
        """All stages have their results: deliver what the job is for. Raises what keeps it from that."""
        state = self._job.loaded
        unchanged = not self._journal.has_news and state.status is Status.FINISHED
        guard.require_deliverables()
        placed = deliver(self._job, results, not unchanged, state.delivered, self._tell_of_hand_edit)
        guard.delivered()
        has_put = self._put_beside(results, placed)
        with contextlib.suppress(OSError):  # it only takes room
            input_view.release(self._job)
        delivered = list(dict.fromkeys(placed))
        event = None if unchanged else RunFinished(tuple(path.name for path in delivered))
        return self._journal.ended(event, JobOutcome(delivered, unchanged and not has_put))

    def _tell_of_hand_edit(self, edit: HandEdit) -> None:
        self._progress(HandEdits(self._job).words(edit))

    def _put_beside(self, results: Results, placed: Sequence[Path]) -> bool:
        """Whether anything was put next to the input."""
        if self._job.plan.beside is None:
            return False
        from pipeline.jobs import beside_input

        placement = beside_input.put(self._job, results, placed)
        for text in placement.told:
            self._progress(f"{self._job.id}: {text}")
        return placement.has_put

    def partial(self) -> JobOutcome:
        """The run was asked for a part of the job, and has made it."""
        return self._journal.ended(RunEnded() if self._journal.has_begun else None, JobOutcome(partial=True))

    def stopped_short(self, left: str) -> JobOutcome:
        """Nothing of the job has failed, so it is one of those that wait to be gone on with. ``left``: a stage that
        wasn't started."""
        text = f"{self._job.id}: stage '{left}' wasn't started after the failure (--fail-fast)"
        event = RunInterrupted("--fail-fast") if self._journal.has_begun else None
        return self._journal.ended(event, JobOutcome(error=StageError(text, self._again)))

    def cancelled(self) -> JobOutcome:
        """Somebody gave the job up."""
        error = Interrupted(f"{self._job.id} was cancelled", self._again)
        return self._journal.ended(RunCancelled(), JobOutcome(error=error))

    def failed(self, error: Exception) -> JobOutcome:
        """The job can't go on, or isn't to."""
        event = RunFailed(str(error)) if self._journal.has_begun else None
        return self._journal.ended(event, JobOutcome(error=error))
