"""What the jobs of one run share."""

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

from pipeline.cache.store import ResultStore
from pipeline.jobs.job import PlannedJob
from pipeline.jobs.secrets import Secrets
from pipeline.policy import Start
from pipeline.project import ProjectFolder
from pipeline.run.observer import Observer
from pipeline.run.runtime import Runtime
from pipeline.run.selection import Selection
from pipeline.run.supervision.guardian import Guardian
from pipeline.values import Struct, field

if TYPE_CHECKING:
    from pipeline.progress import Progress
    from pipeline.run.edit_merger import EditMerger
    from pipeline.run.failures.escalation import Escalation
    from pipeline.run.failures.message import Failure


class RunContext(Struct, frozen=True, kw_only=True, dict=True):
    """One for each run, so that an environment is checked once for all of its jobs."""

    project: ProjectFolder
    store: ResultStore
    observer: Observer
    guardian: Guardian
    resolve: Callable[[PlannedJob], Runtime]  # again, once an environment was repaired
    secrets: Secrets
    edits: Callable[[], "EditMerger"]  # called where there are edits
    selection: Selection = field(default_factory=Selection)
    start: Start | None = None  # the way to start the stages that allow it
    verify: bool = False  # read outputs before trusting them

    def diagnose(self, job: PlannedJob, failure: "Failure", progress: "Progress") -> "Failure":
        """With the verdict on the environment, which may be to blame. Blocks while it looks and repairs."""
        verdict = self._escalation.look(job, failure.environment, failure.evidence, progress)
        return failure.with_verdict(verdict)

    @cached_property
    def _escalation(self) -> "Escalation":
        from pipeline.run.failures.escalation import Escalation

        return Escalation(self.project)
