"""Fan-outs over a list that an earlier stage writes, from the list to what is gathered."""

import re

import pytest

from pipeline.errors import StageError
from pipeline.files import read_json
from pipeline.host.machine import Machine
from pipeline.jobs.job import PlannedJob
from pipeline.run.run_bounds import Bounds
from tests.run.helpers import DONE, FAILS, LOST, Act, Bench, events, fan_out, link, lister, listing, paired, statuses


@pytest.fixture
def job(bench: Bench) -> PlannedJob:
    """A list, a member for each of its items, and a stage that gathers them."""
    return bench.job(lister(), fan_out("part"), link("join", "part"), deliver=["join.file"])


def gathered(job: PlannedJob, stage: str = "join") -> list[str]:
    """The stages whose files one was given, in order."""
    (paths,) = read_json(job.attempts(stage) / "1/invocation.json")["inputs"].values()
    return [path.split("/")[-4] for path in paths]


@pytest.mark.parametrize("count", [0, 1, 2, 12])
def test_each_item_has_its_member_and_they_are_gathered_in_order(bench: Bench, job: PlannedJob, count: int) -> None:
    bench.machine = Machine(16, 1 << 30)
    outcome = bench.run_one(job, split=listing(*range(count)), part_0001=Act(9))
    assert outcome.error is None
    names = [f"part_{number:04d}" for number in range(1, count + 1)]
    assert sorted(bench.executor.stages()) == sorted(["split", *names, "join"])
    assert gathered(job) == names
    invocations = [read_json(job.attempts(name) / "1/invocation.json") for name in names]
    assert [each["arguments"]["parameters"]["item"] for each in invocations] == list(range(count))


def test_members_run_side_by_side(bench: Bench, job: PlannedJob) -> None:
    bench.run(job, split=listing(1, 2, 3, 4))
    assert bench.clock.now == 3


def test_the_number_of_members_is_told_once(bench: Bench, job: PlannedJob) -> None:
    bench.run(job, split=listing("a", "b"), part_0002=FAILS)
    bench.run(job)
    assert events(job, "members") == [(2,)]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ('{"a": 1}', "holds no list, but dict"),
        ("not JSON", "can't be read as JSON"),
        ("", "can't be read as JSON"),
    ],
)
def test_what_is_no_list_fails_the_fan_out_and_skips_what_gathers(
    bench: Bench, job: PlannedJob, content: str, reason: str
) -> None:
    outcome = bench.run_one(job, split=Act(writes={"list": content}))
    assert isinstance(outcome.error, StageError)
    assert re.search(r"'part'.*split\.list.*list\.json", outcome.error.message)
    assert "stages/copy.py" in str(outcome.error.next_step)
    assert f"run-pipeline -j {job.id}" in str(outcome.error.next_step)
    assert statuses(job) == {"split": "finished", "part": "failed", "join": "skipped"}


def test_an_item_without_a_key_is_named_by_its_place(bench: Bench) -> None:
    job = bench.job(lister(), fan_out("part", parameters={"start": "$each.start"}), link("join", "part"))
    outcome = bench.run_one(job, split=listing({"start": 1}, {"end": 2}))
    assert re.search(r"\b2: \$each\.start: \{'end': 2\} .*'start'", str(outcome.error))
    assert statuses(job)["join"] == "skipped"
    assert "part_0001" not in statuses(job)


def test_a_list_that_is_mended_is_gone_on_with(bench: Bench, job: PlannedJob) -> None:
    bench.run(job, split=Act(writes={"list": "{}"}))
    bench.project.stage_file("copy").write_text("# another\n")
    assert bench.run_one(job, split=listing(1)).error is None
    assert statuses(job) == {"split": "finished", "part_0001": "finished", "join": "finished", "part": "waiting"}
    assert job.state().stage("part").reason is None


def test_members_of_a_pair_go_on_without_the_others(bench: Bench) -> None:
    job = bench.job(lister(), fan_out("part"), paired("then", "part"), link("join", "then"))
    bench.run(job, split=listing(1, 2), part_0001=Act(5))
    spans = {id.split("/")[1]: (start, end) for id, start, end in bench.executor.spans}
    assert spans["then_0002"] == (2, 3)
    assert spans["then_0001"] == (6, 7)
    assert gathered(job) == ["then_0001", "then_0002"]
    assert gathered(job, "then_0002") == ["part_0002"]


def test_a_member_that_fails_leaves_the_others_and_skips_what_gathers(bench: Bench) -> None:
    job = bench.job(lister(), fan_out("part"), paired("then", "part"), link("join", "then"))
    outcome = bench.run_one(job, split=listing(1, 2, 3), part_0002=FAILS)
    assert "stage 'part_0002'" in str(outcome.error)
    assert statuses(job) == {
        "split": "finished",
        **{f"{stage}_{place}": "finished" for stage in ("part", "then") for place in ("0001", "0003")},
        "part_0002": "failed",
        "part": "skipped",
        "then_0002": "skipped",
        "then": "skipped",
        "join": "skipped",
    }
    assert set(events(job, "because")) == {("part_0002",)}


def test_a_failed_member_alone_is_run_again(bench: Bench, job: PlannedJob) -> None:
    bench.run(job, split=listing(1, 2, 3), part_0002=FAILS)
    assert bench.run_one(job).error is None
    assert bench.executor.stages() == ["part_0002", "join"]
    assert gathered(job) == ["part_0001", "part_0002", "part_0003"]


def test_each_member_has_the_retries_of_its_stage(bench: Bench) -> None:
    job = bench.job(lister(), fan_out("part", retries={"attempts": 2, "backoff": 0}))
    assert bench.run_one(job, split=listing(1, 2), part_0001=[FAILS, LOST, DONE], part_0002=[FAILS, DONE]).error is None


@pytest.mark.parametrize("slow", ["other", "split"])
def test_a_fan_out_whose_other_need_failed_has_no_members(bench: Bench, slow: str) -> None:
    """Whichever comes first, the list or the failure."""
    stages = [link("other"), lister(), fan_out("part", "split", "other"), paired("then", "part"), link("join", "then")]
    job = bench.job(*stages)
    seconds = {"other": 1.0, "split": 1.0, slow: 9.0}
    bench.run(
        job,
        other=FAILS.then(seconds=seconds["other"]),
        split=listing(1, 2).then(seconds=seconds["split"]),
    )
    assert sorted(bench.executor.stages()) == ["other", "split"]
    assert all(statuses(job)[name] == "skipped" for name in ("part", "then", "join"))


def test_a_pair_of_a_fan_out_that_can_not_be_made_is_skipped(bench: Bench) -> None:
    stages = [lister(), fan_out("part", parameters={"start": "$each.start"}), paired("then", "part"), fan_out("lone")]
    job = bench.job(*stages)
    outcome = bench.run_one(job, split=listing(1))
    assert "'part'" in str(outcome.error)
    assert statuses(job) == {
        "split": "finished",
        "part": "failed",
        "then": "skipped",
        "lone": "waiting",  # what becomes of it is what becomes of its members
        "lone_0001": "finished",
    }


def test_another_list_makes_other_members(bench: Bench, job: PlannedJob) -> None:
    bench.run(job, split=listing("a", "b", "c"))
    bench.project.stage_file("copy").write_text("# another\n")
    assert bench.run_one(job, split=listing("a", "b")).error is None
    assert bench.executor.stages().count("part_0003") == 0
    assert read_names(job) == ["part_0001", "part_0002"]
    assert events(job, "members") == [(3,), (2,)]


def read_names(job: PlannedJob) -> list[str]:
    (paths,) = read_json(job.attempts("join") / "2/invocation.json")["inputs"].values()
    return [path.split("/")[-4] for path in paths]


def test_a_changed_item_runs_its_own_member_again(bench: Bench) -> None:
    job = bench.job(lister(uses="join"), fan_out("part"), link("join", "part"))
    bench.run(job, split=listing("a", "b", "c"))
    bench.project.stage_file("join").write_text("# another\n")
    bench.run(job, split=listing("a", "B", "c"))
    assert bench.executor.stages() == ["split", "part_0002", "join"]
    assert bench.listener.of("started")[1] == ("part_0002", "again, since its parameters changed")


def test_no_more_members_run_at_once_than_was_asked_for(bench: Bench, job: PlannedJob) -> None:
    bench.run(job, bounds=Bounds(max_parallel=2), split=listing(*range(7)))
    assert bench.executor.most == 2


def test_two_lists_at_once(bench: Bench) -> None:
    lists = [lister(f"split{n}") for n in (1, 2)]
    parts = [fan_out(f"part{n}", f"split{n}") for n in (1, 2)]
    job = bench.job(*lists, *parts, link("join", "part1", "part2"))
    bench.run(job, split1=listing(1, 2), split2=listing())
    assert gathered(job) == ["part1_0001", "part1_0002"]
