"""A directory and a large file are committed beside the loop: everything else goes on meanwhile."""

import errno
import threading
from collections.abc import Iterator

import pytest

from pipeline.errors import Interrupted
from pipeline.jobs.records import Result
from pipeline.project import ProjectFolder
from pipeline.run import commit_queue, job_attempts
from pipeline.run.invocations import Invocations
from pipeline.run.result_commit import commit
from pipeline.run.task import AttemptEnd, LiveAttempt
from tests.run.helpers import HANGS, Bench, chain, events, freed_by, link, statuses, tiles

SECONDS = 20.0  # that a test waits at most for what must come


class SlowDisk:
    """Commits of some stages go on until they are let go."""

    def __init__(self) -> None:
        self.is_free = threading.Event()
        self.has_begun = threading.Event()
        self.stages: set[str] = set()
        self.threads: dict[str, bool] = {}  # by stage: whether it was another one than the loop's
        self.error: OSError | None = None

    def commit(self, project: ProjectFolder, live: LiveAttempt, invocations: Invocations) -> Result | AttemptEnd:
        self.threads[live.task.name] = threading.current_thread() is not threading.main_thread()
        if live.task.name in self.stages:
            self.has_begun.set()
            assert self.is_free.wait(SECONDS), "nothing went on beside the commit"
            if self.error:
                raise self.error
        return commit(project, live, invocations)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[SlowDisk]:
    disk = SlowDisk()
    monkeypatch.setattr(job_attempts, "commit", disk.commit)
    yield disk
    disk.is_free.set()


def test_stages_start_and_end_while_a_directory_is_committed(bench: Bench, disk: SlowDisk) -> None:
    disk.stages = {"draw"}
    job = bench.job(tiles("draw"), link("count", "draw"), *chain("one", "two", "three"))
    outcome = bench.run_one(job, during=freed_by(disk.is_free, "three"))
    assert outcome.error is None
    finished = [stage for stage, _, _ in events(job, "stage", "seconds", "outputs")]
    assert finished.index("two") < finished.index("draw") < finished.index("count")
    assert disk.threads == {"draw": True, "count": False, "one": False, "two": False, "three": False}
    assert set(statuses(job).values()) == {"finished"}


def test_a_large_file_is_committed_beside_the_loop_too(
    bench: Bench, disk: SlowDisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commit_queue, "LARGE", 10)
    bench.run(bench.job(link("one")))
    assert disk.threads == {"one": True}


def test_the_time_that_a_commit_takes_is_not_the_stage_s(bench: Bench, disk: SlowDisk) -> None:
    disk.stages = {"draw"}
    job = bench.job(tiles("draw"), *chain("one", "two", "three"))
    bench.run(job, during=freed_by(disk.is_free, "three"))
    assert dict(events(job, "stage", "seconds"))["draw"] == 1.0


def test_a_run_that_is_asked_to_end_waits_for_what_is_being_committed(bench: Bench, disk: SlowDisk) -> None:
    disk.stages = {"draw"}
    job = bench.job(tiles("draw"), *chain("one", "two", "three"))

    def ask() -> None:
        bench.interrupts.note(15, None)
        threading.Timer(0.05, disk.is_free.set).start()

    with pytest.raises(Interrupted):
        bench.run(job, three=HANGS.then(first=ask))
    assert statuses(job)["draw"] == "finished"
    bench.run(job)
    assert bench.executor.stages() == ["three"]


def test_a_commit_that_the_disk_refuses_ends_its_own_job_alone(bench: Bench, disk: SlowDisk) -> None:
    disk.stages, disk.error = {"draw"}, OSError(errno.ENOSPC, "No space left on device")
    full, other = bench.job(tiles("draw")), bench.job(*chain("one", "two", "three", parameters={"of": "other"}))
    outcomes = bench.run(full, other, during=freed_by(disk.is_free, "three"))
    assert isinstance(outcomes[full.id].error, OSError)
    assert outcomes[other.id].error is None
    disk.error = None
    assert bench.run_one(full).error is None


def test_who_needs_the_same_result_waits_until_it_is_committed(bench: Bench, disk: SlowDisk) -> None:
    disk.stages = {"draw"}
    first = bench.job(tiles("draw"), *chain("one", "two", "three"))
    second = bench.job(*chain("early", "middle", parameters={"of": "x"}), tiles("draw"))
    bench.run(first, second, during=freed_by(disk.is_free, "three"))
    assert bench.executor.stages().count("draw") == 1
    assert set(statuses(second).values()) == {"finished"}


def test_a_job_that_is_given_up_leaves_a_result_that_the_next_run_takes(bench: Bench, disk: SlowDisk) -> None:
    disk.stages = {"draw"}
    job = bench.job(tiles("draw"), *chain("one", "two", "three"))

    def give_up() -> None:
        job.cancellation.touch()
        bench.interrupts.look(10, None)
        threading.Timer(0.05, disk.is_free.set).start()

    bench.run(job, three=HANGS.then(first=give_up))
    assert "draw" not in [stage for stage, _ in events(job, "stage", "outputs")]
    job.cancellation.unlink()
    bench.run(job)
    assert bench.executor.stages() == ["three"]
    assert set(statuses(job).values()) == {"finished"}
