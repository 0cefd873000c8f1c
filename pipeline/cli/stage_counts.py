"""Stages that are too many to be named: the members of a fan-out, and those of a large plan. They are counted."""

import time
from collections import Counter
from collections.abc import Iterator

from pipeline.jobs.job import PlannedJob
from pipeline.text import printable

NAMED = 20  # of a plan with more stages, only their number is told


class StageCounts:
    """How many stages are done, told every few seconds."""

    def __init__(self, every: float) -> None:
        """``every``: seconds between two lines about the same."""
        self._every = every
        self._done: Counter[tuple[str, str]] = Counter()
        self._reused: Counter[str] = Counter()
        self._told: dict[tuple[str, str], float] = {}
        self._totals: dict[tuple[str, str], int] = {}
        self._shown: dict[tuple[str, str], dict[str, str]] = {}
        self._planned: dict[str, frozenset[str]] = {}  # by job: the names in its plan
        self._titles: dict[str, dict[str, str]] = {}  # by job

    def has(self, job: PlannedJob, stage: str) -> bool:
        """Whether the stage is counted instead of named."""
        return len(job.stages) > NAMED or self.planned_name(job, stage) != stage

    def planned_name(self, job: PlannedJob, stage: str) -> str:
        """The stage's own, or that of the fan-out over a list whose member it is."""
        if job.id not in self._planned:
            self._planned[job.id] = frozenset(each.name for each in job.stages)
            self._titles[job.id] = {each.name: each.title for each in job.stages if each.title}
        names = self._planned[job.id]
        return stage if stage in names else stage.rpartition("_")[0]

    def shown_name(self, job: PlannedJob, stage: str) -> str:
        """As a person calls it: by its title, or ``square[7]``."""
        planned = self.planned_name(job, stage)
        if planned == stage:
            return printable(self._titles[job.id].get(stage, stage))
        if (job.id, planned) not in self._shown:
            from pipeline.jobs.items import shown_names

            self._shown[job.id, planned] = shown_names(job, job.state())
        return printable(self._shown[job.id, planned].get(stage, stage))

    def reused(self, job: PlannedJob) -> None:
        self._reused[job.id] += 1

    def finished(self, job: PlannedJob, stage: str) -> str | None:
        """A line, where one is due."""
        planned = self.planned_name(job, stage)
        kind = (job.id, planned if planned != stage else "")
        self._done[kind] += 1
        if time.monotonic() - self._told.setdefault(kind, time.monotonic()) < self._every:
            return None
        self._told[kind] = time.monotonic()
        return self._line(job, kind)

    def ended(self, job: PlannedJob) -> Iterator[str]:
        """The lines about a job whose run has ended."""
        if self._reused[job.id]:
            yield f"{self._reused[job.id]} stages were done already"
        yield from (self._line(job, kind) for kind in self._done if kind[0] == job.id)

    def _line(self, job: PlannedJob, kind: tuple[str, str]) -> str:
        if kind not in self._totals:
            self._totals[kind] = job.state().stage(kind[1]).members or 0 if kind[1] else len(job.stages)
        total = f" of {self._totals[kind]}" if self._totals[kind] else ""
        return f"{kind[1] or 'stages'}: {self._done[kind]}{total} done"
