"""A directory out of the store of results is placed beside the loop: everything else goes on meanwhile."""

import errno
import shutil
import threading
from collections.abc import Callable, Iterator

import pytest

from pipeline.cache.record import OUTPUTS, folder_of
from pipeline.errors import Interrupted
from pipeline.jobs.job import PlannedJob
from pipeline.jobs.plan import PlannedStage
from pipeline.jobs.records import Key
from pipeline.run.reuse import Reuse, ReusedResult
from tests.run.helpers import HANGS, Bench, chain, events, freed_by, link, statuses, tiles

SECONDS = 20.0  # that a test waits at most for what must come


class SlowDisk:
    """Results of some stages are placed slowly: until the disk is let go."""

    def __init__(self, placed: Callable[[Reuse, PlannedStage, Key], ReusedResult | None]) -> None:
        self.is_free = threading.Event()
        self.stages: set[str] = set()
        self.threads: dict[str, bool] = {}  # by stage: whether it was another one than the loop's
        self.error: OSError | None = None
        self._placed = placed

    def placed(self, reuse: Reuse, stage: PlannedStage, key: Key) -> ReusedResult | None:
        if not reuse.is_shared(stage, key):
            return None
        self.threads[stage.name] = threading.current_thread() is not threading.main_thread()
        if stage.name in self.stages:
            assert self.is_free.wait(SECONDS), "nothing went on beside the placement"
            if self.error:
                raise self.error
        return self._placed(reuse, stage, key)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[SlowDisk]:
    disk = SlowDisk(Reuse.placed)

    def placed(reuse: Reuse, stage: PlannedStage, key: Key) -> ReusedResult | None:
        return disk.placed(reuse, stage, key)

    monkeypatch.setattr(Reuse, "placed", placed)
    yield disk
    disk.is_free.set()


@pytest.fixture
def stored(bench: Bench, disk: SlowDisk) -> PlannedJob:
    """A job that has made two directories, of which one is made of the other, and a file."""
    job = bench.job(tiles("draw"), tiles("redraw", "draw"), link("note"))
    assert bench.run_one(job).error is None
    disk.threads.clear()
    return job


def again(bench: Bench, *others: PlannedStage) -> PlannedJob:
    return bench.job(tiles("draw"), tiles("redraw", "draw"), link("note"), *others)


OTHERS = chain("one", "two", "three", parameters={"of": "another job"})


@pytest.mark.usefixtures("stored")
def test_stages_start_and_end_while_a_directory_is_placed(bench: Bench, disk: SlowDisk) -> None:
    disk.stages = {"draw"}
    job = again(bench, *OTHERS)
    assert bench.run_one(job, during=freed_by(disk.is_free, "three")).error is None
    assert bench.executor.stages() == ["one", "two", "three"]
    assert disk.threads == {"draw": True, "redraw": True, "note": False}
    assert set(statuses(job).values()) == {"finished"}


@pytest.mark.usefixtures("stored")
def test_where_all_is_stored_nothing_runs_and_the_job_is_done(bench: Bench, disk: SlowDisk) -> None:
    job = again(bench)
    assert bench.run_one(job).error is None
    assert bench.executor.stages() == []
    assert disk.threads == {"draw": True, "redraw": True, "note": False}
    assert bench.run_one(job).unchanged


def test_what_the_store_has_damaged_is_made_again(bench: Bench, disk: SlowDisk, stored: PlannedJob) -> None:
    for (key,) in set(events(stored, "key")):
        shutil.rmtree(folder_of(bench.project.results, str(key)) / OUTPUTS)
    job = again(bench)
    assert bench.run_one(job).error is None
    assert set(bench.executor.stages()) == {"draw", "redraw", "note"}
    assert set(statuses(job).values()) == {"finished"}


@pytest.mark.usefixtures("stored")
def test_where_the_store_keeps_what_it_can_t_give_the_stage_runs(
    bench: Bench, disk: SlowDisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such as a damaged entry on a disk that can only be read."""
    monkeypatch.setattr(Reuse, "placed", lambda *_: None)
    job = again(bench)
    assert bench.run_one(job).error is None
    assert bench.executor.stages()[0] in {"draw", "note"}
    assert set(statuses(job).values()) == {"finished"}


@pytest.mark.usefixtures("stored")
def test_a_disk_that_refuses_ends_its_own_job_alone(bench: Bench, disk: SlowDisk) -> None:
    disk.stages, disk.error = {"draw"}, OSError(errno.ENOSPC, "No space left on device")
    full, other = again(bench), bench.job(*OTHERS)
    outcomes = bench.run(full, other, during=freed_by(disk.is_free, "three"))
    assert isinstance(outcomes[full.id].error, OSError)
    assert outcomes[other.id].error is None
    disk.error = None
    assert bench.run_one(full).error is None


@pytest.mark.usefixtures("stored")
def test_a_run_that_is_asked_to_end_leaves_what_was_placed_to_the_next(bench: Bench, disk: SlowDisk) -> None:
    disk.stages = {"draw"}
    job = again(bench, *OTHERS)

    def ask() -> None:
        bench.interrupts.note(15, None)
        threading.Timer(0.05, disk.is_free.set).start()

    with pytest.raises(Interrupted):
        bench.run(job, three=HANGS.then(first=ask))
    assert statuses(job)["draw"] == "finished"
    bench.run(job)
    assert bench.executor.stages() == ["three"]
    assert set(statuses(job).values()) == {"finished"}


@pytest.mark.usefixtures("stored")
def test_a_job_that_is_given_up_meanwhile_ends_at_once(bench: Bench, disk: SlowDisk) -> None:
    disk.stages = {"draw"}
    job = again(bench, *OTHERS)

    def give_up() -> None:
        job.cancellation.touch()
        bench.interrupts.look(10, None)
        threading.Timer(0.05, disk.is_free.set).start()

    bench.run(job, three=HANGS.then(first=give_up))
    assert statuses(job).get("draw") != "finished"
    job.cancellation.unlink()
    bench.run(job)
    assert set(statuses(job).values()) == {"finished"}


def test_who_waited_for_another_job_s_directory_places_it_beside_the_loop(bench: Bench, disk: SlowDisk) -> None:
    disk.stages = {"draw"}
    first, second = bench.job(tiles("draw")), bench.job(tiles("draw"), *OTHERS)
    bench.run(first, second, during=freed_by(disk.is_free, "three"))
    assert bench.executor.stages().count("draw") == 1
    assert disk.threads == {"draw": True}
    assert set(statuses(second).values()) == {"finished"}
