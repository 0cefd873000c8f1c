"""What jobs are for is delivered: at once, or beside the loop where that takes long.

One other thread does that, one job after the other, as ``commit_queue.py`` has it for what attempts have left. The loop
hears what was delivered and writes the job's last line in the journal then: it comes after all that it tells of.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from pipeline.errors import PipelineError
from pipeline.run.background_work import BackgroundWork
from pipeline.run.job_end import Delivery
from pipeline.run.job_run import JobRun
from pipeline.run.observer import JobOutcome

if TYPE_CHECKING:
    from pipeline.run.background_thread import Act

DeliveryEnd = Delivery | PipelineError | OSError


class Deliveries(BackgroundWork[JobRun, Delivery]):
    """``delivered`` gets each job whose delivery took long with what was delivered, or with what kept it from that."""

    def __init__(self, wake: "Act", delivered: Callable[[JobRun, DeliveryEnd], None]) -> None:
        super().__init__(wake, lambda job, _: job.deliver(), delivered)

    def end(self, job: JobRun) -> JobOutcome | None:
        """How a job ended that has nothing left to run; ``None`` where its delivery goes on beside the loop. Raises
        what keeps it from being delivered."""
        if self.has(job):
            return None
        return job.finish() or self._delivered(job)

    def has(self, job: JobRun) -> bool:
        """Whether what the job is for is being delivered beside the loop."""
        return job in self.under_way

    def _delivered(self, job: JobRun) -> JobOutcome | None:
        if not job.takes_long_to_deliver:
            return job.delivered(job.deliver())
        job.flush()  # whoever watches sees that its stages have finished
        self.start(job, job)
        return None
