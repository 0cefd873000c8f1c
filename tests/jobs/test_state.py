import pytest

from pipeline.errors import UsageError
from pipeline.jobs.state import JobState, StageStatus, Status, fold

STARTED = {"event": "stage_started", "stage": "one", "attempt": 1}
FINISHED = {"event": "stage_finished", "stage": "one", "attempt": 1, "seconds": 0.5}
FAILED = {"event": "stage_failed", "stage": "one", "attempt": 1, "seconds": 0.5, "reason": "it broke"}


def test_without_a_run_a_job_is_prepared() -> None:
    assert fold([{"event": "job_prepared", "job_digest": "d"}]) == JobState(job_digest="d")


@pytest.mark.parametrize(
    ("event", "status"),
    [
        ("run_started", Status.RUNNING),
        ("run_interrupted", Status.INTERRUPTED),
        ("run_failed", Status.FAILED),
        ("run_cancelled", Status.CANCELLED),
        ("run_ended", Status.PARTIAL),
        ("run_finished", Status.FINISHED),
    ],
)
def test_the_last_run_event_is_the_status(event: str, status: Status) -> None:
    assert fold([{"event": "run_started"}, {"event": event}]).status is status


def test_a_stage_that_never_ran_is_waiting() -> None:
    assert fold([]).stage("one").status is StageStatus.WAITING


def test_a_failed_stage_keeps_its_reason() -> None:
    assert fold([STARTED, FAILED]).stage("one").reason == "it broke"


def test_a_later_attempt_replaces_what_was_said_of_the_earlier() -> None:
    state = fold([STARTED, FAILED, {**STARTED, "attempt": 2}]).stage("one")
    assert (state.status, state.attempt, state.reason) == (StageStatus.RUNNING, 2, None)


def test_warnings_stay_with_a_finished_stage() -> None:
    assert fold([STARTED, {**FINISHED, "warnings": ["quiet"]}]).stage("one").warnings == ("quiet",)


@pytest.mark.parametrize("event", [{"event": "teleported"}, {"event": "teleported", "stage": "one"}])
def test_an_event_of_a_later_version_is_refused_by_name(event: dict[str, str]) -> None:
    with pytest.raises(UsageError, match="teleported"):
        fold([event])


def test_a_skipped_stage_says_because_of_which() -> None:
    state = fold([{"event": "stage_skipped", "stage": "two", "because": "one"}]).stage("two")
    assert (state.status, state.reason) == (StageStatus.SKIPPED, "stage 'one' failed")


def test_a_result_stays_known_through_later_attempts_that_failed() -> None:
    state = fold([STARTED, FINISHED, {**STARTED, "attempt": 2}, {**FAILED, "attempt": 2}]).stage("one")
    assert (state.status, state.attempt) == (StageStatus.FAILED, 2)
    assert state.committed == FINISHED


def test_a_skip_does_not_forget_an_earlier_result() -> None:
    state = fold([STARTED, FINISHED, {"event": "stage_skipped", "stage": "one", "because": "zero"}]).stage("one")
    assert (state.status, state.committed) == (StageStatus.SKIPPED, FINISHED)


def test_the_members_of_a_fan_out_are_counted() -> None:
    assert fold([{"event": "stage_expanded", "stage": "one", "members": 3}]).stage("one").members == 3


def test_what_was_delivered_is_known_until_something_else_is() -> None:
    finished = {"event": "run_finished", "delivered": ["a.txt"]}
    assert fold([finished, {"event": "run_started"}]).delivered == ("a.txt",)
    assert fold([finished, {"event": "run_finished", "delivered": []}]).delivered == ()
