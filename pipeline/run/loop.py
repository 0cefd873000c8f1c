"""The loop: what is ready and fits goes to the executor, and what comes back goes to its job.

One process runs any number of jobs at once. A job that can't go on is given up; the others go on.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from pipeline.errors import Interrupted, PipelineError
from pipeline.executors import Executor, Exited, Message
from pipeline.host.resources import Grant, Ledger
from pipeline.jobs.records import Result
from pipeline.run.backlog import Backlog
from pipeline.run.bounds import Bounds, overrun
from pipeline.run.commits import Commits, Outcome
from pipeline.run.job_run import JobRun
from pipeline.run.observer import JobOutcome
from pipeline.run.supervision.interrupts import Interrupts
from pipeline.run.task import AttemptEnd, LiveAttempt, Task
from pipeline.run.timers import Timers

if TYPE_CHECKING:
    from pipeline.run.failed_attempts import FailedAttempts
    from pipeline.run.failures.message import Failure
    from pipeline.run.later_jobs import Joining, LaterJobs

CLAIM_SECONDS = 0.2  # between two looks whether another process has made a result: nobody tells
AHEAD = 2  # how many stages' interpreters are started before their turn


class Run:
    """Runs jobs to their ends."""

    def __init__(
        self,
        jobs: Sequence[JobRun],
        executor: Executor,
        ledger: Ledger,
        bounds: Bounds,
        joining: "Joining | None" = None,
    ) -> None:
        """``joining``: makes what prepares more jobs while these run."""
        self._jobs = {job.job.id: job for job in jobs}
        self._executor = executor
        self._ledger = ledger
        self._bounds = bounds
        self._running: dict[str, LiveAttempt] = {}
        self._timers = Timers()
        self._backlog = Backlog(
            ledger, self._timers, lambda task: self._jobs[task.job_id].leave(task), list(self._jobs)
        )
        self._outcomes: dict[str, JobOutcome] = {}
        self._failures: FailedAttempts | None = None  # made for the first attempt that failed
        self._commits = Commits(self._awake, self._committed_beside)
        self._joining = joining
        self._later: LaterJobs | None = None

    def run(self, interrupts: Interrupts) -> Mapping[str, JobOutcome]:
        """What became of each job, by its id. Raises ``Interrupted`` where the run was asked to stop."""
        self._wake = interrupts.wake
        try:
            return self._work(interrupts)
        except KeyboardInterrupt:  # asked twice
            self._interrupt(interrupts.received or "SIGINT", grace=0)
        except Interrupted:
            raise
        except Exception as error:
            for job in self._live():
                job.give_up(error)
            raise
        finally:
            for each in (self._commits, self._failures, self._later):
                if each:
                    each.close()
            self._executor.stop(grace=0)
            self._executor.close()
            for job in self._jobs.values():
                job.close()

    def _work(self, interrupts: Interrupts) -> Mapping[str, JobOutcome]:
        for job in self._live():
            with self._guarded(job):
                self._queue(job, job.begin())
        self._advance()
        self._later = self._joining(self._wake, self._join) if self._joining else None
        while self._running or self._live() or (self._later and not self._later.is_over):
            for event in self._executor.wait(interrupts.fileno(), self._patience()):
                self._handle(event)
            is_to_look = interrupts.asked_to_look()
            if interrupts.received:
                self._interrupt(interrupts.received, max(job.grace_seconds for job in self._jobs.values()))
            if is_to_look:
                self._cancel_jobs()
            for each in (self._commits, self._failures, self._later):
                if each:
                    each.handle()
            self._timers.fire()
            self._advance()
        self._commits.finish()  # of jobs that were given up: the next run of each goes on with that
        # In the order they were asked for, whichever ended first; last those that couldn't join.
        return {id: self._outcomes[id] for id in dict.fromkeys([*self._jobs, *self._outcomes])}

    def _awake(self) -> None:
        """From another thread: there is something to do."""
        self._wake()

    def _advance(self) -> None:
        """Start what fits, put on the disk what has waited long enough, and end the jobs that have nothing left."""
        while not self._is_full() and (next_one := self._backlog.next()):
            self._start(*next_one)
        for job in self._live():
            with self._guarded(job):
                if job.open == 0:
                    self._outcomes[job.job.id] = job.finish()
                elif job.flush_due == 0:
                    job.flush()

    def _join(self, folder: Path, admit: Callable[[Path], JobRun]) -> None:
        """A job that was prepared meanwhile."""
        try:
            job = admit(folder)
        except (PipelineError, OSError) as error:
            self._outcomes[folder.name] = JobOutcome(error=error)
            return
        self._jobs[folder.name] = job
        self._backlog.add_job(folder.name)
        with self._guarded(job):
            self._queue(job, job.begin())

    def _queue(self, job: JobRun, tasks: Sequence[Task]) -> None:
        if job.has_failed and not self._bounds.keep_going:  # a fan-out whose list can't be used never starts
            self._backlog.close()
        for task in tasks:
            self._backlog.add(task)

    def _start(self, task: Task, grant: Grant) -> None:
        job = self._jobs[task.job_id]
        try:
            with self._guarded(job):
                if self._has_to_wait(job, task):
                    return
                if (ready := job.taken(task)) is not None:
                    self._queue(job, ready)
                    return
                self._submit(job, task, grant)
        finally:
            if grant not in [live.grant for live in self._running.values()]:
                self._ledger.give_back(grant)
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

    def _submit(self, job: JobRun, task: Task, grant: Grant) -> None:
        live = job.submit(task, grant)
        self._limit_job(job)
        try:
            self._executor.submit(live.invocation)
        except OSError as error:
            self._failed(live, job.refused(live, error))
            return
        self._running[live.invocation.id] = live
        self._limit(live)
        self._prepare_next(task)

    def _give_back_claim(self, job: JobRun, task: Task) -> None:
        if not self._is_being_made(task.due.key.digest):
            job.give_back_claim(task)

    def _limit(self, live: LiveAttempt) -> None:
        if (seconds := live.task.stage.timeout_seconds) is not None:
            self._timers.add(seconds, partial(self._time_out, live))

    def _limit_job(self, job: JobRun) -> None:
        if job.has_just_begun:
            whole = self._bounds.timeout_seconds or job.job.plan.timeout_seconds
            if whole is not None:
                self._timers.add(whole, partial(self._time_out_job, job, whole))

    def _prepare_next(self, task: Task) -> None:
        """Start the interpreters of what comes next, beside what runs now."""
        first = self._backlog.first()
        if first is None:
            for interpreter in self._jobs[task.job_id].next_interpreters(task, AHEAD):
                self._executor.prepare(interpreter)
        elif first.start == "cold":
            for _ in range(AHEAD):
                self._executor.prepare(self._jobs[first.job_id].interpreter(first.stage))

    def _handle(self, event: Message | Exited) -> None:
        live = self._running[event.id]
        job = self._jobs[live.job_id]
        if isinstance(event, Exited):
            del self._running[event.id]
            self._ledger.give_back(live.grant)
        if job.job.id not in self._outcomes:
            with self._guarded(job):
                self._tell(job, live, event)
        if isinstance(event, Exited) and not self._commits.has(live):
            self._let_others_make(job, live.task)

    def _let_others_make(self, job: JobRun, task: Task) -> None:
        """A task has ended: those that wait for its result take it, or make it."""
        self._give_back_claim(job, task)
        self._backlog.release(task.due.key.digest)

    def _tell(self, job: JobRun, live: LiveAttempt, event: Message | Exited) -> None:
        if isinstance(event, Message):
            job.report(live, event)
            return
        if failure := job.ended(live, event):
            self._failed(live, failure)
        elif result := self._commits.commit(job, live):
            self._committed(job, live, result)

    def _committed_beside(self, live: LiveAttempt, outcome: Outcome) -> None:
        job = self._jobs[live.job_id]
        if job.job.id not in self._outcomes:
            with self._guarded(job):
                if isinstance(outcome, Exception):
                    raise outcome
                self._committed(job, live, outcome)
        self._let_others_make(job, live.task)

    def _committed(self, job: JobRun, live: LiveAttempt, result: Result | AttemptEnd) -> None:
        end = job.committed(live, result)
        if isinstance(end, list):
            self._queue(job, end)
        else:
            self._failed(live, end)

    def _failed(self, live: LiveAttempt, failure: "Failure") -> None:
        from pipeline.run.failed_attempts import FailedAttempts

        if self._failures is None:
            self._failures = FailedAttempts(self._wake, self._checked, self._backlog, self._bounds.keep_going)
        self._failures.add(self._jobs[live.job_id], live, failure)

    def _checked(self, live: LiveAttempt, failure: "Failure") -> None:
        """A failure whose environment was checked, beside what ran."""
        job = self._jobs[live.job_id]
        if job.job.id not in self._outcomes and self._failures:
            with self._guarded(job):
                self._failures.settle(job, live, failure)

    def _time_out(self, live: LiveAttempt) -> None:
        if self._running.get(live.invocation.id) is live:
            live.timed_out = True
            self._end(live)

    def _time_out_job(self, job: JobRun, seconds: float) -> None:
        if job in self._live():
            self._give_up(job, overrun(job.job.id, seconds))

    def _cancel_jobs(self) -> None:
        for job in self._live():
            if job.job.is_cancelled:
                with self._guarded(job):
                    self._drop(job)
                    self._outcomes[job.job.id] = job.cancel()

    @contextmanager
    def _guarded(self, job: JobRun) -> Iterator[None]:
        """What keeps one job from going on doesn't stop the others."""
        try:
            yield
        except (PipelineError, OSError) as error:
            self._give_up(job, error)

    def _give_up(self, job: JobRun, error: PipelineError | OSError) -> None:
        self._drop(job)
        self._outcomes[job.job.id] = job.give_up(error)

    def _drop(self, job: JobRun) -> None:
        """Let go of a job's stages: those that wait, and those that run."""
        self._backlog.drop(job.job.id)
        for live in self._running.values():
            if live.job_id == job.job.id:
                self._end(live)

    def _end(self, live: LiveAttempt) -> None:
        live.killed_by_us = True
        self._executor.cancel(live.invocation.id, self._jobs[live.job_id].grace_seconds)

    def _interrupt(self, by: str, grace: float) -> NoReturn:
        try:
            self._executor.stop(grace)
            self._commits.finish()
        except KeyboardInterrupt:  # asked again while waiting: no more grace
            self._executor.stop(0)
        from pipeline.run.interruption import interruption

        ids = [job.job.id for job in self._live()]
        for id in ids:
            self._jobs[id].interrupt(by)
        raise interruption(ids, by)

    def _live(self) -> list[JobRun]:
        return [job for id, job in self._jobs.items() if id not in self._outcomes]

    def _is_being_made(self, key: str) -> bool:
        is_running = any(live.task.due.key.digest == key for live in self._running.values())
        return is_running or self._commits.makes(key)

    def _is_full(self) -> bool:
        return len(self._running) >= self._bounds.at_once

    def _patience(self) -> float | None:
        """Seconds to wait at most for something to happen."""
        waits = [self._timers.seconds, *(job.flush_due for job in self._live())]
        if not self._is_full():
            waits.append(self._backlog.patience)
        return min((seconds for seconds in waits if seconds is not None), default=None)
