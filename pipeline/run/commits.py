"""What attempts have left is committed: at once, or beside the loop where that takes long.

A directory or a large file is read, and put on the disk, in one other thread, one after the other, since one alone
keeps the disk busy. The loop hears what was committed and writes the line in the journal then: as for any other result,
that line comes after all that it tells of is on the disk.
"""

import os
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from pipeline.errors import PipelineError
from pipeline.jobs.records import Result
from pipeline.run.job_run import JobRun
from pipeline.run.task import AttemptEnd, LiveAttempt

if TYPE_CHECKING:
    from pipeline.run.beside_loop import Act, BesideLoop

LARGE = 64 << 20  # bytes of a file, which take a fraction of a second to read and flush

Outcome = Result | AttemptEnd | PipelineError | OSError


class Commits:
    """``wake`` ends the loop's wait. ``committed`` gets each attempt that took long with its result, or with why there
    is none, in the loop's thread."""

    def __init__(self, wake: "Act", committed: Callable[[LiveAttempt, Outcome], None]) -> None:
        self._wake = wake
        self._committed = committed
        self._thread: BesideLoop | None = None  # made for the first that takes long
        self._under_way: dict[str, LiveAttempt] = {}  # by the invocation's id

    def commit(self, job: JobRun, live: LiveAttempt) -> Result | AttemptEnd | None:
        """What was committed, or why nothing was; ``None`` where that goes on beside the loop."""
        if not takes_long(live):
            return job.commit(live)
        if self._thread is None:
            from pipeline.run.beside_loop import BesideLoop  # few runs need a thread

            self._thread = BesideLoop(self._wake)
        self._under_way[live.invocation.id] = live
        self._thread.start(partial(self._work, job, live))
        return None

    def has(self, live: LiveAttempt) -> bool:
        """Whether the attempt is being committed beside the loop."""
        return live.invocation.id in self._under_way

    def makes(self, key: str) -> bool:
        """Whether what is being committed has this key."""
        return any(live.task.due.key.digest == key for live in self._under_way.values())

    def handle(self) -> None:
        """Say what has been committed."""
        if self._thread:
            self._thread.handle()

    def finish(self) -> None:
        """Wait for all that is being committed: it may be the work of hours."""
        while self._under_way and self._thread:
            self._thread.handle_next()

    def close(self) -> None:
        """Give up what is being committed; the next run goes on with what is on the disk."""
        if self._thread:
            self._thread.close()

    def _work(self, job: JobRun, live: LiveAttempt, _: object) -> "Act":
        try:
            return partial(self._end, live, job.commit(live))
        except (PipelineError, OSError) as error:  # it keeps its own job from going on, and no other
            return partial(self._end, live, error)

    def _end(self, live: LiveAttempt, outcome: Outcome) -> None:
        del self._under_way[live.invocation.id]
        self._committed(live, outcome)


def takes_long(live: LiveAttempt) -> bool:
    """Whether what the attempt has left is a directory or a large file."""
    outputs = live.task.stage.outputs
    if not outputs:
        return False
    if any(pattern.endswith("/") for pattern in outputs.values()):
        return True
    try:
        with os.scandir(live.attempt.outputs) as files:
            return any(each.stat(follow_symlinks=False).st_size >= LARGE for each in files)
    except OSError:
        return False  # who commits it says why
