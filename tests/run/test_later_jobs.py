"""Jobs that join a run which has begun."""

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from pipeline.errors import UsageError
from pipeline.jobs.job import PlannedJob
from pipeline.jobs.state import Status
from pipeline.progress import Progress
from pipeline.run import job_locks
from tests.jobs.helpers import a_stage
from tests.run.helpers import Bench


class Source:
    """Gives these jobs one after the other, and nothing for ``None``."""

    def __init__(self, *jobs: PlannedJob | None) -> None:
        self._jobs: list[PlannedJob | None] = list(jobs)

    @property
    def left(self) -> int:
        return len(self._jobs)

    def prepare_next(self, progress: Progress) -> Callable[[], Path | None]:
        progress("looks")
        job = self._jobs.pop(0)
        return lambda: job.folder if job else None


def test_jobs_join_one_by_one_and_end_as_the_others(bench: Bench) -> None:
    first, second, third = (bench.job(a_stage("copy", parameters={"n": n})) for n in range(3))
    outcomes = bench.run(first, later=Source(second, None, third))
    assert list(outcomes) == [first.id, second.id, third.id]
    assert all(job.state().status is Status.FINISHED for job in (first, second, third))
    assert bench.listener.of("joined") == [(second.id,), (third.id,)]
    assert bench.listener.of("left") == [(2,), (1,), (0,)]
    assert bench.listener.of("progress") == [("looks",)] * 3


def test_one_that_another_process_runs_stops_no_other(bench: Bench) -> None:
    first, second, third = (bench.job(a_stage("copy", parameters={"n": n})) for n in range(3))
    with ExitStack() as other:
        job_locks.hold(other, [second.folder])
        outcomes = bench.run(first, later=Source(second, third))
    assert isinstance(outcomes[second.id].error, UsageError)
    assert bench.listener.ended[second.id].error is outcomes[second.id].error
    assert third.state().status is Status.FINISHED


def test_a_bug_in_the_preparation_ends_the_run(bench: Bench) -> None:
    class Broken(Source):
        def prepare_next(self, progress: Progress) -> Callable[[], Path | None]:
            raise ValueError("odd")

    job = bench.job(a_stage("copy"))
    with pytest.raises(ValueError, match="odd"):
        bench.run(job, later=Broken(None))
