"""The loop on its own: what runs when, and what becomes of each job."""

import errno
from typing import Any

import pytest

from pipeline.errors import InputError, Interrupted, NotReady, StageError, UsageError
from pipeline.executors import Invocation, StageReport
from pipeline.files import read_json
from pipeline.host.machine import Machine
from pipeline.host.run_limits import RunLimits
from pipeline.jobs.job import PlannedJob
from pipeline.jobs.state import Status
from pipeline.run.failures import oom
from pipeline.run.failures.oom import OomKills
from pipeline.run.run_bounds import Bounds
from pipeline.sdk.protocol import EXIT_INPUT_UNUSABLE
from tests.run.helpers import DONE, FAILS, HANGS, LOST, Act, Bench, Pretender, chain, events, link, statuses


@pytest.fixture
def job(bench: Bench) -> PlannedJob:
    """Three stages, one after the other."""
    return bench.job(*chain("one", "two", "three"), deliver=["three.file"])


def diamond(bench: Bench, **changes: Any) -> PlannedJob:
    stages = [link("top"), link("left", "top"), link("right", "top"), link("bottom", "left", "right")]
    return bench.job(*stages, deliver=["bottom.file"], **changes)


def test_stages_run_in_order_and_the_journal_tells(bench: Bench, job: PlannedJob) -> None:
    outcome = bench.run_one(job)
    assert bench.executor.stages() == ["one", "two", "three"]
    assert events(job) == ["job_prepared", "run_started", *["stage_started", "stage_finished"] * 3, "run_finished"]
    assert (outcome.unchanged, [path.name for path in outcome.delivered]) == (False, ["input.file.txt"])


def test_an_invocation_holds_the_paths_of_its_inputs(bench: Bench) -> None:
    job = bench.job(link("one"), link("two", "one", inputs={"file": ["one.file", "job.input"]}))
    bench.run(job)
    invocation = read_json(job.attempts("two") / "1/invocation.json")
    film = job.folder / "input/input.txt"
    assert invocation["inputs"] == {"file": [str(job.attempts("one") / "1/outputs/file.txt"), str(film)]}
    assert film.read_bytes() == job.input.read_bytes()


def test_independent_stages_run_side_by_side(bench: Bench) -> None:
    bench.run(diamond(bench))
    spans = {id.split("/")[1]: (start, end) for id, start, end in bench.executor.spans}
    assert spans == {"top": (0, 1), "left": (1, 2), "right": (1, 2), "bottom": (2, 3)}


def test_several_jobs_run_side_by_side(bench: Bench, job: PlannedJob) -> None:
    other = diamond(bench)
    outcomes = bench.run(job, other)
    assert [outcome.error for outcome in outcomes.values()] == [None, None]
    assert bench.clock.now == 3  # as long as each would have taken by itself
    assert [job.state().status, other.state().status] == [Status.FINISHED, Status.FINISHED]
    assert bench.listener.ended == outcomes


def test_the_longest_way_goes_first(bench: Bench) -> None:
    stages = [link("short"), *chain("long", "longer", "longest"), link("lone", expected_seconds=2.5)]
    bench.run(bench.job(*stages), bounds=Bounds(max_parallel=1))
    assert bench.executor.stages() == ["long", "lone", "longer", "short", "longest"]


def test_what_stages_took_before_decides_which_way_is_the_longest(bench: Bench) -> None:
    stages = [link("plain"), link("slow")]
    bench.run(bench.job(*stages), slow=Act(60))
    (bench.project.stages / "copy.py").write_text("# another\n")
    bench.run(bench.job(*stages), bounds=Bounds(max_parallel=1))
    assert bench.executor.stages() == ["slow", "plain"]


def test_jobs_are_finished_in_the_order_in_which_they_were_named(bench: Bench, job: PlannedJob) -> None:
    other = bench.job(*chain("first", "second", parameters={"of": "other"}), link("third"))
    bench.run(other, job, bounds=Bounds(max_parallel=1))
    assert [id.split("/")[0] for id in bench.executor.started] == [other.id] * 3 + [job.id] * 3


def test_a_later_job_gets_what_the_first_one_cannot_use(bench: Bench, job: PlannedJob) -> None:
    other = bench.job(*chain("first", "second"))
    bench.run(other, job, bounds=Bounds(max_parallel=2))
    assert bench.executor.stages() == ["first", "one", "second", "two", "three"]


@pytest.mark.parametrize("most", [1, 2, 3])
def test_no_more_stages_run_at_once_than_was_asked_for(bench: Bench, most: int) -> None:
    bench.machine = Machine(8, 1 << 30)
    bench.run(bench.job(*(link(f"s{n}") for n in range(6))), bounds=Bounds(max_parallel=most))
    assert bench.executor.most == most
    assert bench.clock.now == 6 / most


def test_no_more_cpus_are_handed_out_than_the_machine_has(bench: Bench) -> None:
    stages = [link(f"s{n}", resources={"cpus": 2}) for n in range(6)]
    bench.run(bench.job(*stages))
    assert bench.executor.most == 2


def test_a_limit_of_the_run_is_kept(bench: Bench) -> None:
    bench.run(bench.job(*(link(f"s{n}") for n in range(4))), limits=RunLimits(cpus=1))
    assert bench.executor.most == 1


def test_memory_is_handed_out_once(bench: Bench) -> None:
    stages = [link(f"s{n}", resources={"memory": 3 << 30, "cpus": 1}) for n in range(4)]
    bench.run(bench.job(*stages))
    assert bench.executor.most == 2


def test_a_stage_that_does_not_fit_lets_a_smaller_one_go_before_it(bench: Bench) -> None:
    stages = [
        link("first", expected_seconds=30, resources={"cpus": 3}),
        link("large", expected_seconds=20, resources={"cpus": 4}),
        link("small", expected_seconds=10, resources={"cpus": 1}),
    ]
    bench.run(bench.job(*stages), first=Act(5), large=Act(1), small=Act(2))
    assert [(id.split("/")[1], start) for id, start, _ in bench.executor.spans] == [
        ("first", 0),
        ("small", 0),
        ("large", 5),
    ]


def test_a_stage_that_wants_all_cpus_has_them_alone(bench: Bench) -> None:
    job = bench.job(link("all", resources={"cpus": "all"}), link("a"), link("b"))
    bench.run(job)
    spans = {id.split("/")[1]: (start, end) for id, start, end in bench.executor.spans}
    others = [spans["a"], spans["b"]]
    assert all(end <= spans["all"][0] or start >= spans["all"][1] for start, end in others)
    assert read_json(job.attempts("all") / "1/invocation.json")["cpus"] == 4


def test_what_the_machine_never_has_ends_the_job_and_names_the_stage(bench: Bench, job: PlannedJob) -> None:
    huge = bench.job(link("huge", resources={"memory": 64 << 30}))
    outcomes = bench.run(huge, job)
    assert isinstance(outcomes[huge.id].error, NotReady)
    assert "'huge'" in str(outcomes[huge.id].error)
    assert "64 GiB" in str(outcomes[huge.id].error)
    assert outcomes[job.id].error is None


def test_resources_come_back_however_an_attempt_ends(bench: Bench) -> None:
    all_cpus = {"resources": {"cpus": 4}, "retries": {"attempts": 2, "backoff": 0}}
    names = ["fails", "lost", "refused", "well"]
    job = bench.job(*(link(name, **all_cpus) for name in names))
    bench.run(job, fails=FAILS, lost=LOST, refused=Act(refused=OSError(errno.EAGAIN, "Try again")), well=DONE)
    assert statuses(job) == {"fails": "failed", "lost": "failed", "refused": "failed", "well": "finished"}


def test_a_finished_job_has_nothing_left_to_do(bench: Bench, job: PlannedJob) -> None:
    bench.run(job)
    before = events(job)
    assert bench.run_one(job).unchanged
    assert (bench.executor.started, events(job)) == ([], before)


def test_a_failure_ends_its_own_way_and_the_others_go_on(bench: Bench) -> None:
    stages = [*chain("bad", "after", "last"), *chain("good", "better")]
    job = bench.job(*stages, link("both", "better", "after"))
    outcome = bench.run_one(job, bad=FAILS)
    assert isinstance(outcome.error, StageError)
    assert "not today" in str(outcome.error)
    assert statuses(job) == {
        "bad": "failed",
        "good": "finished",
        "after": "skipped",
        "last": "skipped",
        "both": "skipped",
        "better": "finished",
    }
    assert job.state().status is Status.FAILED


def test_a_skipped_stage_names_the_stage_that_failed(bench: Bench, job: PlannedJob) -> None:
    bench.run(job, one=FAILS)
    assert events(job, "stage", "because") == [("two", "one"), ("three", "one")]
    assert bench.listener.of("skipped") == [("two", "one"), ("three", "one")]
    assert "'one'" in str(job.state().stage("three").reason)


def test_a_stage_is_skipped_once_whatever_fails_before_it(bench: Bench) -> None:
    job = diamond(bench)
    bench.run(job, left=FAILS, right=FAILS)
    assert events(job).count("stage_skipped") == 1


def test_the_next_run_goes_on_where_one_failed(bench: Bench, job: PlannedJob) -> None:
    bench.run(job, two=FAILS)
    assert bench.run_one(job).error is None
    assert bench.executor.stages() == ["two", "three"]
    assert bench.listener.heard[0] == ("reused", "one", "")


def test_after_a_failure_nothing_more_is_started_where_that_was_asked_for(bench: Bench) -> None:
    job = bench.job(link("bad"), *chain("slow", "next"), *(link(f"s{n}") for n in range(4)))
    other = bench.job(*chain("other", "further"))
    outcomes = bench.run(
        other, job, bounds=Bounds(max_parallel=3, keep_going=False), bad=FAILS, slow=Act(5), other=Act(5)
    )
    assert sorted(bench.executor.stages()) == ["bad", "other", "slow"]
    assert "not today" in str(outcomes[job.id].error)
    assert "--fail-fast" in str(outcomes[other.id].error)
    assert statuses(job) == {"slow": "finished", "bad": "failed"}
    assert (job.state().status, other.state().status) == (Status.FAILED, Status.INTERRUPTED)


def test_outcomes_come_in_the_order_of_the_jobs(bench: Bench) -> None:
    slow, quick = bench.job(link("slow")), bench.job(link("quick"))
    assert list(bench.run(slow, quick, slow=FAILS.then(seconds=5), quick=FAILS)) == [slow.id, quick.id]


def test_a_job_of_which_fail_fast_started_nothing_is_as_it_was_prepared(bench: Bench) -> None:
    job, other = bench.job(link("bad")), bench.job(link("other"))
    outcomes = bench.run(job, other, bounds=Bounds(max_parallel=1, keep_going=False), bad=FAILS)
    assert "--fail-fast" in str(outcomes[other.id].error)
    assert other.state().status is Status.PREPARED


def test_two_stages_that_the_kernel_killed_at_once_are_both_out_of_memory(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    kills = iter([0, 2, 2])
    monkeypatch.setattr(oom, "read", lambda: OomKills(next(kills)))
    job = bench.job(link("one"), link("two"))
    bench.run(job, one=Act(returncode=-9), two=Act(returncode=-9))
    assert events(job, "kind") == [("out of memory",), ("out of memory",)]


def test_fail_fast_gives_up_what_waits_for_another_attempt(bench: Bench) -> None:
    job = bench.job(link("flaky", retries={"attempts": 5, "backoff": 10}), link("bad"))
    bench.run(job, bounds=Bounds(keep_going=False), flaky=FAILS, bad=FAILS.then(seconds=2))
    assert sorted(bench.executor.stages()) == ["bad", "flaky"]
    assert statuses(job) == {"flaky": "failed", "bad": "failed"}


def test_retries_wait_twice_as_long_each_time(bench: Bench) -> None:
    job = bench.job(link("flaky", retries={"attempts": 4, "backoff": 3}))
    assert bench.run_one(job, flaky=[FAILS, FAILS, FAILS, DONE]).error is None
    assert [start for _, start, _ in bench.executor.spans] == [0, 1 + 3, 5 + 6, 12 + 12]
    assert events(job, "again") == [(3,), (6,), (12,)]
    assert bench.listener.of("started") == [
        ("flaky", ""),
        *(("flaky", f"again, attempt {n} in this run") for n in (2, 3, 4)),
    ]


def test_other_stages_run_while_one_waits_for_another_attempt(bench: Bench) -> None:
    job = bench.job(link("flaky", retries={"attempts": 2, "backoff": 10}), *chain("a", "b", "c"))
    bench.run(job, bounds=Bounds(max_parallel=1), flaky=[FAILS, DONE])
    assert bench.executor.stages() == ["a", "b", "flaky", "c", "flaky"]


def test_retries_end(bench: Bench) -> None:
    job = bench.job(link("flaky", retries={"attempts": 3, "backoff": 0}))
    assert isinstance(bench.run_one(job, flaky=FAILS).error, StageError)
    assert len(bench.executor.started) == 3
    assert events(job).count("stage_failed") == 3


def test_a_stage_without_retries_has_one_attempt(bench: Bench, job: PlannedJob) -> None:
    bench.run(job, one=[FAILS, DONE])
    assert bench.executor.stages() == ["one"]


def test_an_attempt_that_was_lost_uses_up_no_retry(bench: Bench) -> None:
    job = bench.job(link("flaky", retries={"attempts": 2, "backoff": 0}))
    assert bench.run_one(job, flaky=[LOST, FAILS, LOST, DONE]).error is None
    assert len(bench.executor.started) == 4


def test_a_machine_that_keeps_losing_attempts_is_told(bench: Bench, job: PlannedJob) -> None:
    outcome = bench.run_one(job, one=LOST)
    assert isinstance(outcome.error, StageError)
    assert len(bench.executor.started) == 3


def test_a_full_disk_is_not_tried_again(bench: Bench) -> None:
    job = bench.job(link("full", retries={"attempts": 5, "backoff": 0}))
    bench.run(job, full=FAILS.then(says=(StageReport(error="No space left on device"),)))
    assert len(bench.executor.started) == 1


def test_an_input_that_the_stage_refuses_is_not_tried_again(bench: Bench) -> None:
    job = bench.job(link("asks", retries={"attempts": 5, "backoff": 0}))
    outcome = bench.run_one(job, asks=FAILS.then(returncode=EXIT_INPUT_UNUSABLE))
    assert isinstance(outcome.error, InputError)
    assert len(bench.executor.started) == 1


def test_a_stage_that_leaves_no_output_failed(bench: Bench, job: PlannedJob) -> None:
    outcome = bench.run_one(job, two=Act(leaves_out=("file",)))
    assert "'file' (file.txt)" in str(outcome.error)
    assert statuses(job) == {"one": "finished", "two": "failed", "three": "skipped"}


def test_a_stage_that_takes_too_long_is_ended_with_the_jobs_grace(bench: Bench) -> None:
    job = bench.job(*chain("slow", "after", timeout_seconds=30), link("lone"))
    outcome = bench.run_one(job, slow=HANGS)
    assert "30 s" in str(outcome.error)
    assert bench.executor.cancelled == [(f"{job.id}/slow/1", 7)]
    assert bench.clock.now == 30
    assert statuses(job) == {"slow": "failed", "after": "skipped", "lone": "finished"}


def test_a_timeout_uses_up_a_retry(bench: Bench) -> None:
    job = bench.job(link("slow", timeout_seconds=30, retries={"attempts": 2, "backoff": 1}))
    assert bench.run_one(job, slow=[HANGS, DONE]).error is None
    assert events(job, "kind") == [("timeout",)]


def test_the_limit_of_an_attempt_does_not_reach_the_next(bench: Bench) -> None:
    job = bench.job(link("slow", timeout_seconds=10, retries={"attempts": 2, "backoff": 0}))
    assert bench.run_one(job, slow=[FAILS.then(seconds=9), Act(9)]).error is None
    assert bench.executor.cancelled == []


def test_a_stage_that_finishes_while_it_is_being_ended_failed_all_the_same(bench: Bench) -> None:
    job = bench.job(link("slow", timeout_seconds=10))
    assert bench.run_one(job, slow=HANGS.then(stubborn=True)).error is not None
    assert bench.clock.now == 17


def test_a_job_that_takes_too_long_is_given_up_and_the_others_go_on(bench: Bench, job: PlannedJob) -> None:
    slow = bench.job(*chain("slow", "after"), timeout_seconds=1.5)
    outcomes = bench.run(slow, job, slow=HANGS)
    assert "1.5 s" in str(outcomes[slow.id].error)
    assert statuses(slow) == {"slow": "failed"}
    assert slow.state().status is Status.FAILED
    assert outcomes[job.id].error is None


def test_the_runs_own_limit_goes_before_the_workflows(bench: Bench) -> None:
    slow = bench.job(link("slow"), timeout_seconds=100)
    outcome = bench.run_one(slow, bounds=Bounds(timeout_seconds=5), slow=HANGS)
    assert "5 s" in str(outcome.error)


def test_a_jobs_limit_holds_even_if_its_first_stage_can_not_be_started(bench: Bench) -> None:
    slow = bench.job(link("slow"), timeout_seconds=5)
    refused = Act(refused=BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable"))
    outcome = bench.run_one(slow, slow=[refused, HANGS])
    assert "5 s" in str(outcome.error)


def test_a_cancelled_job_is_ended_and_the_others_go_on(bench: Bench, job: PlannedJob) -> None:
    other = bench.job(*chain("a", "b"), link("c"))
    outcomes = bench.run(other, job, a=bench.cancelling(other), c=HANGS)
    assert sorted(bench.executor.cancelled) == [(f"{other.id}/a/1", 7), (f"{other.id}/c/1", 7)]
    assert isinstance(outcomes[other.id].error, Interrupted)
    assert (other.state().status, events(other)[-1]) == (Status.CANCELLED, "run_cancelled")
    assert statuses(other) == {"a": "failed", "c": "failed"}
    assert other.state().stage("a").reason == "cancelled"
    assert (outcomes[job.id].error, job.state().status) == (None, Status.FINISHED)


def test_a_cancelled_job_goes_on_when_it_is_named_again(bench: Bench) -> None:
    job = bench.job(*chain("a", "b"))
    bench.run(job, b=bench.cancelling(job))
    job.cancellation.unlink()
    assert bench.run_one(job).error is None
    assert bench.executor.stages() == ["b"]


def test_a_retry_that_waits_is_given_up_with_its_job(bench: Bench, job: PlannedJob) -> None:
    other = bench.job(link("flaky", retries={"attempts": 2, "backoff": 50}), link("a"))
    bench.run(other, job, flaky=FAILS, a=Act(2), two=bench.cancelling(other).then(seconds=1))
    assert bench.executor.stages().count("flaky") == 1
    assert other.state().status is Status.CANCELLED


def test_a_disk_that_is_full_when_a_job_is_cancelled_does_not_stop_the_others(
    bench: Bench, job: PlannedJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pipeline.run.job_journal import JobJournal

    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(JobJournal, "stopped", full)
    other = bench.job(link("a"))
    outcomes = bench.run(other, job, a=bench.cancelling(other))
    assert outcomes[other.id].error is not None
    assert outcomes[job.id].error is None


def test_a_job_whose_input_vanished_fails_and_the_others_go_on(bench: Bench) -> None:
    job = bench.job(link("one", inputs={}), link("two", "one", inputs={"file": ["one.file", "job.input"]}))
    other = bench.job(link("a", inputs={}), link("b", "a"))
    outcomes = bench.run(job, other, one=Act(first=job.input.unlink))
    assert isinstance(outcomes[job.id].error, InputError)
    assert job.state().status is Status.FAILED
    assert outcomes[other.id].error is None


def test_a_plan_whose_stage_file_vanishes_keeps_what_is_finished(bench: Bench) -> None:
    job = bench.job(link("one"), link("two", "one", uses="join"))
    gone = bench.project.stage_file("join").unlink
    outcome = bench.run_one(job, one=Act(first=gone))
    assert "join.py" in str(outcome.error)
    assert statuses(job) == {"one": "finished"}


def test_an_output_that_can_not_be_kept_leaves_no_stage_running(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    from pipeline.jobs.attempts import Attempt

    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Attempt, "commit", full)
    job = bench.job(*chain("one", "two"))
    assert isinstance(bench.run_one(job).error, OSError)
    assert statuses(job) == {"one": "failed"}


def test_an_interrupt_stops_with_the_longest_grace_and_is_recorded(bench: Bench, job: PlannedJob) -> None:
    patient = bench.job(link("patient"), grace_seconds=20)
    with pytest.raises(Interrupted, match="by SIGTERM") as caught:
        bench.run(job, patient, two=bench.interrupted(), patient=HANGS)
    assert caught.value.next_step is not None
    assert f"-j {job.id} -j {patient.id}" in caught.value.next_step
    assert bench.executor.stopped[0] == 20
    assert events(job)[-2:] == ["stage_failed", "run_interrupted"]
    assert "SIGTERM" in str(job.state().stage("two").reason)
    assert statuses(job) == {"one": "finished", "two": "failed"}
    assert [job.state().status, patient.state().status] == [Status.INTERRUPTED, Status.INTERRUPTED]


def test_a_second_interrupt_in_the_middle_is_recorded_too(
    bench: Bench, job: PlannedJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    def impatient(*_: Any) -> None:
        bench.interrupts.received = "SIGINT"
        raise KeyboardInterrupt

    monkeypatch.setattr(Pretender, "wait", impatient)
    with pytest.raises(Interrupted):
        bench.run(job)
    assert bench.executor.stopped[0] == 0
    assert job.state().status is Status.INTERRUPTED


def test_what_was_finished_before_an_interrupt_is_not_run_again(bench: Bench, job: PlannedJob) -> None:
    with pytest.raises(Interrupted):
        bench.run(job, two=bench.interrupted())
    bench.run(job)
    assert bench.executor.stages() == ["two", "three"]


@pytest.mark.parametrize("call", ["wait", "submit", "prepare"])
def test_a_fault_of_ours_leaves_its_end_in_every_journal(
    bench: Bench, job: PlannedJob, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    def broken(*_: Any) -> None:
        raise TypeError("a bug")

    other = diamond(bench)
    monkeypatch.setattr(Pretender, call, broken)
    with pytest.raises(TypeError):
        bench.run(job, other)
    assert events(job)[-1] == "run_failed"
    assert bench.executor.stopped[-1] == 0
    assert bench.executor.closed


def test_an_interpreter_that_is_gone_is_an_environment_that_is_not_ready(bench: Bench, job: PlannedJob) -> None:
    refused = Act(refused=BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable"))
    outcome = bench.run_one(job, one=refused)
    assert isinstance(outcome.error, NotReady)
    assert "Resource temporarily unavailable" in str(outcome.error)
    assert [kind for (kind,) in events(job, "kind")] == ["couldn't be started"] * 3


def test_a_process_that_the_machine_refuses_once_is_asked_for_again(bench: Bench, job: PlannedJob) -> None:
    refused = Act(refused=BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable"))
    assert bench.run_one(job, one=[refused, DONE]).error is None


def test_facts_that_a_stage_tells_are_kept_with_its_result(bench: Bench, job: PlannedJob) -> None:
    bench.run(job, one=Act(says=(StageReport(about={"engine": "a", "pair": "b"}), StageReport(about={"engine": "c"}))))
    committed = job.state().stage("one").committed
    assert committed is not None
    assert committed.about == {"engine": "c", "pair": "b"}


def test_a_warning_is_told_and_kept_with_the_result(bench: Bench, job: PlannedJob) -> None:
    bench.run(job, one=Act(says=(StageReport(warning="quiet"),)))
    assert job.state().stage("one").warnings == ("quiet",)
    assert bench.listener.of("said") == [("one", StageReport(warning="quiet"))]


def test_interpreters_of_what_comes_next_are_started_ahead(bench: Bench, job: PlannedJob) -> None:
    ahead: list[int] = []
    bench.run(
        job, during=lambda executor: setattr(executor, "on_start", lambda _: ahead.append(len(executor.prepared)))
    )
    assert ahead[0] == 0
    assert ahead[1] > 0


def test_no_interpreter_is_started_ahead_for_a_stage_that_goes_to_a_worker(bench: Bench) -> None:
    bench.run(bench.job(*chain("a", "b", "c", start=["worker", "cold"])))
    assert bench.executor.prepared == []


def test_stages_start_as_they_like_best(bench: Bench) -> None:
    seen: dict[str, str] = {}

    def note(invocation: Invocation) -> None:
        seen[invocation.id.split("/")[1]] = invocation.start

    job = bench.job(link("plain"), link("warm", start=["worker", "cold"]))
    bench.run(job, during=lambda executor: setattr(executor, "on_start", note))
    assert seen == {"plain": "cold", "warm": "worker"}


def test_a_way_that_an_earlier_version_knew_is_passed_over(bench: Bench) -> None:
    seen: dict[str, str] = {}

    def note(invocation: Invocation) -> None:
        seen[invocation.id.split("/")[1]] = invocation.start

    job = bench.job(link("next", start=["fork", "worker"]), link("alone", start=["fork"]))
    bench.run(job, during=lambda executor: setattr(executor, "on_start", note))
    assert seen == {"next": "worker", "alone": "cold"}


def test_a_selection_that_a_job_has_not_is_refused_before_anything_runs(bench: Bench, job: PlannedJob) -> None:
    from pipeline.run.selection import Selection

    with pytest.raises(UsageError, match="'two'"):
        bench.run(job, selection=Selection(only="tow"))
    assert events(job) == ["job_prepared"]
