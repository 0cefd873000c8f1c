"""One job in a run: what it gives out to be run, and what the end of each attempt means for the rest of it.

State is what the journal and the committed attempts say; a run that was killed anywhere goes on from there.
"""

import contextlib
import os
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from pipeline.jobs import output_edits
from pipeline.jobs.events import ServiceEvent
from pipeline.jobs.job import PlannedJob
from pipeline.jobs.plan import PlannedStage
from pipeline.jobs.records import Result
from pipeline.jobs.results import Results
from pipeline.process import Interpreter
from pipeline.run.content_guard import ContentGuard
from pipeline.run.context import RunContext
from pipeline.run.due_stages import DueStage, DueStages
from pipeline.run.durations import Durations
from pipeline.run.graph import Graph
from pipeline.run.invocations import Invocations
from pipeline.run.job_attempts import JobAttempts
from pipeline.run.job_edits import JobEdits
from pipeline.run.job_end import Delivery, JobEnd
from pipeline.run.job_journal import JobJournal
from pipeline.run.model_use import ModelUse
from pipeline.run.observer import JobOutcome
from pipeline.run.output_signatures import OutputSignatures
from pipeline.run.reuse import Reuse, ReusedResult
from pipeline.run.runtime import Runtime
from pipeline.run.selected_stages import choose
from pipeline.run.stage_key import StageKeys
from pipeline.run.task import AttemptEnd, LiveAttempt, Task
from pipeline.values import replace

if TYPE_CHECKING:
    from pipeline.progress import Progress
    from pipeline.run.failures.evidence import ServiceTrouble
    from pipeline.run.failures.message import Failure
    from pipeline.run.job_services import JobServices
    from pipeline.services.order import ServiceOrder


class JobRun:
    """One process's work on one job, whose lock it holds. Nothing here waits, but for ``diagnose``."""

    def __init__(self, context: RunContext, job: PlannedJob, runtime: Runtime) -> None:
        """Raises ``UsageError`` for a selection that the job doesn't have."""
        self.job = job
        self.open = 0  # tasks that were given out and have no end yet
        self._context = context
        self._chosen = choose(job, context.selection)
        self._results = Results(output_edits.of_state(job, job.loaded))
        self._durations = Durations(context.project, job)
        self._models = ModelUse(context.project, job)
        self._journal = JobJournal(job, context.observer)
        keys = StageKeys(context.project, job, self._results, os.environ, context.secrets)
        self._signatures = OutputSignatures(job)
        reuse = Reuse(job, job.loaded, context.store, self._signatures, context.verify)
        self._graph = Graph(self._chosen.stages, self._durations.expected)
        edits = JobEdits(context.edits, job, self.progress)
        self._due = DueStages(self._chosen, self._graph, keys, reuse, self._journal, edits.merged, edits.followed)
        self._guard = ContentGuard(job, self._results, context.store, self._signatures)
        invocations = Invocations(job, runtime, self._results, keys)
        self.attempts = JobAttempts(context, invocations, self._journal, self._guard, self._signatures)
        self._end = JobEnd(job, self._journal, self.progress)
        self._left: str | None = None  # the label of a stage that wasn't started, since something else had failed

    def begin(self) -> list[Task]:
        """What must run first. Raises what keeps the job from running at all."""
        return self._tasks(self._due.begin())

    def taken(self, task: Task) -> list[Task] | None:
        """What can run now because another job has made this task's result meanwhile; ``None`` where none has."""
        due = self._due.taken(task.due)
        if due is None:
            return None
        self.open -= 1
        return self._tasks(due)

    def place_stored(self, task: Task) -> ReusedResult | None:
        """Place the result that the store has for a task; ``None`` where it has none that is whole. For any thread:
        changes nothing but the stage's folder."""
        return self._due.place(task.due)

    def placed(self, task: Task, result: ReusedResult) -> list[Task]:
        """What can run now because this result was placed."""
        due = self._due.placed(task.due, result)
        self.open -= 1
        return self._tasks(due)

    def takes_long(self, task: Task) -> bool:
        """Whether the store has the task's result meanwhile, and it takes long to place."""
        return not task.was_missing and self._due.takes_long(task.due)

    def may_take(self, task: Task) -> bool:
        """Whether a result that another stage makes just now would be taken for this task's."""
        return self._due.may_take(task.due)

    def claim(self, task: Task) -> bool:
        """Whether this run is to make the result: no other process does just now."""
        if self._context.store.claims.take(task.due.key.digest):
            return True
        from pipeline.run import other_run

        self.tell_waiting(task, other_run.described(self._context.store.claims.maker(task.due.key.digest)))
        return False

    def tell_waiting(self, task: Task, because: str) -> None:
        """What a task waits for, unless it was told."""
        if because != task.waits_for:
            task.waits_for = because
            self._context.observer.stage_waits(self.job, task.name, because)

    def give_back_claim(self, task: Task) -> None:
        self._context.store.claims.give_back(task.due.key.digest)

    def committed(self, live: LiveAttempt, result: Result | AttemptEnd) -> "list[Task] | Failure":
        """The stages that can run now that this one has its result; or why it has none."""
        if isinstance(result, AttemptEnd):
            return self.attempts.failure(live, result)
        task = live.task
        self.attempts.committed(live, result)
        self._durations.took(task.stage, result.seconds)
        self._models.took(task.stage, result.seconds)
        self.open -= 1
        return self._tasks(self._due.finished(task.name, result))

    def failed(self, live: LiveAttempt, failure: "Failure", again: float | None) -> None:
        """Record a failed attempt; without another one, what depends on the stage is skipped."""
        self.attempts.failed(live, failure, again)
        if again is None:
            self._give_up_on(live.task, failure)

    def leave(self, task: Task) -> None:
        """A task won't be started in this run."""
        self.open -= 1
        self._left = self._left or task.stage.label

    def interrupt(self, by: str) -> None:
        """The run was asked to stop; its stages have ended."""
        self.attempts.stop_all(f"stopped by {by}")
        self._journal.interrupted(by)

    def cancel(self) -> JobOutcome:
        """Somebody gave the job up."""
        self.attempts.stop_all("cancelled")
        return self._end.cancelled()

    def give_up(self, error: Exception) -> JobOutcome:
        """The job can't go on, or isn't to."""
        with contextlib.suppress(OSError):  # the disk under the journal is full, which may be the error
            self.attempts.stop_all("the run ended")
        return self._end.failed(error)

    def finish(self) -> JobOutcome | None:
        """Nothing is left to run. How the job ended; ``None`` where it is to be delivered now."""
        self._durations.save()
        self._models.save()
        self.invocations.keys.save()
        if self._due.error:
            return self.give_up(self._due.error)
        if self._left:
            return self._end.stopped_short(self._left)
        if not self._chosen.whole:
            return self._end.partial()
        return None

    @property
    def takes_long_to_deliver(self) -> bool:
        return self._end.takes_long(self._results)

    def deliver(self) -> Delivery:
        """Deliver what the job is for. Raises what keeps it from that. For any thread."""
        return self._end.deliver(self._results, self._guard)

    def delivered(self, delivered: Delivery) -> JobOutcome:
        return self._end.finished(delivered)

    @property
    def flush_due(self) -> float | None:
        """Seconds until ``flush`` has to be called; ``None`` where there is nothing to put on the disk."""
        return self._journal.flush_due

    def flush(self) -> None:
        self._journal.flush()

    def close(self) -> None:
        self._signatures.save()
        self._journal.close()

    def next_interpreters(self, task: Task, count: int) -> list[Interpreter]:
        """Fresh interpreters that will be wanted soon after this stage."""
        cold = [stage for stage in self._due.next_after(task.name, count) if stage.way(self._context.start) == "cold"]
        return [self.interpreter(stage) for stage in cold]

    def interpreter(self, stage: PlannedStage) -> Interpreter:
        return self.invocations.runtime.interpreters[stage.environment]

    @property
    def invocations(self) -> Invocations:
        return self.attempts.invocations

    @property
    def grace_seconds(self) -> float:
        return self.job.plan.grace_seconds

    @property
    def has_failed(self) -> bool:
        """Whether a stage won't have a result."""
        return self._due.error is not None

    @cached_property
    def services(self) -> "JobServices":
        """Those of the job. Only for jobs that have some."""
        from pipeline.run.job_services import JobServices

        return JobServices(self.job.plan.services, self._chosen.stages, self._graph.is_over)

    def service_order(self, name: str) -> "ServiceOrder":
        """What is started for it. Raises ``ConfigurationError`` and ``NotReady``."""
        from pipeline.run import service_orders

        return service_orders.order_of(self._context.project, self.invocations, self.services.planned(name))

    def note_service(self, event: ServiceEvent) -> None:
        """Where the disk is full, its next stage tells that."""
        with contextlib.suppress(OSError):
            self._journal.of_service(event)

    def unserved(self, task: Task, trouble: "ServiceTrouble") -> None:
        """A task won't be started, since a service that it needs isn't there; what depends on it is skipped."""
        from pipeline.run.failures import record, retry

        failure = retry.unserved(self.job, task, trouble)
        self._journal.failed(record.of_unserved(task, failure))
        self._give_up_on(task, failure)

    def _give_up_on(self, task: Task, failure: "Failure") -> None:
        """What depends on the stage is skipped."""
        from pipeline.run.failures.message import error_of

        self.open -= 1
        self._due.failed(task.name, error_of(failure))

    def _tasks(self, due: Sequence[DueStage]) -> list[Task]:
        self.open += len(due)
        return [self._task(each) for each in due]

    def _task(self, due: DueStage) -> Task:
        return Task(self.job.id, due, due.stage.way(self._context.start), self._journal.position)

    def diagnose(self, failure: "Failure", progress: "Progress") -> "Failure":
        """With a verdict on its environment. Blocks; for another thread than the loop's, since it changes nothing."""
        return self._context.diagnose(self.job, failure, progress)

    def progress(self, text: str) -> None:
        """Something else takes a while, such as the repair of an environment."""
        self._context.observer.progress(text)

    def repaired(self) -> None:
        """An environment's name stands for another build now."""
        self.attempts.invocations = replace(self.invocations, runtime=self._context.resolve(self.job))
