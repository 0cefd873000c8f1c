"""Members of a fan-out called by their items."""

import pytest

from pipeline.jobs.items import internal_name, shown_names
from pipeline.jobs.job import PlannedJob, load
from pipeline.run.selection import Selection
from tests.run.helpers import DONE, FAILS, Bench, fan_out, link, lister, listing, statuses


@pytest.fixture
def job(bench: Bench) -> PlannedJob:
    return bench.job(
        lister(),
        fan_out("square"),
        link("square_a_b", parameters={"of": "a-b"}),
        link("sum", "square"),
        deliver=["square.file"],
    )


def test_members_are_found_by_their_values_once_the_list_is_known(bench: Bench, job: PlannedJob) -> None:
    assert internal_name(job, "square[7]") == "square[7]"
    bench.run(job, split=listing(3, 7))
    job = load(job.folder)
    assert internal_name(job, "square[7]") == "square_0002"
    assert internal_name(job, "square[a-b]") == "square_a_b"
    assert internal_name(job, "square[8]") == "square[8]"
    assert internal_name(job, "sum") == "sum"
    assert shown_names(job, job.loaded) == {"square_0001": "square[3]", "square_0002": "square[7]"}


def test_files_have_the_values_of_their_items(bench: Bench, job: PlannedJob) -> None:
    outcome = bench.run_one(job, split=listing(3, "a/b"))
    assert [path.name for path in outcome.delivered] == ["input.square_3.file.txt", "input.square_a_b.file.txt"]


def test_items_of_one_name_are_told_apart_by_their_places(bench: Bench, job: PlannedJob) -> None:
    outcome = bench.run_one(job, split=listing("a b", "a/b"))
    names = [path.name for path in outcome.delivered]
    assert names == ["input.square_0001.file.txt", "input.square_0002.file.txt"]


def test_one_member_may_be_forced(bench: Bench, job: PlannedJob) -> None:
    bench.run(job, split=listing(3, 7))
    bench.run(job, selection=Selection(force="square[7]"))
    assert bench.executor.stages() == ["square_0002"]


@pytest.mark.parametrize("option", ["only", "until"])
def test_one_member_may_be_run_alone(bench: Bench, job: PlannedJob, option: str) -> None:
    bench.run(job, split=listing(3, 7), square=FAILS)
    assert statuses(job)["square_0001"] == "failed"
    outcome = bench.run_one(job, selection=Selection(**{option: "square[7]"}))
    assert outcome.partial
    assert bench.executor.stages() == ["square_0002"]
    bench.run(job)
    assert bench.executor.stages() == ["square_0001", "sum"]


def test_a_run_may_go_on_from_one_member(bench: Bench, job: PlannedJob) -> None:
    bench.run(job, split=listing(3, 7), square=[DONE, FAILS])
    bench.run(job, selection=Selection(start="square[7]"))
    assert bench.executor.stages() == ["square_0002", "sum"]


def test_a_run_from_one_member_on_names_the_other_that_is_missing(bench: Bench, job: PlannedJob) -> None:
    bench.run(job, split=listing(3, 7), square=FAILS)
    error = bench.run_one(job, selection=Selection(start="square[7]")).error
    assert "'square[3]'" in str(error)


def test_an_item_that_there_is_not_is_refused(bench: Bench, job: PlannedJob) -> None:
    bench.run(job, split=listing(3, 7))
    with pytest.raises(Exception, match=r"square\[8\]"):
        bench.run(job, selection=Selection(only="square[8]"))
    with pytest.raises(Exception, match="square_0009"):
        bench.run(job, selection=Selection(only="square_0009"))


def test_a_stage_may_take_a_part_of_a_fan_out(bench: Bench) -> None:
    job = bench.job(lister(), fan_out("square"), link("part", "square", inputs={"file": ["square[7].file"]}))
    assert bench.run_one(job, split=listing(3, 7)).error is None
    text = (job.attempts("part") / "1/invocation.json").read_text()
    assert "square_0002" in text
    assert "square_0001" not in text


def test_a_part_that_the_list_lacks_is_told(bench: Bench) -> None:
    job = bench.job(lister(), fan_out("square"), link("part", "square", inputs={"file": ["square[8].file"]}))
    assert "'8'" in str(bench.run_one(job, split=listing(3, 7)).error)
