"""What a person sees of a job's stages."""

from pathlib import Path
from typing import Any

from pipeline.jobs import overview
from pipeline.jobs.job import Job
from pipeline.jobs.state import fold

STARTED = {"event": "stage_started", "attempt": 1}
FINISHED = {"event": "stage_finished", "attempt": 1, "seconds": 0.5}
FAILED = {"event": "stage_failed", "attempt": 1, "seconds": 0.5, "reason": "it broke"}
EXPANDED = {"event": "stage_expanded", "stage": "part", "members": 2}


def rows(*events: dict[str, Any]) -> dict[str, tuple[str, str | None]]:
    job = Job(Path("/jobs/j"), {"job_id": "j", "stages": [{"name": "split"}, {"name": "part"}, {"name": "join"}]})
    return {
        stage["name"]: (state.status.value, state.reason) for stage, state in overview.stages(job, fold(list(events)))
    }


def of(stage: str, event: dict[str, Any]) -> dict[str, Any]:
    return {**event, "stage": stage}


def test_members_stand_after_their_fan_out() -> None:
    assert list(rows(EXPANDED)) == ["split", "part", "part_0001", "part_0002", "join"]


def test_a_fan_out_whose_list_is_not_known_is_one_row() -> None:
    assert list(rows()) == ["split", "part", "join"]


def test_a_fan_out_tells_how_many_of_its_members_are_done() -> None:
    assert rows(EXPANDED, of("part_0001", FINISHED))["part"] == ("waiting", "1 of 2 done")
    both = [of("part_0001", FINISHED), of("part_0002", FINISHED)]
    assert rows(EXPANDED, *both)["part"] == ("finished", "2 of 2 done")


def test_a_fan_out_is_as_its_worst_member() -> None:
    told = [of("part_0001", FAILED), of("part_0002", STARTED)]
    assert rows(EXPANDED, *told)["part"][0] == "failed"


def test_a_fan_out_over_nothing_is_done() -> None:
    none = {**EXPANDED, "members": 0}
    assert rows(none)["part"] == ("finished", "0 of 0 done")
    skipped = {"event": "stage_skipped", "stage": "part", "because": "split"}
    assert rows(none, skipped)["part"] == ("skipped", "stage 'split' failed")


def test_what_was_wrong_once_is_not_told_of_what_is_done() -> None:
    skipped = {"event": "stage_skipped", "stage": "part", "because": "part_0001"}
    before = [EXPANDED, of("part_0001", FAILED), of("part_0002", FINISHED), skipped]
    assert rows(*before)["part"] == ("failed", "stage 'part_0001' failed")
    assert rows(*before, of("part_0001", FINISHED))["part"] == ("finished", "2 of 2 done")


def test_a_list_that_was_mended_is_no_reason_any_more() -> None:
    bad = {"event": "stage_failed", "stage": "part", "attempt": 0, "seconds": 0, "reason": "its list can't be used"}
    assert rows(bad)["part"] == ("failed", "its list can't be used")
    assert rows(bad, EXPANDED)["part"] == ("waiting", "0 of 2 done")
