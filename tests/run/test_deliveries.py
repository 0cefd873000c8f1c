"""A job's directories and large files are delivered beside the loop: other jobs go on meanwhile."""

import errno
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import Interrupted
from pipeline.executors import Invocation
from pipeline.jobs import deliver
from pipeline.jobs.job import PlannedJob
from pipeline.jobs.plan import PlannedStage
from pipeline.jobs.state import Status
from pipeline.run import background_thread, commit_queue
from pipeline.run.run_bounds import Bounds
from tests.run.helpers import Act, Bench, Pretender, chain, events, link

SECONDS = 20.0  # that a test waits at most for what must come


class SlowDelivery:
    """Deliveries of directories go on until they are let go."""

    def __init__(self) -> None:
        self.is_free = threading.Event()
        self.has_begun = threading.Event()
        self.threads: dict[str, bool] = {}  # by job: whether it was another one than the loop's
        self.error: OSError | None = None
        self.is_dead = False  # as its process would be
        self._deliver = deliver.deliver

    def deliver(self, job: PlannedJob, *rest: Any) -> list[Path]:
        is_beside = threading.current_thread() is not threading.main_thread()
        self.threads[job.id] = is_beside
        if is_beside:
            self.has_begun.set()
            assert self.is_free.wait(SECONDS), "nothing went on beside the delivery"
        if self.is_dead:
            return []
        placed = self._deliver(job, *rest)
        if self.error and is_beside:
            raise self.error
        return placed


@pytest.fixture
def delivery(monkeypatch: pytest.MonkeyPatch) -> Iterator[SlowDelivery]:
    delivery = SlowDelivery()
    monkeypatch.setattr(commit_queue, "takes_long", lambda _: False)
    monkeypatch.setattr(deliver, "deliver", delivery.deliver)
    yield delivery
    delivery.is_free.set()


def tiles(name: str = "draw", **fields: Any) -> PlannedStage:
    return link(name, **{"outputs": {"file": "tiles/"}, **fields})


def drawing(bench: Bench) -> PlannedJob:
    """A job that delivers a directory."""
    return bench.job(tiles(), deliver=["draw.file"])


def counting(bench: Bench) -> PlannedJob:
    """A job of five stages, which delivers a small file."""
    names = ("one", "two", "three", "four", "five")
    return bench.job(*chain(*names, parameters={"of": "counting"}), deliver=["five.file"])


def frees(delivery: SlowDelivery, stage: str) -> Callable[[Pretender], None]:
    """The delivery may end as soon as this stage starts, which it does after the delivery has begun."""

    def during(executor: Pretender) -> None:
        def on_start(invocation: Invocation) -> None:
            if f"/{stage}/" in invocation.id:
                assert delivery.has_begun.wait(SECONDS)
                delivery.is_free.set()

        executor.on_start = on_start

    return during


@contextmanager
def asked(bench: Bench, delivery: SlowDelivery, *, twice: bool = False) -> Iterator[None]:
    """The run is asked to end while it delivers; once the delivery goes on then, twice it doesn't."""

    def ask() -> None:
        assert delivery.has_begun.wait(SECONDS)
        bench.interrupts.note(signal.SIGINT, None)
        while twice and not bench.executor.stopped:
            time.sleep(0.01)
        if twice:
            time.sleep(0.1)
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
        else:
            delivery.is_free.set()

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    asking = threading.Thread(target=ask)
    asking.start()
    try:
        yield
    finally:
        asking.join()
        signal.signal(signal.SIGINT, before)


def test_the_stages_of_other_jobs_start_and_end_while_a_directory_is_delivered(
    bench: Bench, delivery: SlowDelivery
) -> None:
    big, small = drawing(bench), counting(bench)
    outcomes = bench.run(big, small, during=frees(delivery, "five"))
    assert delivery.threads == {big.id: True, small.id: False}
    assert [each.error for each in outcomes.values()] == [None, None]
    assert outcomes[big.id].delivered == [big.output / "input.tiles"]
    assert (big.output / "input.tiles").is_dir()
    assert [job.state().status for job in (big, small)] == [Status.FINISHED, Status.FINISHED]
    assert big.state().delivered == ("input.tiles",)


@pytest.mark.parametrize(("changed", "value"), [("COPY_UP_TO", 1), ("MANY", 0)])
def test_large_files_and_many_files_are_delivered_beside_the_loop_too(
    bench: Bench, delivery: SlowDelivery, monkeypatch: pytest.MonkeyPatch, changed: str, value: int
) -> None:
    monkeypatch.setattr(deliver, changed, value)
    delivery.is_free.set()
    job = bench.job(link("one"), deliver=["one.file"])
    assert bench.run_one(job).error is None
    assert delivery.threads == {job.id: True}


def test_its_stages_are_told_before_and_its_end_after(bench: Bench, delivery: SlowDelivery) -> None:
    big, small = drawing(bench), counting(bench)
    told: list[str] = []
    bench.run(big, small, four=Act(first=lambda: told.extend(events(big))), during=frees(delivery, "five"))
    assert told[-1] == "stage_finished"
    assert ("draw",) in bench.listener.of("finished")
    assert events(big)[-1] == "run_finished"


def test_a_delivery_that_finds_no_room_ends_its_own_job_alone_and_the_next_run_makes_it_whole(
    bench: Bench, delivery: SlowDelivery
) -> None:
    big, small = drawing(bench), counting(bench)
    delivery.error = OSError(errno.ENOSPC, "No space left on device")
    outcomes = bench.run(big, small, during=frees(delivery, "five"))
    assert isinstance(outcomes[big.id].error, OSError)
    assert outcomes[small.id].error is None
    assert big.state().status is Status.FAILED
    delivery.error = None
    assert bench.run_one(big).delivered == [big.output / "input.tiles"]
    assert bench.executor.stages() == []


def test_a_run_that_is_asked_to_end_while_it_only_delivers_ends_with_what_it_has_made(
    bench: Bench, delivery: SlowDelivery
) -> None:
    job = drawing(bench)
    with asked(bench, delivery):
        outcome = bench.run_one(job)
    assert (outcome.error, outcome.delivered) == (None, [job.output / "input.tiles"])
    assert job.state().status is Status.FINISHED


def test_a_run_that_is_asked_twice_waits_for_no_delivery(
    bench: Bench, delivery: SlowDelivery, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(background_thread, "STOP_SECONDS", 0)
    job = drawing(bench)
    with asked(bench, delivery, twice=True), pytest.raises(Interrupted, match=job.id):
        bench.run_one(job)
    assert job.state().status is Status.INTERRUPTED
    delivery.is_dead = True
    delivery.is_free.set()
    monkeypatch.undo()
    assert bench.run_one(job).delivered == [job.output / "input.tiles"]
    assert bench.executor.stages() == []


def test_a_job_that_is_given_up_meanwhile_is_cancelled_and_can_be_gone_on_with(
    bench: Bench, delivery: SlowDelivery
) -> None:
    big, small = drawing(bench), counting(bench)

    def cancel() -> None:
        assert delivery.has_begun.wait(SECONDS)
        big.cancellation.touch()
        bench.interrupts.look(10, None)

    outcomes = bench.run(big, small, three=Act(first=cancel), during=frees(delivery, "five"))
    assert outcomes[big.id].error is not None
    assert outcomes[small.id].error is None
    assert big.state().status is Status.CANCELLED
    big.cancellation.unlink()
    assert bench.run_one(big).delivered == [big.output / "input.tiles"]
    assert bench.executor.stages() == []
    assert big.state().status is Status.FINISHED


def test_the_time_that_a_job_may_take_ends_no_delivery(bench: Bench, delivery: SlowDelivery) -> None:
    big, small = drawing(bench), counting(bench)

    def free_later() -> None:
        threading.Timer(0.2, delivery.is_free.set).start()

    outcomes = bench.run(big, small, bounds=Bounds(timeout_seconds=3.5), four=Act(first=free_later))
    assert outcomes[big.id].error is None
    assert "took longer" in str(outcomes[small.id].error)


def test_what_a_person_has_edited_is_told_though_the_delivery_fails(bench: Bench, delivery: SlowDelivery) -> None:
    delivery.is_free.set()
    job = bench.job(tiles(), link("one"), deliver=["draw.file", "one.file"])
    bench.run(job)
    (job.output / "input.file.txt").write_text("by ann")
    bench.project.stage_file("copy").write_text("# another\n")
    delivery.error = OSError(errno.ENOSPC, "No space left on device")
    outcome = bench.run_one(job, one=Act(writes={"file": "another"}))
    assert isinstance(outcome.error, OSError)
    assert (job.output / "input.edited-1.file.txt").read_text() == "by ann"
    assert len(bench.listener.of("progress")) == 1
