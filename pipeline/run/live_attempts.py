"""The attempts that a run's executor has just now."""

from collections.abc import Callable

from pipeline.executors import Execution
from pipeline.host.resources import Grant
from pipeline.run.run_jobs import RunJobs
from pipeline.run.task import LiveAttempt


class LiveAttempts:
    def __init__(self, execution: Execution, jobs: RunJobs) -> None:
        self._execution = execution
        self._jobs = jobs
        self._by_id: dict[str, LiveAttempt] = {}

    def __len__(self) -> int:
        return len(self._by_id)

    def __getitem__(self, id: str) -> LiveAttempt:
        return self._by_id[id]

    def add(self, live: LiveAttempt) -> None:
        self._by_id[live.invocation.id] = live

    def remove(self, live: LiveAttempt) -> None:
        del self._by_id[live.invocation.id]

    def hold(self, grant: Grant) -> bool:
        """Whether one of them has this room on the machine."""
        return any(live.grant is grant for live in self._by_id.values())

    def make(self, key: str) -> bool:
        """Whether one of them makes the result of this key."""
        return any(live.task.due.key.digest == key for live in self._by_id.values())

    def end(self, is_meant: Callable[[LiveAttempt], bool]) -> None:
        """Have the executor end those that are meant, each with its job's grace. It tells when they have ended."""
        for live in self._by_id.values():
            if is_meant(live):
                self._end(live)

    def time_out(self, live: LiveAttempt) -> None:
        """Have it ended, unless it has ended meanwhile."""
        if self._by_id.get(live.invocation.id) is live:
            live.timed_out = True
            self._end(live)

    def _end(self, live: LiveAttempt) -> None:
        live.killed_by_us = True
        self._execution.cancel(live.invocation.id, self._jobs[live.job_id].grace_seconds)
