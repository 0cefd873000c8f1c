"""The loop: what is ready and fits goes to the executor, and what comes back goes to its job.

One process runs any number of jobs at once. A job that can't go on is given up; the others go on.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, NoReturn

from pipeline.errors import Interrupted, NotReady, PipelineError, StageFailed
from pipeline.executors import Executor, Exited, Message
from pipeline.host.resources import Grant, Ledger, Request
from pipeline.interrupts import Interrupts
from pipeline.scheduling.bounds import Bounds
from pipeline.scheduling.job_run import JobRun
from pipeline.scheduling.observer import Outcome
from pipeline.scheduling.queue import ReadyQueue
from pipeline.scheduling.task import Running, Task
from pipeline.scheduling.timers import Timers

if TYPE_CHECKING:
    from pipeline.failures.message import Failure
    from pipeline.scheduling.looking import Looks

AHEAD = 2  # how many stages' interpreters are started before their turn
AT_ONCE = 256  # stages, where nothing else bounds them: one that asks for no CPU still takes descriptors
LEASE_SECONDS = 0.5  # between two looks for a GPU that another run holds: nobody tells when it is free


class Run:
    """Runs jobs to their ends."""

    def __init__(self, jobs: Sequence[JobRun], executor: Executor, ledger: Ledger, bounds: Bounds) -> None:
        self._jobs = {job.job.id: job for job in jobs}
        self._executor = executor
        self._ledger = ledger
        self._bounds = bounds
        self._ready: ReadyQueue[Task, Request] = ReadyQueue(_competes)
        self._running: dict[str, Running] = {}
        self._timers = Timers()
        self._outcomes: dict[str, Outcome] = {}
        self._resting: set[Task] = set()  # until their next attempt
        self._winds_down = False
        self._looks: Looks | None = None  # made for the first environment that is suspected

    def run(self, interrupts: Interrupts) -> Mapping[str, Outcome]:
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
            if self._looks:
                self._looks.close()
            self._executor.stop(grace=0)
            self._executor.close()
            for job in self._jobs.values():
                job.close()

    def _work(self, interrupts: Interrupts) -> Mapping[str, Outcome]:
        for job in self._live():
            with self._guarded(job):
                self._queue(job, job.begin())
        self._advance()
        while self._running or self._live():
            for event in self._executor.wait(interrupts.fileno(), self._patience()):
                self._heard(event)
            is_to_look = interrupts.asked_to_look()
            if interrupts.received:
                self._interrupt(interrupts.received, max(job.grace_seconds for job in self._jobs.values()))
            if is_to_look:
                self._cancel_jobs()
            if self._looks:
                self._looks.handle()
            self._timers.fire()
            self._advance()
        return {id: self._outcomes[id] for id in self._jobs}  # in the order they were asked for, whichever ended first

    def _advance(self) -> None:
        """Start what fits, put on the disk what has waited long enough, and end the jobs that have nothing left."""
        while not self._is_full() and (next_one := self._ready.pop(self._ledger.take)):
            self._start(*next_one)
        for job in self._live():
            with self._guarded(job):
                if job.open == 0:
                    self._outcomes[job.job.id] = job.finish()
                elif job.flush_due == 0:
                    job.flush()

    def _queue(self, job: JobRun, tasks: Sequence[Task]) -> None:
        if job.has_failed and not self._bounds.keep_going:  # a fan-out whose list can't be used never starts
            self._wind_down()
        for task in tasks:
            reason = self._ledger.impossible(task.request)
            if reason:
                raise NotReady(
                    f"{job.job.id}: stage '{task.name}' {reason}",
                    f"raise --limit, or ask for less in stages/{task.stage['uses']}.py and prepare the job again",
                )
            self._push(task)

    def _push(self, task: Task) -> None:
        if self._winds_down:
            task.job_run.leave(task)
        else:
            self._ready.push(task, task.request, task.due.remaining)

    def _start(self, task: Task, grant: Grant) -> None:
        job = task.job_run
        try:
            with self._guarded(job):
                if (ready := job.taken(task)) is not None:
                    self._queue(job, ready)
                    return
                running = job.submit(task, grant)
                self._limit_job(job)
                try:
                    self._executor.submit(running.invocation)
                except OSError as error:
                    self._suspect(running, job.refused(running, error))
                    return
                self._running[running.invocation.id] = running
                self._limit(running)
                self._prepare_next(task)
        finally:
            if grant not in [running.grant for running in self._running.values()]:
                self._ledger.give_back(grant)

    def _limit(self, running: Running) -> None:
        seconds = running.task.policy.timeout_seconds
        if seconds is not None:
            self._timers.add(seconds, partial(self._time_out, running))

    def _limit_job(self, job: JobRun) -> None:
        if job.has_just_begun:
            whole = self._bounds.timeout_seconds or job.job.document.get("timeout_seconds")
            if whole is not None:
                self._timers.add(whole, partial(self._time_out_job, job, whole))

    def _prepare_next(self, task: Task) -> None:
        """Start the interpreters of what comes next, beside what runs now."""
        first = self._ready.first()
        if first is None:
            for interpreter in task.job_run.next_interpreters(task, AHEAD):
                self._executor.prepare(interpreter)
        elif first.start == "cold":
            for _ in range(AHEAD):
                self._executor.prepare(first.interpreter)

    def _heard(self, event: Message | Exited) -> None:
        running = self._running[event.id]
        job = running.task.job_run
        if isinstance(event, Exited):
            del self._running[event.id]
            self._ledger.give_back(running.grant)
        if job.job.id in self._outcomes:
            return
        with self._guarded(job):
            if isinstance(event, Message):
                job.heard(running, event)
                return
            end = job.ended(running, event)
            if isinstance(end, list):
                self._queue(job, end)
            else:
                self._suspect(running, end)

    def _suspect(self, running: Running, failure: "Failure") -> None:
        """Let the environment be looked into where it may be to blame, beside what runs."""
        from pipeline.failures.classify import should_escalate

        if not should_escalate(failure.evidence):
            self._failed(running, failure)
            return
        from pipeline.scheduling.looking import Looks

        job = running.task.job_run
        self._looks = self._looks or Looks(self._wake)
        self._looks.start(
            lambda post: partial(
                self._known, running, job.diagnosed(failure, lambda text: post(partial(job.told, text)))
            )
        )

    def _known(self, running: Running, failure: "Failure") -> None:
        """A failure whose environment has been looked into."""
        from pipeline.failures.evidence import Repaired

        job = running.task.job_run
        if job.job.id not in self._outcomes:
            with self._guarded(job):
                if isinstance(failure.evidence.verdict, Repaired):
                    job.repaired()
                self._failed(running, failure)

    def _failed(self, running: Running, failure: "Failure") -> None:
        from pipeline.scheduling import failing

        task = running.task
        again = None if self._winds_down else failing.seconds_until_again(task, failure.kind)
        task.job_run.failed(running, failure, again)
        if again is not None:
            self._resting.add(task)
            self._timers.add(again, partial(self._try_again, task))
        elif not self._bounds.keep_going:
            self._wind_down()

    def _try_again(self, task: Task) -> None:
        if task in self._resting:
            self._resting.remove(task)
            self._push(task)

    def _wind_down(self) -> None:
        """Start nothing more; what runs may end."""
        self._winds_down = True
        for task in (*self._ready.drop(lambda _: True), *self._resting):
            task.job_run.leave(task)
        self._resting.clear()

    def _time_out(self, running: Running) -> None:
        if self._running.get(running.invocation.id) is running:
            running.timed_out = True
            self._end(running)

    def _time_out_job(self, job: JobRun, seconds: float) -> None:
        if job in self._live():
            error = StageFailed(
                f"{job.job.id} took longer than its {seconds:g} s",
                f"run-pipeline -j {job.job.id} --timeout {2 * seconds:g}   goes on from here, with more time",
            )
            self._give_up(job, error)

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
        self._ready.drop(lambda task: task.job_run is job)
        self._resting = {task for task in self._resting if task.job_run is not job}
        for running in self._running.values():
            if running.task.job_run is job:
                self._end(running)

    def _end(self, running: Running) -> None:
        running.killed_by_us = True
        self._executor.cancel(running.invocation.id, running.task.job_run.grace_seconds)

    def _interrupt(self, by: str, grace: float) -> NoReturn:
        try:
            self._executor.stop(grace)
        except KeyboardInterrupt:  # asked again while waiting: no more grace
            self._executor.stop(0)
        ids = [job.job.id for job in self._live()]
        for id in ids:
            self._jobs[id].interrupt(by)
        again = " ".join(f"-j {id}" for id in ids)
        raise Interrupted(
            f"{', '.join(ids) or 'the run'} was interrupted by {by}", f"run-pipeline {again}   goes on from here"
        )

    def _live(self) -> list[JobRun]:
        return [job for id, job in self._jobs.items() if id not in self._outcomes]

    def _is_full(self) -> bool:
        return len(self._running) >= (self._bounds.max_parallel or AT_ONCE)

    def _patience(self) -> float | None:
        """Seconds to wait at most for something to happen."""
        waits = [self._timers.seconds, *(job.flush_due for job in self._live())]
        if not self._is_full() and any(request.gpus for request in self._ready.requests):
            waits.append(LEASE_SECONDS)
        return min((seconds for seconds in waits if seconds is not None), default=None)


def _competes(waiting: Request, other: Request) -> bool:
    """Whether one may keep another waiting. A GPU is waited for in other runs, too, which nothing here can hasten."""
    return not waiting.gpus and bool(other.cpus or other.memory)
