"""Directories out of the store of results: they are placed in a job's folder beside the loop, since that takes long.

One other thread does that, one after the other, as ``commits.py`` has it the other way round. The loop hears what was
placed and writes the line in the journal then.
"""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from pipeline.errors import PipelineError
from pipeline.run.job_run import JobRun
from pipeline.run.reuse import ReusedResult
from pipeline.run.task import Task

if TYPE_CHECKING:
    from pipeline.run.beside_loop import Act, BesideLoop

Placed = ReusedResult | PipelineError | OSError | None  # None: the store has none that is whole


class Placements:
    """``wake`` ends the loop's wait. ``placed`` gets each task with the result that was placed for it, or with why
    there is none, in the loop's thread."""

    def __init__(self, wake: "Act", placed: Callable[[Task, Placed], None]) -> None:
        self._wake = wake
        self._placed = placed
        self._thread: BesideLoop | None = None  # made for the first
        self._under_way = 0

    def start(self, job: JobRun, task: Task) -> None:
        if self._thread is None:
            from pipeline.run.beside_loop import BesideLoop  # few runs need a thread

            self._thread = BesideLoop(self._wake)
        self._under_way += 1
        self._thread.start(partial(self._work, job, task))

    def handle(self) -> None:
        """Say what has been placed."""
        if self._thread:
            self._thread.handle()

    def finish(self) -> None:
        """Wait for all that is being placed: the job's folder is another run's after this one."""
        while self._under_way and self._thread:
            self._thread.handle_next()

    def close(self) -> None:
        """Give up what is being placed; the next run places it again."""
        if self._thread:
            self._thread.close()

    def _work(self, job: JobRun, task: Task, _: object) -> "Act":
        try:
            return partial(self._end, task, job.place_stored(task))
        except (PipelineError, OSError) as error:  # it keeps its own job from going on, and no other
            return partial(self._end, task, error)

    def _end(self, task: Task, outcome: Placed) -> None:
        self._under_way -= 1
        self._placed(task, outcome)
