from typing import get_args

import pytest

from pipeline.jobs.events import (
    AnyEvent,
    AttemptFailed,
    JobPrepared,
    RunCancelled,
    RunEnded,
    RunEvent,
    RunFailed,
    RunFinished,
    RunInterrupted,
    RunStarted,
    StageExpanded,
    StageFinished,
    StageSkipped,
    StageStarted,
)
from pipeline.jobs.state import RUN_STATUS, JobState, StageStatus, Status, fold
from pipeline.values import replace
from tests.jobs.helpers import DIGEST

STARTED = StageStarted("one", 1, DIGEST)
FINISHED = StageFinished("one", 1, DIGEST, 0.5, {})
FAILED = AttemptFailed("one", 1, 0.5, "it broke")


def test_without_a_run_a_job_is_prepared() -> None:
    assert fold([JobPrepared("d")]) == JobState(job_digest="d")


@pytest.mark.parametrize(
    ("event", "status"),
    [
        (RunStarted(), Status.RUNNING),
        (RunInterrupted("SIGTERM"), Status.INTERRUPTED),
        (RunFailed("no disk"), Status.FAILED),
        (RunCancelled(), Status.CANCELLED),
        (RunEnded(), Status.PARTIAL),
        (RunFinished(("a.txt",)), Status.FINISHED),
    ],
)
def test_the_last_run_event_is_the_status(event: AnyEvent, status: Status) -> None:
    assert fold([RunStarted(), event]).status is status


def test_every_event_of_a_run_has_a_status() -> None:
    assert set(RUN_STATUS) == {each for each in get_args(AnyEvent) if issubclass(each, RunEvent)}


def test_a_stage_that_never_ran_is_waiting() -> None:
    assert fold([]).stage("one").status is StageStatus.WAITING


def test_a_failed_stage_keeps_its_reason() -> None:
    assert fold([STARTED, FAILED]).stage("one").reason == "it broke"


def test_a_later_attempt_replaces_what_was_said_of_the_earlier() -> None:
    state = fold([STARTED, FAILED, replace(STARTED, attempt=2)]).stage("one")
    assert (state.status, state.attempt, state.reason) == (StageStatus.RUNNING, 2, None)


def test_warnings_stay_with_a_finished_stage() -> None:
    assert fold([STARTED, replace(FINISHED, warnings=("quiet",))]).stage("one").warnings == ("quiet",)


def test_a_skipped_stage_says_because_of_which() -> None:
    state = fold([StageSkipped("two", "one")]).stage("two")
    assert state.status is StageStatus.SKIPPED
    assert "'one'" in str(state.reason)


def test_a_result_stays_known_through_later_attempts_that_failed() -> None:
    state = fold([STARTED, FINISHED, replace(STARTED, attempt=2), replace(FAILED, attempt=2)]).stage("one")
    assert (state.status, state.attempt) == (StageStatus.FAILED, 2)
    assert state.committed == FINISHED


def test_a_skip_does_not_forget_an_earlier_result() -> None:
    state = fold([STARTED, FINISHED, StageSkipped("one", "zero")]).stage("one")
    assert (state.status, state.committed) == (StageStatus.SKIPPED, FINISHED)


def test_the_members_of_a_fan_out_are_counted() -> None:
    assert fold([StageExpanded("one", 3)]).stage("one").members == 3


def test_what_was_delivered_is_known_until_something_else_is() -> None:
    finished = RunFinished(("a.txt",))
    assert fold([finished, RunStarted()]).delivered == ("a.txt",)
    assert fold([finished, RunFinished(())]).delivered == ()


def test_an_attempt_is_known_by_its_node_and_the_class_of_its_failure() -> None:
    begun = StageStarted("copy", 1, DIGEST, node="alpha")
    lost = AttemptFailed("copy", 1, 1.0, "it can't be reached any more", "node lost")
    known = fold([begun]).stage("copy"), fold([begun, lost]).stage("copy")
    assert [(each.node, each.kind) for each in known] == [("alpha", None), ("alpha", "node lost")]
    taken = StageFinished("copy", 2, DIGEST, 0.0, {}, taken="job-20260101-somebody-0001")
    assert fold([begun, lost, taken]).stage("copy").node == ""
    assert fold([begun, lost, StageSkipped("copy", "other")]).stage("copy").kind is None
