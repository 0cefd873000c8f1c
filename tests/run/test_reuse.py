"""Results that there are already: in the job, in another one's, or left by a run that was killed."""

import os
import time
from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import UsageError
from pipeline.executors import StageReport
from pipeline.jobs.job import PlannedJob
from pipeline.jobs.state import Status
from pipeline.run.output_signatures import OutputSignatures
from pipeline.run.run_bounds import Bounds
from pipeline.run.selection import ALL, Selection
from pipeline.signatures import settled_signature_of
from pipeline.values import replace
from tests.run.helpers import FAILS, Act, Bench, chain, events, fan_out, link, lister, listing


@pytest.fixture
def job(bench: Bench) -> PlannedJob:
    return bench.job(*chain("one", "two", "three"), deliver=["three.file"])


def output(job: PlannedJob, stage: str, attempt: int = 1) -> Path:
    return job.attempts(stage) / str(attempt) / "outputs/file.txt"


def edit(bench: Bench, stage: str = "copy", text: str = "# another\n") -> None:
    bench.project.stage_file(stage).write_text(text)


def cut_journal(job: PlannedJob, lines: int) -> None:
    """Take lines off the journal's end, as if the run had been killed before it wrote them."""
    journal = job.folder / "journal.jsonl"
    journal.write_bytes(b"".join(journal.read_bytes().splitlines(keepends=True)[:-lines]))


def test_another_job_takes_the_same_results_and_runs_nothing(bench: Bench, job: PlannedJob) -> None:
    bench.run(job)
    other = bench.job(*chain("one", "two", "three"), deliver=["three.file"])
    outcome = bench.run_one(other)
    assert bench.executor.started == []
    assert bench.listener.of("reused") == [(name, job.id) for name in ("one", "two", "three")]
    assert events(other, "taken") == [(job.id,)] * 3
    assert outcome.delivered[0].read_text() == output(job, "three").read_text()
    assert (outcome.unchanged, other.state().status) == (False, Status.FINISHED)


def test_facts_about_a_result_go_with_it_to_another_job(bench: Bench, job: PlannedJob) -> None:
    bench.run(job, one=Act(says=(StageReport(about={"engine": "a"}), StageReport(warning="quiet"))))
    other = bench.job(*chain("one", "two", "three"), deliver=["three.file"])
    bench.run(other)
    committed = other.state().stage("one").committed
    assert committed is not None
    assert (committed.about, committed.warnings) == ({"engine": "a"}, ("quiet",))


def test_another_job_runs_from_where_it_differs(bench: Bench, job: PlannedJob) -> None:
    bench.run(job)
    stages = chain("one", "two", "three")
    stages[1] = replace(stages[1], parameters={"of": "something else"})
    bench.run(bench.job(*stages))
    assert bench.executor.stages() == ["two", "three"]


def test_a_stage_of_another_name_takes_a_result_of_the_same_key(bench: Bench, job: PlannedJob) -> None:
    bench.run(job)
    bench.run(bench.job(link("uno", parameters={"of": "one"})))
    assert bench.executor.started == []


def test_two_jobs_in_one_run_may_make_one_result_twice_and_both_are_right(bench: Bench, job: PlannedJob) -> None:
    other = bench.job(*chain("one", "two", "three"), deliver=["three.file"])
    outcomes = bench.run(job, other)
    texts = {outcome.delivered[0].read_text() for outcome in outcomes.values()}
    assert len(texts) == 1


def test_of_two_jobs_in_one_run_the_one_that_has_to_wait_takes_what_the_other_has_made(
    bench: Bench, job: PlannedJob
) -> None:
    other = bench.job(*chain("one", "two", "three"), deliver=["three.file"])
    outcomes = bench.run(job, other, bounds=Bounds(max_parallel=1))
    assert bench.executor.stages() == ["one", "two", "three"]
    assert [outcome.error for outcome in outcomes.values()] == [None, None]
    assert other.state().status is Status.FINISHED


def test_a_forced_stage_that_had_to_wait_runs_all_the_same(bench: Bench, job: PlannedJob) -> None:
    bench.run(job)
    bench.run(job, bounds=Bounds(max_parallel=1), selection=Selection(force=ALL))
    assert bench.executor.stages() == ["one", "two", "three"]


def test_what_a_stage_wants_kept_from_others_is_made_again(bench: Bench) -> None:
    bench.run(bench.job(link("one", cache=False)))
    bench.run(bench.job(link("one", cache=False)))
    assert bench.executor.stages() == ["one"]


def test_failures_are_not_shared(bench: Bench, job: PlannedJob) -> None:
    bench.run(job, one=FAILS)
    bench.run(bench.job(*chain("one", "two", "three")))
    assert bench.executor.stages() == ["one", "two", "three"]


def test_a_damaged_result_in_the_store_is_made_again(bench: Bench, job: PlannedJob) -> None:
    bench.run(job)
    for kept in bench.project.results.rglob("file.txt"):
        kept.chmod(0o644)
        kept.write_text("something else")
    bench.run(bench.job(*chain("one", "two", "three")))
    assert bench.executor.stages() == ["one", "two", "three"]


def test_a_result_of_old_comes_back_with_its_source_and_is_delivered(bench: Bench, job: PlannedJob) -> None:
    source = bench.project.stage_file("copy").read_text()
    write = Act(writes={"file": "first"})
    bench.run(job, three=write)
    edit(bench)
    bench.run(job, three=Act(writes={"file": "second"}))
    edit(bench, text=source)
    outcome = bench.run_one(job)
    assert bench.executor.started == []
    assert not outcome.unchanged
    assert outcome.delivered[0].read_text() == "first"


def test_what_changed_is_why_a_stage_runs_again(bench: Bench, job: PlannedJob) -> None:
    bench.run(job)
    edit(bench)
    bench.run(job)
    assert bench.listener.of("started")[0] == ("one", "again, since its code changed")


def test_stages_behind_one_that_came_out_the_same_stand(bench: Bench) -> None:
    job = bench.job(link("one", uses="join"), link("two", "one"))
    bench.run(job)
    edit(bench, "join")
    bench.run(job)
    assert bench.executor.stages() == ["one"]


@pytest.mark.parametrize("harm", ["changed", "removed", "another time"])
def test_an_output_that_somebody_touched_is_taken_from_the_store(bench: Bench, job: PlannedJob, harm: str) -> None:
    bench.run(job)
    before = output(job, "two").read_text()
    if harm == "changed":
        output(job, "two").write_text("changed")
    elif harm == "removed":
        output(job, "two").unlink()
    else:
        os.utime(output(job, "two"), (1, 1))
    assert bench.run_one(job).error is None
    assert bench.executor.started == []
    assert output(job, "two", 2).read_text() == before


def test_without_the_store_an_output_that_somebody_changed_is_made_again(bench: Bench) -> None:
    job = bench.job(*chain("one", "two", "three", cache=False))
    bench.run(job)
    output(job, "two").write_text("changed")
    bench.run(job)
    assert bench.executor.stages() == ["two"]  # it came out as before, so the stage after it stands
    assert bench.listener.of("started") == [("two", "again, since its output file was changed or removed")]


@pytest.mark.parametrize("verify", [True, False])
def test_a_change_that_leaves_size_and_time_as_they_were_is_found(bench: Bench, verify: bool) -> None:
    job = bench.job(*chain("one", "two", cache=False))
    bench.run(job)
    settled_signature_of(output(job, "one"))
    assert bench.run_one(job).unchanged
    status = output(job, "one").stat()
    output(job, "one").write_text("x" * status.st_size)
    os.utime(output(job, "one"), ns=(status.st_atime_ns, status.st_mtime_ns))
    assert not bench.run_one(job, verify=verify).unchanged
    assert bench.executor.stages() == ["one"]


def test_every_byte_is_read_where_that_is_asked_for(bench: Bench) -> None:
    """As of a disk that rots: no signature shows it."""
    job = bench.job(*chain("one", "two", cache=False))
    bench.run(job)
    status = output(job, "one").stat()
    output(job, "one").write_text("x" * status.st_size)
    os.utime(output(job, "one"), ns=(status.st_atime_ns, status.st_mtime_ns))
    signatures = OutputSignatures(job)
    signatures.note_read(output(job, "one"), settled_signature_of(output(job, "one")), time.time_ns())
    signatures.save()
    assert bench.run_one(job).unchanged
    assert not bench.run_one(job, verify=True).unchanged
    assert bench.executor.stages() == ["one"]


@pytest.mark.parametrize("lines", [1, 2, 3, 4, 5, 6])
def test_results_that_the_journal_lacks_are_adopted(bench: Bench, job: PlannedJob, lines: int) -> None:
    bench.run(job)
    cut_journal(job, lines)
    outcome = bench.run_one(job)
    assert bench.executor.started == []
    assert (outcome.unchanged, outcome.error) == (False, None)
    assert job.state().status is Status.FINISHED
    assert {state.status.value for state in job.state().stages.values()} == {"finished"}


def test_an_adopted_result_is_said_to_be_one_and_is_no_new_attempt(bench: Bench) -> None:
    job = bench.job(link("one", cache=False))
    bench.run(job)
    cut_journal(job, 2)
    bench.run(job)
    assert events(job, "adopted") == [(True,)]
    assert [path.name for path in job.attempts("one").iterdir()] == ["1"]


def test_a_result_that_the_journal_lacks_and_whose_output_is_torn_is_made_again(bench: Bench) -> None:
    job = bench.job(link("one", cache=False))
    bench.run(job)
    cut_journal(job, 2)
    with output(job, "one").open("r+b") as file:
        status = os.stat(file.fileno())
        file.write(b"?")
    os.utime(output(job, "one"), ns=(status.st_atime_ns, status.st_mtime_ns))
    bench.run(job)
    assert bench.executor.started == [f"{job.id}/one/2"]


def test_a_result_that_the_journal_lacks_and_whose_source_changed_is_made_again(bench: Bench) -> None:
    job = bench.job(link("one"))
    bench.run(job)
    cut_journal(job, 2)
    edit(bench)
    bench.run(job)
    assert bench.executor.started == [f"{job.id}/one/2"]


def test_a_run_without_results_still_delivers_what_a_killed_one_did_not(bench: Bench, job: PlannedJob) -> None:
    bench.run(job)
    cut_journal(job, 1)
    (job.output / "input.file.txt").unlink()
    assert not bench.run_one(job).unchanged
    assert events(job)[-1] == "run_finished"
    assert (job.output / "input.file.txt").exists()


def test_everything_can_be_run_again(bench: Bench, job: PlannedJob) -> None:
    bench.run(job)
    bench.run(job, selection=Selection(force=ALL))
    assert bench.executor.stages() == ["one", "two", "three"]
    assert bench.listener.of("started")[0] == ("one", "again, since that was asked for")


def test_one_stage_can_be_run_again(bench: Bench, job: PlannedJob) -> None:
    bench.run(job)
    bench.run(job, selection=Selection(force="two"))
    assert bench.executor.stages() == ["two"]


def test_what_follows_a_forced_stage_runs_where_that_came_out_another(bench: Bench, job: PlannedJob) -> None:
    bench.run(job)
    bench.run(job, selection=Selection(force="two"), two=Act(writes={"file": "different"}))
    assert bench.executor.stages() == ["two", "three"]


def test_all_members_of_a_fan_out_are_forced_with_it(bench: Bench) -> None:
    job = bench.job(lister(), fan_out("part"))
    bench.run(job, split=listing(1, 2))
    bench.run(job, selection=Selection(force="part"))
    assert bench.executor.stages() == ["part_0001", "part_0002"]


@pytest.mark.parametrize(
    ("asked", "runs"),
    [
        ({"until": "two"}, ["one", "two"]),
        ({"only": "one"}, ["one"]),
        ({"start": "one", "until": "one"}, ["one"]),
    ],
)
def test_a_part_of_a_job_runs_alone_and_the_rest_later(
    bench: Bench, job: PlannedJob, asked: dict[str, Any], runs: list[str]
) -> None:
    outcome = bench.run_one(job, selection=Selection(**asked))
    assert (outcome.partial, outcome.delivered) == (True, [])
    assert bench.executor.stages() == runs
    assert (job.state().status, events(job)[-1]) == (Status.PARTIAL, "run_ended")
    assert bench.run_one(job).delivered
    assert bench.executor.stages() == ["one", "two", "three"][len(runs) :]


def test_a_part_that_is_done_already_changes_nothing(bench: Bench, job: PlannedJob) -> None:
    bench.run(job)
    before = events(job)
    assert bench.run_one(job, selection=Selection(until="two")).partial
    assert events(job) == before


@pytest.mark.parametrize("asked", [{"start": "two"}, {"only": "three"}])
def test_a_part_whose_beginning_has_no_result_is_refused(bench: Bench, job: PlannedJob, asked: dict[str, Any]) -> None:
    outcome = bench.run_one(job, selection=Selection(**asked))
    assert isinstance(outcome.error, UsageError)
    assert "'one'" in outcome.error.message
    assert outcome.error.next_step == f"run-pipeline -j {job.id} --until one"
    assert (bench.executor.started, events(job)) == ([], ["job_prepared"])


def test_a_later_part_builds_on_the_results_that_are_there(bench: Bench, job: PlannedJob) -> None:
    bench.run(job, selection=Selection(until="two"))
    bench.run(job, selection=Selection(start="three"))
    assert bench.executor.stages() == ["three"]


def test_a_job_that_failed_and_has_a_part_run_is_no_finished_one(bench: Bench, job: PlannedJob) -> None:
    bench.run(job, two=FAILS)
    bench.run(job, selection=Selection(only="one", force="one"))
    assert job.state().status is Status.PARTIAL
