"""What attempts have left is committed: at once, or beside the loop where that takes long.

A directory or a large file is read, and put on the disk, in one other thread, one after the other, since one alone
keeps the disk busy. The loop hears what was committed and writes the line in the journal then: as for any other result,
that line comes after all that it tells of is on the disk.
"""

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from pipeline.errors import PipelineError
from pipeline.jobs.records import Result
from pipeline.run.background_work import BackgroundWork
from pipeline.run.job_run import JobRun
from pipeline.run.task import AttemptEnd, LiveAttempt

if TYPE_CHECKING:
    from pipeline.run.background_thread import Act

LARGE = 64 << 20  # bytes of a file, which take a fraction of a second to read and flush

Outcome = Result | AttemptEnd | PipelineError | OSError


class CommitQueue(BackgroundWork[LiveAttempt, Result | AttemptEnd]):
    """``committed`` gets each attempt that took long with its result, or with why there is none."""

    def __init__(self, wake: "Act", committed: Callable[[LiveAttempt, Outcome], None]) -> None:
        super().__init__(wake, lambda job, live: job.attempts.commit(live), committed)

    def commit(self, job: JobRun, live: LiveAttempt) -> Result | AttemptEnd | None:
        """What was committed, or why nothing was; ``None`` where that goes on beside the loop."""
        if not takes_long(live):
            return job.attempts.commit(live)
        self.start(job, live)
        return None

    def has(self, live: LiveAttempt) -> bool:
        """Whether the attempt is being committed beside the loop."""
        return any(each is live for each in self.under_way)

    def makes(self, key: str) -> bool:
        """Whether what is being committed has this key."""
        return any(live.task.due.key.digest == key for live in self.under_way)


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
