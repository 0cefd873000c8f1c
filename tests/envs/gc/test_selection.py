"""Which builds go: a pure choice."""

from pathlib import Path
from typing import Any

from pipeline.envs.gc.selection import DAY_SECONDS, StorageLimits, plan
from pipeline.envs.gc.survey import BuildFolder, State
from pipeline.envs.notes import Size, Uses

NOW = 1_000_000_000.0


def build(name: str, state: State = State.LIVE, size: int = 10, age: float = 0) -> BuildFolder:
    return BuildFolder(Path(name), name, state, f"key-{name}", Size(size, 0, 1), Uses(1, NOW - age), 1.0)


def no_user(_found: BuildFolder) -> None:
    return None


def going(found: list[BuildFolder], **limits: Any) -> list[str]:
    return [each.build.name for each in plan(found, StorageLimits(**limits), no_user, NOW).removals]


def test_without_a_limit_what_is_live_stays() -> None:
    assert going([build("a", age=10**8)]) == []


def test_what_is_of_no_use_goes_always() -> None:
    states = (State.ASIDE, State.HALF_BUILT, State.DAMAGED, State.SUPERSEDED, State.LIVE, State.BEING_BUILT)
    found = [build(state.value, state) for state in states]
    assert going(found) == ["removed", "half-built", "damaged", "superseded"]


def test_the_least_recently_used_go_until_the_rest_fits() -> None:
    found = [build("new", age=1), build("old", age=3), build("middle", age=2)]
    assert going(found, total=10) == ["old", "middle"]


def test_what_fits_the_limit_exactly_stays() -> None:
    assert going([build("a"), build("b")], total=20) == []


def test_environments_that_are_not_defined_go_before_others() -> None:
    found = [build("defined", age=100), build("forgotten", age=1)]
    assert going(found, total=10, defined={"defined"}) == ["forgotten"]


def test_what_is_of_no_use_makes_room_first() -> None:
    found = [build("old", age=100), build("half", State.HALF_BUILT)]
    assert going(found, total=10) == ["half"]


def test_those_that_were_not_used_for_long_go() -> None:
    found = [build("old", age=31 * DAY_SECONDS), build("new", age=29 * DAY_SECONDS)]
    decided = plan(found, StorageLimits(age=30 * DAY_SECONDS), no_user, NOW)
    assert [each.build.name for each in decided.removals] == ["old"]
    assert "31 days" in decided.removals[0].reason


def test_what_a_job_needs_stays_and_others_go_in_its_place() -> None:
    found = [build("held", age=3), build("old", age=2), build("new", age=1)]
    decided = plan(found, StorageLimits(total=20), lambda each: "a job" if each.name == "held" else None, NOW)
    assert [each.build.name for each in decided.removals] == ["old"]
    assert [(each.name, who) for each, who in decided.exceptions] == [("held", "a job")]
    assert (decided.before, decided.after) == (30, 20)


def test_only_what_would_go_is_asked_about() -> None:
    asked: list[str] = []
    plan([build("new", age=1), build("old", age=2)], StorageLimits(total=10), lambda each: asked.append(each.name), NOW)
    assert asked == ["old"]


def test_a_clock_that_was_ahead_takes_nothing_away() -> None:
    assert going([build("future", age=-1000)], age=0.0) == []
