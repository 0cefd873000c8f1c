"""Why a stage ran or was reused, from what runs have left."""

from typing import Any

import pytest

from pipeline.jobs.job import PlannedJob, load
from pipeline.jobs.store import JobStore
from pipeline.jobs.why import KeyChange, StageExplanation, changes, explain
from pipeline.project import ProjectFolder
from pipeline.run import timers
from tests.conftest import Sandbox
from tests.jobs.helpers import DIGEST
from tests.run.helpers import FAILS, Bench, Clock, chain, fan_out, link, lister, listing

OTHER = "sha256:" + "1" * 64


@pytest.fixture
def bench(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Bench:
    clock = Clock()
    monkeypatch.setattr(timers, "time", clock)
    return Bench(ProjectFolder(sandbox.root), clock)


def explained(bench: Bench, job: PlannedJob) -> dict[str, StageExplanation]:
    return {each.stage: each for each in explain(load(job.folder), JobStore(bench.project.jobs))}


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        ({"a": 1}, {"a": 1}, []),
        ({"a": 1}, {"a": 2}, [KeyChange("a", 1, 2)]),
        ({"p": {"x": 1, "y": 2}}, {"p": {"x": 1, "y": 3}}, [KeyChange("p.y", 2, 3)]),
        ({"p": {"x": 1}}, {"p": {"z": 1}}, [KeyChange("p.z", None, 1), KeyChange("p.x", 1, None)]),
        ({}, {"ensure": {"file": {}}}, [KeyChange("ensure", None, {"file": {}})]),
        ({"gone": 1}, {}, [KeyChange("gone", 1, None)]),
    ],
)
def test_two_keys_differ_by_their_parts(before: dict[str, Any], after: dict[str, Any], found: list[KeyChange]) -> None:
    assert list(changes(before, after)) == found


def test_a_stage_that_never_ran_before_says_so(bench: Bench) -> None:
    job = bench.job(link("one"))
    bench.run(job)
    assert explained(bench, job)["one"] == StageExplanation("one", "ran", "it hadn't run before")


def test_a_job_that_has_not_run_has_stages_that_wait(bench: Bench) -> None:
    assert explained(bench, bench.job(link("one")))["one"] == StageExplanation("one", "waiting", "")


def test_earlier_jobs_are_read_only_where_a_stage_has_a_key_to_compare(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    earlier, job = bench.job(link("one")), bench.job(link("one", parameters={"rate": 1}))
    bench.run(earlier)
    store, asked = JobStore(bench.project.jobs), []
    find = store.find

    def noted(name: str) -> PlannedJob:
        asked.append(name)
        return find(name)

    monkeypatch.setattr(store, "find", noted)
    explain(load(job.folder), store)
    assert asked == []
    bench.run(job)
    explain(load(job.folder), store)
    assert asked == [earlier.id]


PARTS: dict[str, tuple[dict[str, Any], dict[str, Any], KeyChange]] = {
    "a parameter": ({"parameters": {"rate": 2}}, {}, KeyChange("parameters.rate", 1, 2)),
    "a model": ({"models": {"m": "tiny"}}, {}, KeyChange("models.m", DIGEST, OTHER)),
    "the environment": ({}, {"environment_keys": {"alpha": OTHER}}, KeyChange("environment", DIGEST, OTHER)),
    "an output": ({"outputs": {"file": "other.txt"}}, {}, KeyChange("outputs.file", "file.txt", "other.txt")),
    "another stage file": ({"uses": "join"}, {}, KeyChange("stage", "copy", "join")),
    "what must hold": (
        {"ensure": {"file": {"min_bytes": 1}}},
        {},
        KeyChange("ensure", None, {"file": {"min_bytes": 1}}),
    ),
}


@pytest.mark.parametrize("part", PARTS)
def test_what_differs_from_the_last_job_like_it_is_named(bench: Bench, part: str) -> None:
    planned, document, change = PARTS[part]
    models: dict[str, Any] = {"models": {"big": DIGEST, "tiny": OTHER}}
    base = {"parameters": {"rate": 1}, "models": {"m": "big"}}
    before = bench.job(link("one", **base), **models)
    bench.run(before)
    after = bench.job(link("one", **{**base, **planned}), **models, **document)
    assert bench.run_one(after).error is None
    found = explained(bench, after)["one"]
    assert (found.what, found.compared_with) == ("ran", before.id)
    assert found.because == f"something has changed since {before.id}"
    assert change in found.changes
    # The source of another stage is another, too, and the name of another model.
    assert len(found.changes) == (2 if part in {"another stage file", "a model"} else 1)


def test_an_inputs_change_is_named(bench: Bench) -> None:
    before = bench.job(link("one"))
    bench.run(before)
    (bench.project.root / "input.txt").write_text("another input\n")
    after = bench.job(link("one"))
    bench.run(after)
    expected = (KeyChange("inputs.file", [before.plan.input.digest], [after.plan.input.digest]),)
    found = explained(bench, after)["one"].changes
    assert found == expected
    assert found[0].words == "its input 'file': the file input.txt changed: 11 B before, 14 B now"


def test_a_change_in_the_same_job_is_told_from_the_attempt_before(bench: Bench) -> None:
    job = bench.job(link("one"))
    bench.run(job)
    bench.project.stage_file("copy").write_text("# another\n")
    bench.run(job)
    found = explained(bench, job)["one"]
    assert (found.what, found.because, found.compared_with) == ("ran", "again, since its code changed", "attempt 1")
    assert [change.part for change in found.changes] == ["source"]


def test_a_shared_module_that_changed_is_named(bench: Bench) -> None:
    shared = bench.project.modules / "shared.py"
    shared.parent.mkdir()
    shared.write_text("")
    job = bench.job(link("one", modules=["shared"]))
    bench.run(job)
    shared.write_text("# another\n")
    bench.run(job)
    found = explained(bench, job)["one"]
    assert found.because == "again, since its shared modules changed"
    assert [change.part for change in found.changes] == ["modules.shared"]


def test_a_stage_that_was_taken_names_the_job(bench: Bench) -> None:
    before, after = bench.job(link("one")), bench.job(link("one"))
    bench.run(before)
    bench.run(after)
    found = explained(bench, after)["one"]
    assert (found.what, found.because) == ("taken", f"job {before.id} has made the same result")


def test_a_result_that_was_put_back_from_the_store_is_told(bench: Bench) -> None:
    job = bench.job(link("one"))
    bench.run(job)
    (job.attempts("one") / "1/outputs/file.txt").unlink()
    bench.run(job)
    because = "this job had made the same result before, and it was still stored"
    assert (explained(bench, job)["one"].what, explained(bench, job)["one"].because) == ("taken", because)


def test_a_result_that_left_the_store_is_told(bench: Bench) -> None:
    before, after = bench.job(link("one", cache=False)), bench.job(link("one", cache=False))
    bench.run(before)
    bench.run(after)
    because = f"nothing has changed since {before.id}, but its result isn't stored any more"
    assert explained(bench, after)["one"].because == because


def test_failed_and_skipped_stages_say_why(bench: Bench) -> None:
    job = bench.job(*chain("one", "two"))
    bench.run(job, one=FAILS)
    found = explained(bench, job)
    assert (found["one"].what, found["one"].because) == ("failed", "not today")
    assert (found["two"].what, found["two"].because) == ("skipped", "stage 'one' failed")


def test_the_members_of_a_fan_out_stand_for_it(bench: Bench) -> None:
    job = bench.job(lister(), fan_out("part"), link("join", "part"))
    bench.run(job, split=listing("a", "b"))
    assert set(explained(bench, job)) == {"split", "part_0001", "part_0002", "join"}


def test_a_record_that_is_gone_is_told(bench: Bench) -> None:
    job = bench.job(link("one"))
    bench.run(job)
    (job.attempts("one") / "1/result.json").unlink()
    assert explained(bench, job)["one"].because == "nobody knows why: the record of its result is gone"


def test_jobs_of_other_workflows_and_damaged_ones_are_not_compared_with(bench: Bench) -> None:
    other, damaged = bench.job(link("one"), workflow="other"), bench.job(link("one"))
    bench.run(other, damaged)
    (damaged.folder / "job.json").write_text("{}")
    job = bench.job(link("one", parameters={"of": "another"}))
    bench.run(job)
    assert explained(bench, job)["one"].because == "it hadn't run before"
