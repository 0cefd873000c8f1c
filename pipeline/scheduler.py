"""The loop: ready stages become invocations, what comes back becomes results, and the journal says so.

State is what the journal and the committed attempts say; a run that was killed anywhere goes on from there.
"""

import contextlib
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn, Protocol

from pipeline import stage_key
from pipeline.errors import Interrupted
from pipeline.executors import Executor, Exited, Message
from pipeline.failures import Failure, describe_exit, raise_for
from pipeline.interrupts import Interrupts
from pipeline.invocations import Invocations
from pipeline.jobs import attempts
from pipeline.jobs.attempts import Attempt, OutputsMissing, Result
from pipeline.jobs.deliver import deliver
from pipeline.jobs.job import Job
from pipeline.jobs.state import StageStatus, Status
from pipeline.project import Project
from pipeline.references import JOB_INPUT
from pipeline.runtime import Runtime

AHEAD = 2  # how many stages' interpreters are started before their turn


class Observer(Protocol):
    """Who is told what happens, as it happens."""

    def stage_reused(self, stage: str, seconds: float) -> None: ...
    def stage_started(self, stage: str, environment: str, because: str) -> None: ...
    def stage_said(self, stage: str, fields: Mapping[str, Any]) -> None: ...
    def stage_finished(self, stage: str, seconds: float) -> None: ...
    def stage_failed(self, failure: Failure) -> None: ...


@dataclass
class _Running:
    stage: Mapping[str, Any]
    attempt: Attempt
    key_input: Mapping[str, Any]
    started: float
    log_start: int  # bytes that earlier attempts wrote into the stage's log
    warnings: list[str] = field(default_factory=list)
    error: str | None = None
    wrong_environment: bool = False


@dataclass(frozen=True)
class Outcome:
    """How a run that didn't fail ended."""

    delivered: list[Path]
    unchanged: bool  # it was finished already, and nothing had to be run or delivered


class JobRun:
    """One process's work on one job, whose lock it holds."""

    def __init__(self, project: Project, job: Job, runtime: Runtime, executor: Executor, observer: Observer) -> None:
        self._project = project
        self._job = job
        self._runtime = runtime
        self._invocations = Invocations(project, job, runtime)
        self._executor = executor
        self._observer = observer
        self._journal = job.journal()
        self._state = job.state()
        self._waiting = {stage["name"]: stage for stage in job.stages}
        self._running: dict[str, _Running] = {}
        self._results: dict[str, Result] = {}
        self._failure: Failure | None = None
        self._ran = 0

    def run(self, interrupts: Interrupts) -> Outcome:
        """Raises the error of the stage that failed, or ``Interrupted``."""
        try:
            return self._work(interrupts)
        except KeyboardInterrupt:  # asked twice
            self._interrupt(interrupts.received or "SIGINT", grace=0)
        except Interrupted:
            raise
        except Exception as error:
            self._give_up(error)
            raise
        finally:
            self._executor.stop(grace=0)
            self._executor.close()
            self._journal.close()

    def _work(self, interrupts: Interrupts) -> Outcome:
        self._advance()
        while self._running:
            for event in self._executor.wait(interrupts.fileno()):
                self._heard(event)
            if interrupts.received:
                self._interrupt(interrupts.received, self._job.document["grace_seconds"])
            self._advance()
        return self._end()

    def _advance(self) -> None:
        """Start what is ready: one stage at a time, in the plan's order."""
        while not self._failure and not self._running:
            stage = next((each for each in self._waiting.values() if self._results.keys() >= set(each["needs"])), None)
            if stage is None:
                return
            del self._waiting[stage["name"]]
            key_input = stage_key.key_input(self._project, self._job, stage, self._results)
            earlier = attempts.latest_result(self._job, stage["name"])
            if earlier is not None and earlier.key == stage_key.key_of(key_input):
                self._adopt(stage, earlier)
            else:
                self._start(stage, key_input, earlier)

    def _adopt(self, stage: Mapping[str, Any], result: Result) -> None:
        """Take over what an earlier run committed, also where it died before the journal said so."""
        name = stage["name"]
        known = self._state.stage(name)
        if known.status is not StageStatus.FINISHED or known.attempt != result.attempt:
            self._append_finished(name, result, adopted=True)
        self._results[name] = result
        self._observer.stage_reused(name, result.seconds)

    def _start(self, stage: Mapping[str, Any], key_input: Mapping[str, Any], earlier: Result | None) -> None:
        name, environment = stage["name"], stage["environment"]
        if JOB_INPUT in {ref for refs in stage["inputs"].values() for ref in refs}:
            self._job.require_input()
        if not self._ran:
            self._runtime.require(self._job)
            self._journal.append("run_started")
        self._ran += 1
        attempt = attempts.begin(self._job, name)
        invocation = self._invocations.write(stage, attempt, self._results)
        self._journal.append("stage_started", stage=name, attempt=attempt.number)
        running = _Running(stage, attempt, key_input, time.monotonic(), _size(self._job.log(name)))
        self._running[name] = running
        self._observer.stage_started(name, environment, _because(earlier, key_input))
        try:
            self._executor.submit(invocation)
        except OSError as error:
            del self._running[name]
            running.wrong_environment = isinstance(error, FileNotFoundError)
            where = f"{error.filename}: " if error.filename else ""
            self._failed(running, 0, f"it can't be started: {where}{error.strerror}", None)
            return
        for ahead in list(self._waiting.values())[:AHEAD]:
            self._executor.prepare(self._runtime.interpreters[ahead["environment"]])

    def _heard(self, event: Message | Exited) -> None:
        stage = event.id.split("/")[-2]
        running = self._running[stage]
        if isinstance(event, Exited):
            del self._running[stage]
            self._ended(running, event.returncode)
            return
        if "warning" in event.fields:
            running.warnings.append(event.fields["warning"])
        if "error" in event.fields:
            running.error = event.fields["error"]
        if "wrong_environment" in event.fields:
            running.wrong_environment = True
        self._observer.stage_said(stage, event.fields)

    def _ended(self, running: _Running, returncode: int) -> None:
        seconds = time.monotonic() - running.started
        if returncode:
            self._failed(running, seconds, describe_exit(returncode), returncode)
            return
        key = stage_key.key_of(running.key_input)
        try:
            declared = running.stage["outputs"]
            result = running.attempt.commit(declared, key, running.key_input, seconds, tuple(running.warnings))
        except OutputsMissing as error:
            self._failed(running, seconds, str(error), returncode)
            return
        self._append_finished(running.attempt.stage, result, adopted=False)
        self._results[running.attempt.stage] = result
        self._observer.stage_finished(running.attempt.stage, seconds)

    def _append_finished(self, name: str, result: Result, adopted: bool) -> None:
        said = {"warnings": list(result.warnings)} if result.warnings else {}
        taken = {"adopted": True} if adopted else {}
        self._journal.append(
            "stage_finished",
            stage=name,
            attempt=result.attempt,
            seconds=result.seconds,
            key=result.key,
            **said,
            **taken,
        )

    def _failed(self, running: _Running, seconds: float, how: str, returncode: int | None) -> None:
        name = running.attempt.stage
        self._failure = Failure(
            job=self._job.id,
            stage=name,
            environment=running.stage["environment"],
            how=how,
            said=running.error,
            returncode=returncode,
            wrong_environment=running.wrong_environment,
            log=self._job.log(name),
            log_start=running.log_start,
        )
        self._journal.append(
            "stage_failed",
            stage=name,
            attempt=running.attempt.number,
            seconds=round(seconds, 3),
            reason=running.error or how,
            exit_code=returncode,
        )
        self._observer.stage_failed(self._failure)

    def _interrupt(self, by: str, grace: float) -> NoReturn:
        try:
            self._executor.stop(grace)
        except KeyboardInterrupt:  # asked again while waiting: no more grace
            self._executor.stop(0)
        for name, running in self._running.items():
            seconds = round(time.monotonic() - running.started, 3)
            self._journal.append(
                "stage_failed", stage=name, attempt=running.attempt.number, seconds=seconds, reason=f"stopped by {by}"
            )
        self._journal.append("run_interrupted", by=by)
        raise Interrupted(
            f"{self._job.id} was interrupted by {by}", f"run-pipeline -j {self._job.id}   goes on from here"
        )

    def _give_up(self, error: Exception) -> None:
        """Let the journal say how the run ended, unless it is the disk under the journal that failed."""
        if self._ran:
            with contextlib.suppress(OSError):
                self._journal.append("run_failed", reason=str(error))

    def _end(self) -> Outcome:
        if self._failure:
            raise_for(self._failure)
        unchanged = not self._ran and self._state.status is Status.FINISHED
        delivered = deliver(self._job, self._results, not unchanged, self._state.delivered)
        if not unchanged:
            self._journal.append("run_finished", delivered=[path.name for path in delivered])
        return Outcome(delivered, unchanged)


def _size(log: Path) -> int:
    try:
        return log.stat().st_size
    except FileNotFoundError:
        return 0


def _because(earlier: Result | None, key_input: Mapping[str, Any]) -> str:
    if earlier is None:
        return ""
    parts = stage_key.changed_parts(earlier.key_input, key_input)
    return f"again, since its {', '.join(parts)} changed"
