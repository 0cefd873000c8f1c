"""What a run would do, beside what it does."""

import os

import pytest

from pipeline.cache.store import ResultStore
from pipeline.errors import UsageError
from pipeline.jobs.job import PlannedJob, load
from pipeline.jobs.results import Results
from pipeline.run.forecast import Forecast, forecast
from pipeline.run.output_signatures import OutputSignatures
from pipeline.run.reuse import Reuse
from pipeline.run.selected_stages import choose
from pipeline.run.selection import Selection
from pipeline.run.stage_key import StageKeys
from tests.run.helpers import DONE, FAILS, Act, Bench, chain, fan_out, link, lister, listing, paired


def forecasts(bench: Bench, job: PlannedJob, selection: Selection | None = None) -> dict[str, Forecast]:
    job = load(job.folder)
    reuse = Reuse(job, job.loaded, ResultStore(bench.project.results), OutputSignatures(job))
    keys = StageKeys(bench.project, job, Results(), os.environ)
    return {each.stage: each for each in forecast(choose(job, selection or Selection()), reuse, keys)}


def verdicts(bench: Bench, job: PlannedJob, selection: Selection | None = None) -> dict[str, str]:
    return {name: each.verdict for name, each in forecasts(bench, job, selection).items()}


@pytest.fixture
def job(bench: Bench) -> PlannedJob:
    return bench.job(*chain("one", "two", "three"))


def test_before_the_first_run_only_the_first_is_certain(bench: Bench, job: PlannedJob) -> None:
    found = forecasts(bench, job)
    assert [(each.verdict, each.why) for each in found.values()] == [
        ("run", "it has no result yet"),
        ("perhaps", "it depends on what one will give"),
        ("perhaps", "it depends on what two will give"),
    ]


def test_after_a_run_everything_is_reused(bench: Bench, job: PlannedJob) -> None:
    bench.run(job)
    assert set(verdicts(bench, job).values()) == {"reuse"}


def test_what_failed_runs_again(bench: Bench, job: PlannedJob) -> None:
    bench.run(job, two=FAILS)
    assert verdicts(bench, job) == {"one": "reuse", "two": "run", "three": "perhaps"}


def test_a_change_is_the_reason(bench: Bench, job: PlannedJob) -> None:
    bench.run(job)
    bench.project.stage_file("copy").write_text("# another\n")
    found = forecasts(bench, job)["one"]
    assert (found.verdict, found.why) == ("run", "since its code changed")


def test_a_result_in_the_store_is_only_likely(bench: Bench, job: PlannedJob) -> None:
    bench.run(job)
    assert verdicts(bench, bench.job(*chain("one", "two", "three"))) == dict.fromkeys(
        ("one", "two", "three"), "perhaps"
    )


def test_what_is_forced_runs(bench: Bench, job: PlannedJob) -> None:
    bench.run(job)
    found = forecasts(bench, job, Selection(force="two"))
    assert (found["two"].verdict, found["two"].why) == ("run", "that was asked for (--force)")
    assert found["three"].verdict == "perhaps"


def test_a_fan_out_is_open_until_its_list_is_there(bench: Bench) -> None:
    job = bench.job(lister(), fan_out("part"), paired("more", "part"), link("join", "more"))
    assert verdicts(bench, job) == {"split": "run", "part": "perhaps", "more": "perhaps", "join": "perhaps"}
    bench.run(job, split=listing(1, 2))
    assert set(verdicts(bench, job).values()) == {"reuse"}
    assert forecasts(bench, job)["more"].why == "of its 2 members: 2 reuse"


def test_the_members_of_a_fan_out_are_counted(bench: Bench) -> None:
    job = bench.job(lister(), fan_out("part"), paired("more", "part"))
    bench.run(job, split=listing(1, 2, 3), part=[DONE, FAILS, DONE], more=DONE)
    found = forecasts(bench, job)
    assert (found["part"].verdict, found["part"].why) == ("run", "of its 3 members: 2 reuse, 1 run")
    assert found["more"].why == "it depends on what part will give"


@pytest.mark.parametrize("option", ["only", "until"])
def test_of_a_fan_out_one_member_may_be_looked_at_alone(bench: Bench, option: str) -> None:
    job = bench.job(lister(), fan_out("square"), link("sum", "square"))
    bench.run(job, split=listing(3, 7, 9), square=[DONE, FAILS, DONE])
    for item, verdict in ((3, "reuse"), (7, "run")):
        found = verdicts(bench, job, Selection(**{option: f"square[{item}]"}))
        assert found == {"split": "reuse", f"square[{item}]": verdict}


def test_a_member_that_is_forced_runs_alone(bench: Bench) -> None:
    job = bench.job(lister(), fan_out("square"), link("sum", "square"))
    bench.run(job, split=listing(3, 7))
    found = forecasts(bench, job, Selection(force="square[7]"))
    assert (found["square"].verdict, found["square"].why) == ("run", "of its 2 members: 1 reuse, 1 run")
    assert found["sum"].verdict == "perhaps"


def test_from_a_member_on_the_others_must_be_there(bench: Bench) -> None:
    job = bench.job(lister(), fan_out("square"), link("sum", "square"))
    bench.run(job, split=listing(3, 7), square=[DONE, FAILS])
    from_seven = Selection(start="square[7]")
    assert verdicts(bench, job, from_seven) == {"split": "reuse", "square": "run", "sum": "perhaps"}
    with pytest.raises(UsageError, match=r"'square\[7\]'"):
        forecasts(bench, job, Selection(start="square[3]"))


def test_a_list_that_cannot_be_used_is_told(bench: Bench) -> None:
    job = bench.job(lister(), fan_out("part"))
    bench.run(job, split=Act(writes={"list": "{}"}))
    found = forecasts(bench, job)["part"]
    assert (found.verdict, found.why) == (
        "fail",
        "its list split.list can't be used: list.json holds no list, but dict",
    )


def test_what_the_run_would_refuse_is_refused(bench: Bench, job: PlannedJob) -> None:
    with pytest.raises(UsageError, match="'one'"):
        forecasts(bench, job, Selection(only="two"))


def test_looking_writes_nothing(bench: Bench, job: PlannedJob) -> None:
    bench.run(job)
    fresh = bench.job(*chain("one", "two", "three"))
    before = sorted((path, path.stat().st_mtime_ns) for path in bench.project.root.rglob("*"))
    forecasts(bench, job)
    forecasts(bench, fresh)
    assert sorted((path, path.stat().st_mtime_ns) for path in bench.project.root.rglob("*")) == before


def test_a_changed_shared_module_is_the_reason(bench: Bench) -> None:
    shared = bench.project.modules / "shared.py"
    shared.parent.mkdir()
    shared.write_text("")
    job = bench.job(link("one", modules=["shared"]))
    bench.run(job)
    assert verdicts(bench, job) == {"one": "reuse"}
    shared.write_text("# another\n")
    found = forecasts(bench, job)["one"]
    assert (found.verdict, found.why) == ("run", "since its shared modules changed")
