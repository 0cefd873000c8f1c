"""The tasks of a run that aren't started yet: they wait for room on the machine, for their next attempt, for the
result of another task that has the same key, or for a service."""

from collections.abc import Callable, Sequence
from functools import partial

from pipeline.errors import NotReady
from pipeline.host.resources import Grant
from pipeline.policy import ResourceRequest
from pipeline.run.task import Task
from pipeline.run.timers import Timers
from pipeline.run.workplace import StageQueue


class Backlog:
    def __init__(
        self, queue: StageQueue, timers: Timers, leave: Callable[[Task], None], job_ids: Sequence[str] = ()
    ) -> None:
        """``leave`` is called for each task that won't be started in this run. ``job_ids`` in the order in which the
        jobs are to be finished: the first has all that it can use before the next gets the rest."""
        self.is_closed = False  # nothing more is started
        self._ready = queue
        self._timers = timers
        self._leave = leave
        self._places = {id: place for place, id in enumerate(job_ids)}
        self._resting: set[Task] = set()  # until their next attempt
        self._waiting: dict[str, list[Task]] = {}  # by key: another stage is making their result, or a service starts

    def add_job(self, id: str) -> None:
        """A job that is to be finished after those that there are."""
        self._places[id] = len(self._places)

    def add(self, task: Task, beside: Sequence[ResourceRequest] = ()) -> None:
        """``beside``: what its services need. Raises ``NotReady`` for one that could never start here."""
        reason = self._ready.impossible(task, beside)
        if reason:
            services = " with its services" if beside else ""
            raise NotReady(
                f"{task.job_id}: stage {task.stage.label}{services} {reason}",
                f"raise --limit, or ask for less in {task.stage.file} and prepare the job again",
            )
        self._push(task)

    def rest(self, task: Task, seconds: float) -> None:
        """Let a task that has failed wait for its next attempt."""
        self._resting.add(task)
        self._timers.add(seconds, partial(self._try_again, task))

    def wait(self, task: Task, key: str | None = None) -> None:
        """Let a task wait for the result of another one that has the same key, or for something else, by its key."""
        self._waiting.setdefault(key or task.due.key.digest, []).append(task)

    def waiting(self, key: str) -> Sequence[Task]:
        """Those that wait for this."""
        return self._waiting.get(key, ())

    def release(self, key: str) -> None:
        """What had this key has ended, with a result or without one; or there may be what was waited for."""
        for task in self._waiting.pop(key, ()):
            self._push(task)

    def next(self) -> tuple[Task, Grant] | None:
        """What is to be started now, with what it gets; ``None`` where nothing is, or nothing fits."""
        return self._ready.pop()

    def first(self) -> Task | None:
        """What will be started first, once there is room."""
        return self._ready.first()

    def close(self) -> None:
        """Start nothing more; what runs may end."""
        self.is_closed = True
        waiting = (task for tasks in self._waiting.values() for task in tasks)
        for task in (*self._ready.drop(lambda _: True), *self._resting, *waiting):
            self._leave(task)
        self._resting.clear()
        self._waiting.clear()

    def drop(self, job_id: str) -> None:
        """Forget a job's tasks."""
        self._ready.drop(lambda task: task.job_id == job_id)
        self._resting = {task for task in self._resting if task.job_id != job_id}
        self._waiting = {key: [task for task in tasks if task.job_id != job_id] for key, tasks in self._waiting.items()}

    @property
    def patience(self) -> float | None:
        """Seconds until something may fit although nothing of ours has ended; ``None`` where that can't be."""
        return self._ready.patience

    def _push(self, task: Task) -> None:
        if self.is_closed:
            self._leave(task)
        else:
            self._ready.push(task, self._places.get(task.job_id, 0))

    def _try_again(self, task: Task) -> None:
        if task in self._resting:
            self._resting.remove(task)
            self._push(task)
