"""What a person sees of a job's stages."""

from pathlib import Path

from pipeline.jobs import overview
from pipeline.jobs.events import AnyEvent, AttemptFailed, StageExpanded, StageFinished, StageSkipped, StageStarted
from pipeline.jobs.job import PlannedJob
from pipeline.jobs.state import fold
from tests.jobs.helpers import DIGEST, a_plan, a_stage

EXPANDED = StageExpanded("part", 2)
PLAN = a_plan(stages=[a_stage(name) for name in ("split", "part", "join")])


def rows(*events: AnyEvent) -> dict[str, tuple[str, str | None]]:
    shown = overview.stages(PlannedJob(Path("/jobs/j"), PLAN), fold(events))
    return {stage.name: (state.status.value, state.reason) for stage, state in shown}


def started(stage: str) -> StageStarted:
    return StageStarted(stage, 1, DIGEST)


def finished(stage: str) -> StageFinished:
    return StageFinished(stage, 1, DIGEST, 0.5, {})


def failed(stage: str) -> AttemptFailed:
    return AttemptFailed(stage, 1, 0.5, "it broke")


def test_members_stand_after_their_fan_out() -> None:
    assert list(rows(EXPANDED)) == ["split", "part", "part_0001", "part_0002", "join"]


def test_a_fan_out_whose_list_is_not_known_is_one_row() -> None:
    assert list(rows()) == ["split", "part", "join"]


def test_a_fan_out_tells_how_many_of_its_members_are_done() -> None:
    assert rows(EXPANDED, finished("part_0001"))["part"] == ("waiting", "1 of 2 done")
    both = [finished("part_0001"), finished("part_0002")]
    assert rows(EXPANDED, *both)["part"] == ("finished", "2 of 2 done")


def test_a_fan_out_is_as_its_worst_member() -> None:
    told: list[AnyEvent] = [failed("part_0001"), started("part_0002")]
    assert rows(EXPANDED, *told)["part"][0] == "failed"


def test_a_fan_out_over_nothing_is_done() -> None:
    none = StageExpanded("part", 0)
    assert rows(none)["part"] == ("finished", "0 of 0 done")
    skipped = StageSkipped("part", "split")
    assert rows(none, skipped)["part"] == ("skipped", "stage 'split' failed")


def test_what_was_wrong_once_is_not_told_of_what_is_done() -> None:
    skipped = StageSkipped("part", "part_0001")
    before: list[AnyEvent] = [EXPANDED, failed("part_0001"), finished("part_0002"), skipped]
    assert rows(*before)["part"] == ("failed", "stage 'part_0001' failed")
    assert rows(*before, finished("part_0001"))["part"] == ("finished", "2 of 2 done")


def test_a_list_that_was_mended_is_no_reason_any_more() -> None:
    bad = AttemptFailed("part", 0, 0, "its list can't be used")
    assert rows(bad)["part"] == ("failed", "its list can't be used")
    assert rows(bad, EXPANDED)["part"] == ("waiting", "0 of 2 done")
