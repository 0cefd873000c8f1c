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


def test_an_event_of_a_later_version_is_refused_by_name() -> None:
    with pytest.raises(UsageError, match="stage_teleported"):
        fold([{"event": "stage_teleported"}])
