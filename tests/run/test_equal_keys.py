"""Stages with equal keys that are due at once: one works, the others take its result."""

import pytest

from pipeline.cache.claims import Claims
from pipeline.jobs.job import PlannedJob
from pipeline.run.run_bounds import Bounds
from pipeline.run.selection import Selection
from tests.run.helpers import FAILS, HANGS, LOST, Act, Bench, fan_out, link, lister, listing, statuses

SAME = {"parameters": {"of": "same"}}


@pytest.fixture
def twins(bench: Bench) -> PlannedJob:
    return bench.job(link("one", **SAME), link("two", **SAME), link("last", "one", "two"))


def test_in_one_job_one_works_and_the_other_takes_its_result(bench: Bench, twins: PlannedJob) -> None:
    assert bench.run_one(twins, one=Act(5)).error is None
    assert bench.executor.stages() == ["one", "last"]
    assert bench.listener.of("reused") == [("two", twins.id)]
    assert bench.clock.now == 6


def test_in_two_jobs_of_one_run_as_well(bench: Bench) -> None:
    jobs = [bench.job(link("one", **SAME), link("last", "one")) for _ in range(3)]
    outcomes = bench.run(*jobs, one=Act(5))
    assert [outcome.error for outcome in outcomes.values()] == [None] * 3
    assert bench.executor.stages() == ["one", "last"]


def test_equal_items_of_a_list_are_worked_on_once(bench: Bench) -> None:
    job = bench.job(lister(), fan_out("part"), link("join", "part"))
    assert bench.run_one(job, split=listing("a", "b", "a", "a")).error is None
    assert bench.executor.stages() == ["split", "part_0001", "part_0002", "join"]


def test_where_the_first_fails_another_one_works(bench: Bench, twins: PlannedJob) -> None:
    bench.run_one(twins, one=FAILS, bounds=Bounds(keep_going=True))
    assert bench.executor.stages() == ["one", "two"]
    assert statuses(twins) == {"one": "failed", "two": "finished", "last": "skipped"}


def test_where_the_first_is_lost_it_is_worked_on_once_more_in_all(bench: Bench, twins: PlannedJob) -> None:
    assert bench.run_one(twins, one=[LOST, Act()]).error is None
    assert bench.executor.stages() == ["one", "two", "last"]


def test_where_the_first_ones_job_is_given_up_the_other_works(bench: Bench) -> None:
    first, second = (bench.job(link("one", **SAME)) for _ in range(2))
    outcomes = bench.run(first, second, one=[bench_cancels(bench, first), Act()])
    assert outcomes[first.id].error is not None
    assert outcomes[second.id].error is None
    assert len(bench.executor.started) == 2


def bench_cancels(bench: Bench, job: PlannedJob) -> Act:
    def cancel() -> None:
        bench.cancelling(job).first()  # type: ignore[misc]

    return HANGS.then(first=cancel)


def test_one_that_waits_is_left_where_nothing_more_is_started(bench: Bench) -> None:
    job = bench.job(link("one", **SAME), link("two", **SAME), link("other"))
    bench.run_one(job, one=Act(5), other=FAILS, bounds=Bounds(keep_going=False))
    assert bench.executor.stages() == ["one", "other"]
    assert "two" not in statuses(job)
    assert bench.run_one(job, other=Act()).error is None
    assert bench.executor.stages() == ["other"]


@pytest.mark.parametrize("fields", [{"cache": False}, {}])
def test_what_is_not_to_be_shared_is_worked_on_by_each(bench: Bench, fields: dict[str, bool]) -> None:
    job = bench.job(link("one", **SAME, **fields), link("two", **SAME, **fields))
    selection = Selection(force=None if fields else "*")
    assert bench.run_one(job, selection=selection).error is None
    assert sorted(bench.executor.stages()) == ["one", "two"]
    assert bench.clock.now == 1


@pytest.fixture
def claimed_elsewhere(monkeypatch: pytest.MonkeyPatch, bench: Bench) -> list[str]:
    """Keys that another process claims until the clock shows 3."""
    refused: list[str] = []

    def take(_: Claims, key: str) -> bool:
        if bench.clock.now < 3:
            refused.append(key)
            return False
        return True

    monkeypatch.setattr(Claims, "take", take)
    return refused


def test_a_result_that_another_run_makes_is_waited_for(bench: Bench, claimed_elsewhere: list[str]) -> None:
    job = bench.job(link("one"))
    assert bench.run_one(job).error is None
    assert 3.9 < bench.clock.now < 4.5
    assert len(set(claimed_elsewhere)) == 1
    assert bench.listener.of("waits") == [("one", "another run makes the same result")]


def test_what_is_forced_waits_for_no_other_run(bench: Bench, claimed_elsewhere: list[str]) -> None:
    job = bench.job(link("one"))
    assert bench.run_one(job, selection=Selection(force="*")).error is None
    assert bench.clock.now == 1


def test_every_claim_is_given_back(bench: Bench, twins: PlannedJob, monkeypatch: pytest.MonkeyPatch) -> None:
    held: set[str] = set()

    def take(_: Claims, key: str) -> bool:
        held.add(key)
        return True

    monkeypatch.setattr(Claims, "take", take)
    monkeypatch.setattr(Claims, "give_back", lambda _, key: held.discard(key))
    bench.run_one(twins, one=[Act(refused=OSError(11, "no process")), FAILS], two=LOST)
    assert held == set()
