"""Directories out of the store of results: they are placed in a job's folder beside the loop, since that takes long.

One other thread does that, one after the other, as ``commit_queue.py`` has it the other way round. The loop hears what
was placed and writes the line in the journal then.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from pipeline.errors import PipelineError
from pipeline.run.background_work import BackgroundWork
from pipeline.run.job_run import JobRun
from pipeline.run.reuse import ReusedResult
from pipeline.run.task import Task

if TYPE_CHECKING:
    from pipeline.run.background_thread import Act

Placed = ReusedResult | PipelineError | OSError | None  # None: the store has none that is whole


class ResultPlacements(BackgroundWork[Task, ReusedResult | None]):
    """``placed`` gets each task with the result that was placed for it, or with why there is none."""

    def __init__(self, wake: "Act", placed: Callable[[Task, Placed], None]) -> None:
        super().__init__(wake, JobRun.place_stored, placed)
