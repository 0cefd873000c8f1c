"""The loop: what is ready and fits goes to the executor, and what comes back goes to its job.

One process runs any number of jobs at once. A job that can't go on is given up; the others go on.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import Interrupted, PipelineError
from pipeline.executors import Message, ProcessExit
from pipeline.host.resources import Grant
from pipeline.jobs.records import Result
from pipeline.run.backlog import Backlog
from pipeline.run.commit_queue import CommitQueue, Outcome
from pipeline.run.job_end import import_delivery
from pipeline.run.job_run import JobRun
from pipeline.run.live_attempts import LiveAttempts
from pipeline.run.observer import JobOutcome
from pipeline.run.result_placements import Placed, ResultPlacements
from pipeline.run.run_bounds import Bounds, overrun
from pipeline.run.run_failures import RunFailures
from pipeline.run.run_jobs import RunJobs
from pipeline.run.supervision.interrupts import Interrupts
from pipeline.run.task import AttemptEnd, LiveAttempt, Task
from pipeline.run.time_limits import TimeLimits
from pipeline.run.timers import Timers
from pipeline.run.workplace import Workplace

if TYPE_CHECKING:
    from pipeline.run.later_jobs import Joining, LaterJobs
    from pipeline.run.run_services import RunServices

CLAIM_SECONDS = 0.2  # between two looks whether another process has made a result: nobody tells
AHEAD = 2  # how many stages' interpreters are started before their turn


class Run:
    """Runs jobs to their ends."""

    def __init__(
        self,
        jobs: Sequence[JobRun],
        place: Workplace,
        bounds: Bounds,
        joining: "Joining | None" = None,
    ) -> None:
        """``joining``: makes what prepares more jobs while these run."""
        self._jobs = RunJobs(jobs, self._drop, self._awake)
        self._place = place
        self._execution = place.execution
        self._bounds = bounds
        self._running = LiveAttempts(self._execution, self._jobs)
        self._timers = Timers()
        self._limits = TimeLimits(self._timers, bounds, self._running.time_out, self._time_out_job)
        self._backlog = Backlog(
            place.queue, self._timers, lambda task: self._jobs[task.job_id].leave(task), self._jobs.ids
        )
        self._failures = RunFailures(self._awake, self._backlog, bounds.keep_going, self._jobs)
        self._services: RunServices | None = None  # made for the first stage that uses one
        self._commits = CommitQueue(self._awake, self._committed_beside)
        self._placements = ResultPlacements(self._awake, self._placed_beside)
        self._beside = (self._commits, self._placements, self._jobs.deliveries)
        self._joining = joining
        self._later: LaterJobs | None = None

    def run(self, interrupts: Interrupts) -> Mapping[str, JobOutcome]:
        """What became of each job, by its id. Raises ``Interrupted`` where the run was asked to stop."""
        self._wake = interrupts.wake
        try:
            return self._work(interrupts)
        except KeyboardInterrupt:  # asked twice
            return self._interrupt(interrupts.received or "SIGINT", grace=0)
        except Interrupted:
            raise
        except Exception as error:
            for job in self._jobs.live:
                job.give_up(error)
            raise
        finally:
            for each in (*self._beside, self._failures, self._later, self._services):
                if each:
                    each.close()
            self._execution.stop(grace=0)
            self._execution.close()
            self._jobs.close()

    def _work(self, interrupts: Interrupts) -> Mapping[str, JobOutcome]:
        for job in self._jobs.live:
            self._begin(job)
        self._advance()
        if self._running:
            import_delivery()
        self._later = self._joining(self._wake, self._join) if self._joining else None
        while self._running or self._jobs.live or (self._later and not self._later.is_over):
            for event in self._execution.wait(interrupts.fileno(), self._patience()):
                self._handle(event)
            is_to_look = interrupts.asked_to_look()
            if interrupts.received:
                return self._interrupt(interrupts.received, self._jobs.grace_seconds)
            if is_to_look:
                self._jobs.cancel()
            for each in (*self._beside, self._failures, self._later, self._services):
                if each:
                    each.handle()
            self._timers.fire()
            self._advance()
        self._finish_beside()  # of jobs that were given up: the next run of each goes on with that
        return self._jobs.outcomes

    def _awake(self) -> None:
        """From another thread: there is something to do."""
        self._wake()

    def _advance(self) -> None:
        """Start what fits, put on the disk what has waited long enough, and end the jobs that have nothing left."""
        if self._services:
            self._services.let_go(self._jobs.live)
        while self._start_next():
            pass
        self._jobs.settle()

    def _start_next(self) -> bool:
        """Whether there may be another one after this."""
        if not self._is_full() and (next_one := self._backlog.next()):
            self._start(*next_one)
            return True
        if self._services and not self._running:
            self._services.make_room(self._backlog.first())
        return False

    def _join(self, folder: Path, admit: Callable[[Path], JobRun]) -> None:
        """A job that was prepared meanwhile."""
        try:
            job = admit(folder)
        except (PipelineError, OSError) as error:
            self._jobs.refuse(folder.name, error)
            return
        self._jobs.add(job)
        self._backlog.add_job(folder.name)
        self._begin(job)

    def _begin(self, job: JobRun) -> None:
        with self._jobs.guarded(job):
            self._place.admit(job)
            self._queue(job, job.begin())

    def _queue(self, job: JobRun, tasks: Sequence[Task]) -> None:
        if job.has_failed and not self._bounds.keep_going:  # a fan-out whose list can't be used never starts
            self._backlog.close()
        for task in tasks:
            if task.due.is_stored:
                self._placements.start(job, task)
            else:
                self._add(job, task)

    def _add(self, job: JobRun, task: Task) -> None:
        self._backlog.add(task, job.services.beside(task.stage) if task.stage.services else ())

    def _start(self, task: Task, grant: Grant) -> None:
        job = self._jobs[task.job_id]
        try:
            with self._jobs.guarded(job):
                if self._has_to_wait(job, task):
                    return
                if job.takes_long(task):
                    self._placements.start(job, task)
                    return
                if (ready := job.taken(task)) is not None:
                    self._queue(job, ready)
                    return
                if task.stage.services and not self._has_services(job, task, grant):
                    return
                self._submit(job, task, grant)
        finally:
            if not self._running.hold(grant):
                self._place.queue.give_back(grant)
            self._give_back_claim(job, task)

    def _has_to_wait(self, job: JobRun, task: Task) -> bool:
        """Whether another stage makes the task's result just now, in this run or in another process's."""
        if not job.may_take(task):
            return False
        if self._is_being_made(task.due.key.digest):
            self._backlog.wait(task)
            return True
        if job.claim(task):
            return False
        self._backlog.rest(task, CLAIM_SECONDS)
        return True

    def _has_services(self, job: JobRun, task: Task, grant: Grant) -> bool:
        """Whether all services that the task uses are ready; else it comes again when one has changed."""
        from pipeline.run.run_services import RunServices

        if self._services is None:
            parts = (self._awake, self._place.ledger, self._backlog, self._timers)
            self._services = self._failures.services = RunServices(*parts, self._failures.refused, self._running.end)
        self._limits.of_job(job)
        return self._services.are_ready(job, task, grant)

    def _submit(self, job: JobRun, task: Task, grant: Grant) -> None:
        live = job.attempts.begin(task, grant)
        self._limits.of_job(job)
        try:
            self._place.submit(job, live)
        except OSError as error:
            self._failures.failed(live, job.attempts.failure(live, AttemptEnd(start_error=error)))
            return
        self._running.add(live)
        self._limits.of_attempt(live)
        self._prepare_next(task)

    def _give_back_claim(self, job: JobRun, task: Task) -> None:
        if not self._is_being_made(task.due.key.digest):
            job.give_back_claim(task)

    def _prepare_next(self, task: Task) -> None:
        """Start the interpreters of what comes next, beside what runs now."""
        first = self._backlog.first()
        if first is None:
            for interpreter in self._jobs[task.job_id].next_interpreters(task, AHEAD):
                self._execution.prepare(interpreter)
        elif first.start == "cold":
            for _ in range(AHEAD):
                self._execution.prepare(self._jobs[first.job_id].interpreter(first.stage))

    def _handle(self, event: Message | ProcessExit) -> None:
        live = self._running[event.id]
        job = self._jobs[live.job_id]
        if isinstance(event, ProcessExit):
            self._running.remove(live)
            self._place.queue.give_back(live.grant)
        if self._jobs.live_job(live.job_id):
            with self._jobs.guarded(job):
                self._tell(job, live, event)
        elif isinstance(event, ProcessExit):
            self._place.settled(live)
        if isinstance(event, ProcessExit) and not self._commits.has(live):
            self._let_others_make(job, live.task)

    def _let_others_make(self, job: JobRun, task: Task) -> None:
        """A task has ended: those that wait for its result take it, or make it."""
        self._give_back_claim(job, task)
        self._backlog.release(task.due.key.digest)

    def _tell(self, job: JobRun, live: LiveAttempt, event: Message | ProcessExit) -> None:
        if isinstance(event, Message):
            job.attempts.report(live, event)
            return
        if failure := job.attempts.ended(live, event):
            self._place.settled(live)
            self._failures.failed(live, failure)
        elif result := self._commits.commit(job, live):
            self._committed(job, live, result)

    def _committed_beside(self, live: LiveAttempt, outcome: Outcome) -> None:
        job = self._jobs[live.job_id]
        if self._jobs.live_job(live.job_id):
            with self._jobs.guarded(job):
                if isinstance(outcome, Exception):
                    raise outcome
                self._committed(job, live, outcome)
        else:
            self._place.settled(live)
        self._let_others_make(job, live.task)

    def _placed_beside(self, task: Task, outcome: Placed) -> None:
        if (job := self._jobs.live_job(task.job_id)) is None:
            return
        with self._jobs.guarded(job):
            if isinstance(outcome, Exception):
                raise outcome
            if outcome is None:
                task.was_missing = True
                self._add(job, task)
            else:
                self._queue(job, job.placed(task, outcome))

    def _committed(self, job: JobRun, live: LiveAttempt, result: Result | AttemptEnd) -> None:
        end = job.committed(live, result)
        self._place.settled(live)
        if isinstance(end, list):
            self._queue(job, end)
        else:
            self._failures.failed(live, end)

    def _time_out_job(self, job: JobRun, seconds: float) -> None:
        if self._jobs.live_job(job.job.id) and not self._jobs.deliveries.has(job):  # all that takes time is done
            self._jobs.give_up(job, overrun(job.job.id, seconds))

    def _drop(self, job: JobRun) -> None:
        """Let go of a job's stages: those that wait, and those that run."""
        self._backlog.drop(job.job.id)
        self._running.end(lambda live: live.job_id == job.job.id)

    def _finish_beside(self) -> None:
        for each in self._beside:
            each.finish()

    def _interrupt(self, by: str, grace: float) -> Mapping[str, JobOutcome]:
        """What became of each job, where all of them have ended all the same. Raises ``Interrupted`` where not."""
        try:
            self._execution.stop(grace)
            self._finish_beside()
        except KeyboardInterrupt:  # asked again while waiting: no more grace
            self._execution.stop(0)
        from pipeline.run.interruption_message import interruption

        if (left := self._jobs.interrupt(by)) or (self._later and not self._later.is_over):
            raise interruption(left, by)
        return self._jobs.outcomes

    def _is_being_made(self, key: str) -> bool:
        return self._running.make(key) or self._commits.makes(key)

    def _is_full(self) -> bool:
        return len(self._running) >= self._bounds.at_once

    def _patience(self) -> float | None:
        """Seconds to wait at most for something to happen."""
        waits = [self._timers.seconds, *(job.flush_due for job in self._jobs.live)]
        if not self._is_full():
            waits.append(self._backlog.patience)
        return min((seconds for seconds in waits if seconds is not None), default=None)
