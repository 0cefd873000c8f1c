"""One job in a run: which of its stages have results, which must run, and what becomes of their attempts.

State is what the journal and the committed attempts say; a run that was killed anywhere goes on from there.
"""

import contextlib
import os
from collections import deque
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline import policy
from pipeline.cache.store import ResultStore
from pipeline.errors import Interrupted, PipelineError, StageFailed, UsageError
from pipeline.executors import Exited, Message, Start
from pipeline.invocations import Invocations
from pipeline.jobs import attempts
from pipeline.jobs.attempts import OutputsMissing, Result
from pipeline.jobs.deliver import deliver
from pipeline.jobs.job import Job
from pipeline.jobs.results import Results
from pipeline.jobs.state import Status
from pipeline.policy import Policy
from pipeline.process import Interpreter
from pipeline.project import Project
from pipeline.references import JOB_INPUT, split
from pipeline.resources import Grant, Request
from pipeline.runtime import Runtime
from pipeline.scheduling import fanout
from pipeline.scheduling.durations import Durations
from pipeline.scheduling.graph import Graph
from pipeline.scheduling.observer import Observer, Outcome
from pipeline.scheduling.reuse import Reuse, Reused
from pipeline.scheduling.selection import Selection, choose
from pipeline.scheduling.task import Running, Task
from pipeline.stage_key import StageKeys, key_of

if TYPE_CHECKING:
    from pipeline.failures import Failure


class JobRun:
    """One process's work on one job, whose lock it holds. Nothing here waits."""

    def __init__(
        self,
        project: Project,
        job: Job,
        runtime: Runtime,
        store: ResultStore,
        observer: Observer,
        selection: Selection,
        start: Start | None = None,
        verify: bool = False,
    ) -> None:
        """``start`` is the way to start stages, for those that allow it; ``verify`` reads outputs before it trusts
        them. Raises ``UsageError`` for a selection that the job doesn't have."""
        self.job = job
        self.runtime = runtime
        self.open = 0  # tasks that were given out and have no end yet
        self._project = project
        self._store = store
        self._observer = observer
        self._start = start
        self._chosen = choose(job.stages, selection)
        self._stages = {stage["name"]: stage for stage in self._chosen.stages}
        self._state = job.state()
        self._journal = job.journal()
        self._results = Results()
        self._keys = StageKeys(project, job, self._results)
        self._invocations = Invocations(project, job, runtime, self._results, self._keys)
        self._reuse = Reuse(job, self._state, store, verify)
        self._durations = Durations(project, job)
        self._graph = Graph(self._chosen.stages, self._durations.expected)
        self._fan_outs: dict[str, list[str]] = {}  # by the stage that writes their list
        for stage in self._chosen.stages:
            if "for_each" in stage:
                self._fan_outs.setdefault(split(stage["for_each"])[0], []).append(stage["name"])
        self._running: dict[str, Running] = {}
        self._ran = 0
        self._error: PipelineError | None = None  # that of the first stage that failed

    def begin(self) -> list[Task]:
        """What must run first. Raises what keeps the job from running at all."""
        return self._settle(self._graph.ready())

    def submit(self, task: Task, grant: Grant) -> Running:
        """Write down that an attempt begins, and what it may ask for. The caller hands it to an executor."""
        self._require_ready(task)
        attempt = attempts.begin(self.job, task.name, bool(task.stage["outputs"]))
        invocation = self._invocations.write(task.stage, attempt, grant, self._way(task.policy))
        self._journal.append("stage_started", stage=task.name, attempt=attempt.number, **_because(task))
        running = Running(task, attempt, invocation, grant, _size(self.job.log(task.name)))
        self._running[invocation.id] = running
        self._observer.stage_started(self.job, task.name, task.stage["environment"], task.because)
        return running

    def heard(self, running: Running, message: Message) -> None:
        running.heard(message.fields)
        self._observer.stage_said(self.job, running.task.name, message.fields)

    def ended(self, running: Running, exited: Exited) -> "list[Task] | Failure":
        """The stages that can run now that this one has its result; or why it has none."""
        del self._running[exited.id]
        if exited.returncode or exited.lost:
            return self._failure_of(running, returncode=exited.returncode, lost=exited.lost)
        return self._commit(running)

    def refused(self, running: Running, error: OSError) -> "Failure":
        """The executor couldn't start it."""
        del self._running[running.invocation.id]
        return self._failure_of(running, start_error=error)

    def failed(self, running: Running, failure: "Failure", again: float | None) -> None:
        """Record a failed attempt; without another one, what depends on the stage is skipped."""
        name = running.task.name
        self._journal.append(
            "stage_failed",
            stage=name,
            attempt=running.attempt.number,
            seconds=round(running.seconds, 3),
            kind=failure.kind.value,
            reason=failure.reason,
            exit_code=failure.evidence.returncode,
            **({} if again is None else {"again": again}),
        )
        self._observer.stage_failed(self.job, name, failure.reason, again)
        if again is None:
            from pipeline.failures import error_of

            self.open -= 1
            self._lost(name, error_of(failure))

    def leave(self, task: Task) -> None:
        """A task won't be started in this run."""
        self.open -= 1
        self._error = self._error or StageFailed(f"{self.job.id}: stage '{task.name}' was not started: --fail-fast")

    def interrupt(self, by: str) -> None:
        """The run was asked to stop; its stages have ended."""
        self._stop_running(f"stopped by {by}")
        self._journal.append("run_interrupted", by=by)

    def cancel(self) -> Outcome:
        """Somebody gave the job up."""
        self._stop_running("cancelled")
        self._journal.append("run_cancelled")
        error = Interrupted(f"{self.job.id} was cancelled", f"run-pipeline -j {self.job.id}   goes on from here")
        return self._end(Outcome(error=error))

    def give_up(self, error: Exception) -> Outcome:
        """Let the journal say how the job's run ended, unless it is the disk under the journal that failed."""
        with contextlib.suppress(OSError):
            self._stop_running("the run ended")
            if self._ran:
                self._journal.append("run_failed", reason=str(error))
        return self._end(Outcome(error=error))

    def finish(self) -> Outcome:
        """Nothing is left to run."""
        if self._error:
            return self.give_up(self._error)
        if not self._chosen.whole:
            if self._ran:
                self._journal.append("run_ended")
            return self._end(Outcome(partial=True))
        unchanged = not self._ran and self._state.status is Status.FINISHED
        delivered = deliver(self.job, self._results, not unchanged, self._state.delivered)
        if not unchanged:
            self._journal.append("run_finished", delivered=[path.name for path in delivered])
        self._durations.save()
        return self._end(Outcome(delivered, unchanged))

    def flush(self) -> None:
        """What was committed is on the disk before anything builds on it."""
        self._journal.flush()

    def close(self) -> None:
        self._journal.close()

    def next_interpreters(self, task: Task, count: int) -> list[Interpreter]:
        """Fresh interpreters that will be wanted soon after this stage."""
        after = [self._stages[name] for name in self._graph.next_after(task.name, count)]
        cold = [stage for stage in after if "for_each" not in stage and self._way(policy.of(stage)) == "cold"]
        return [self.runtime.interpreters[stage["environment"]] for stage in cold]

    @property
    def grace_seconds(self) -> float:
        return float(self.job.document["grace_seconds"])

    @property
    def began_now(self) -> bool:
        """Whether its first stage has just been started."""
        return self._ran == 1

    # What follows from a result ---------------------------------------------------------------------------------

    def _settle(self, names: Iterable[str]) -> list[Task]:
        """Take over what has a result, and what that makes ready; returns the tasks for what has none."""
        tasks, ready = [], deque(names)
        while ready:
            stage = self._stages[ready.popleft()]
            if "for_each" in stage:
                ready += self._graph.done(stage["name"])  # its members are all done
                continue
            parts = self._keys.parts(stage)
            key = key_of(parts)
            reused = None if stage["name"] in self._chosen.forced else self._reuse.find(stage, key, parts)
            if reused:
                self._take_over(stage["name"], reused)
                ready += self._after(stage["name"])
            else:
                tasks.append(self._task(stage, parts, key))
        self.open += len(tasks)
        return tasks

    def _after(self, name: str) -> list[str]:
        """The stages that are ready because this one has its result, with the members of fan-outs over its list."""
        ready = self._graph.done(name)
        for fan_out in self._fan_outs.get(name, ()):
            ready += self._expand(self._stages[fan_out])
        return ready

    def _expand(self, stage: Mapping[str, Any]) -> list[str]:
        name = stage["name"]
        (listed,) = self._results.outputs(stage["for_each"]).values()
        try:
            members = fanout.members(stage, fanout.read_list(listed.path))
        except fanout.ListUnusable as error:
            self._unfoldable(stage, str(error))
            return []
        self._stages.update({member["name"]: member for member in members})
        if self._state.stage(name).members != len(members):
            self._journal.append("stage_expanded", stage=name, members=len(members))
        self._results.gather(name, [member["name"] for member in members])
        return self._graph.expand(name, {each["name"]: fanout.own_needs(each, stage) for each in members})

    def _take_over(self, name: str, reused: Reused) -> None:
        if not reused.recorded:
            told = {"adopted": True} if reused.adopted else {"taken": reused.origin} if reused.origin else {}
            self._append_finished(name, reused.result, **told)
        self._results.add(name, reused.result)
        self._observer.stage_reused(self.job, name, reused.result.seconds, reused.origin)

    def _task(self, stage: Mapping[str, Any], parts: Mapping[str, Any], key: str) -> Task:
        name = stage["name"]
        planned = stage.get("fan_out", name)
        if planned not in self._chosen.may_run:
            raise UsageError(
                f"{self.job.id}: stage '{name}', which comes before those that were chosen, has no result that still holds",
                f"run-pipeline -j {self.job.id} --until {name}",
            )
        if planned in self._chosen.forced:
            because = "again, since that was asked for" if self._state.stage(name).committed else ""
        else:
            because = self._reuse.because(name, key, parts)
        request = Request(**stage.get("resources", {}))
        return Task(self, stage, parts, key, because, policy.of(stage), request, self._graph.remaining(name))

    def _unfoldable(self, stage: Mapping[str, Any], reason: str) -> None:
        """A fan-out whose list is no list failed, though it never ran."""
        name, what = stage["name"], f"its list {stage['for_each']} can't be used: {reason}"
        self._journal.append("stage_failed", stage=name, attempt=0, seconds=0, reason=what)
        self._observer.stage_failed(self.job, name, what, None)
        self._lost(name, StageFailed(f"{self.job.id}: stage '{name}' failed: {what}"))

    def _lost(self, name: str, error: PipelineError) -> None:
        """A stage has no result and won't have one; what depends on it is skipped."""
        self._error = self._error or error
        for lost in self._graph.failed(name):
            self._journal.append("stage_skipped", stage=lost, because=name)
            self._observer.stage_skipped(self.job, lost, name)

    # Attempts ---------------------------------------------------------------------------------------------------

    def _require_ready(self, task: Task) -> None:
        if any(JOB_INPUT in references for references in task.stage["inputs"].values()):
            self.job.require_input()
        if not self._ran:
            self.runtime.require(self.job)
            self._journal.append("run_started")
        self._ran += 1

    def _way(self, chosen: Policy) -> Start:
        allowed = chosen.start
        return self._start if self._start in allowed else allowed[0]  # type: ignore[return-value]  # the schema knows

    def _commit(self, running: Running) -> "list[Task] | Failure":
        task, seconds = running.task, running.seconds
        try:
            outputs = running.attempt.find(task.stage["outputs"])
        except OutputsMissing as error:
            return self._failure_of(running, returncode=0, missing=str(error))
        unmet = self._unmet(task.stage, outputs)
        if unmet:
            return self._failure_of(running, returncode=0, unmet=tuple(unmet))
        result = running.attempt.commit(outputs, task.key, task.key_parts, seconds, running.warnings)
        self._append_finished(task.name, result)
        self._results.add(task.name, result)
        self._share(task, result)
        self._durations.took(task.stage, seconds)
        self._observer.stage_finished(self.job, task.name, seconds)
        self.open -= 1
        return self._settle(self._after(task.name))

    def _unmet(self, stage: Mapping[str, Any], outputs: Mapping[str, Path]) -> list[str]:
        if "ensure" not in stage:
            return []
        from pipeline import postconditions

        inputs = self._invocations.inputs(stage)
        return postconditions.unmet(stage["ensure"], outputs, inputs, self._project)

    def _append_finished(self, name: str, result: Result, **told: Any) -> None:
        self._journal.append("stage_finished", stage=name, **result.described, **told)

    def _share(self, task: Task, result: Result) -> None:
        if task.policy.cache:
            record = {"stage": task.name, "job": self.job.id, **result.described, "key_input": task.key_parts}
            self._store.put(task.key, record, {name: output.path for name, output in result.outputs.items()})

    def _failure_of(self, running: Running, **found: Any) -> "Failure":
        from pipeline.scheduling.failing import failure_of

        return failure_of(self.job, self.runtime, running, **found)

    def _stop_running(self, reason: str) -> None:
        for running in self._running.values():
            self._journal.append(
                "stage_failed",
                stage=running.task.name,
                attempt=running.attempt.number,
                seconds=round(running.seconds, 3),
                reason=reason,
            )
        self._running.clear()

    def _end(self, outcome: Outcome) -> Outcome:
        self._observer.job_ended(self.job, outcome)
        return outcome


def _because(task: Task) -> dict[str, str]:
    return {"because": task.because} if task.because else {}


def _size(log: Path) -> int:
    try:
        return os.stat(log).st_size
    except FileNotFoundError:
        return 0
