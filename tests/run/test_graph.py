"""What waits for what, on its own."""

import pytest

from pipeline.jobs.plan import PlannedStage
from pipeline.run.graph import Graph
from tests.run.helpers import chain, fan_out, link, lister, paired

SECONDS = {"slow": 10.0}


def seconds(stage: PlannedStage) -> float:
    return SECONDS.get(stage.name, 1.0)


def graph(*stages: PlannedStage) -> Graph:
    return Graph(stages, seconds)


def diamond() -> Graph:
    return graph(link("top"), link("left", "top"), link("right", "top"), link("bottom", "left", "right"))


def test_what_needs_nothing_is_ready() -> None:
    assert graph(link("a"), link("b"), link("c", "a")).ready() == ["a", "b"]


def test_a_stage_is_ready_when_all_that_it_needs_is_done() -> None:
    found = diamond()
    assert found.done("top") == ["left", "right"]
    assert found.done("right") == []
    assert found.done("left") == ["bottom"]
    assert found.done("bottom") == []


def test_needs_beyond_the_chosen_stages_are_met() -> None:
    assert graph(link("b", "a")).ready() == ["b"]


def test_all_behind_a_failed_stage_is_over_once() -> None:
    found = diamond()
    found.done("top")
    assert found.failed("left") == ["bottom"]
    assert found.failed("right") == []


def test_what_is_over_never_gets_ready() -> None:
    found = diamond()
    found.done("top")
    found.failed("left")
    assert found.done("right") == []


@pytest.mark.parametrize(("name", "remaining"), [("a", 12), ("slow", 11), ("c", 1), ("lone", 1)])
def test_the_longest_way_counts_the_stage_itself(name: str, remaining: float) -> None:
    found = graph(link("a"), link("slow", "a"), link("b", "a"), link("c", "slow", "b"), link("lone"))
    assert found.remaining(name) == remaining


def test_a_fan_out_waits_for_its_list_and_its_members() -> None:
    found = graph(lister(), fan_out("part"), link("join", "part"))
    assert found.ready() == ["split"]
    assert found.done("split") == []
    assert found.expand("part", {"part_0001": [], "part_0002": []}) == ["part_0001", "part_0002"]
    assert found.done("part_0002") == []
    assert found.done("part_0001") == ["part"]
    assert found.done("part") == ["join"]


def test_a_fan_out_without_members_is_ready_at_once() -> None:
    found = graph(lister(), fan_out("part"), link("join", "part"))
    found.done("split")
    assert found.expand("part", {}) == ["part"]


def test_a_fan_out_without_members_waits_for_what_else_it_needs() -> None:
    found = graph(lister(), link("other"), fan_out("part", "split", "other"))
    found.done("split")
    assert found.expand("part", {}) == []
    assert found.done("other") == ["part"]


@pytest.mark.parametrize("done_first", [False, True])
def test_members_wait_for_what_their_fan_out_needs(done_first: bool) -> None:
    found = graph(lister(), link("other"), fan_out("part", "split", "other"))
    if done_first:
        found.done("other")
    found.done("split")
    ready = found.expand("part", {"part_0001": []})
    assert ready == (["part_0001"] if done_first else [])
    assert done_first or found.done("other") == ["part_0001"]


def test_members_of_a_pair_wait_for_their_own() -> None:
    found = graph(lister(), fan_out("part"), paired("then", "part"))
    found.done("split")
    found.expand("part", {"part_0001": [], "part_0002": []})
    assert found.expand("then", {"then_0001": ["part_0001"], "then_0002": ["part_0002"]}) == []
    assert found.done("part_0002") == ["then_0002"]


def test_a_failed_member_takes_its_pair_and_what_gathers_and_leaves_its_siblings() -> None:
    found = graph(lister(), fan_out("part"), paired("then", "part"), link("join", "then"), link("all", "part"))
    found.done("split")
    found.expand("part", {"part_0001": [], "part_0002": []})
    found.expand("then", {"then_0001": ["part_0001"], "then_0002": ["part_0002"]})
    assert set(found.failed("part_0001")) == {"part", "then_0001", "then", "join", "all"}
    assert found.done("part_0002") == ["then_0002"]
    assert found.done("then_0002") == []


def test_a_fan_out_that_is_over_before_its_list_is_known_takes_its_pairs() -> None:
    found = graph(link("other"), lister(), fan_out("part", "split", "other"), paired("then", "part"))
    assert set(found.failed("other")) == {"part", "then"}
    assert found.is_over("part")
    assert found.is_over("then")


def test_a_failed_list_takes_all_that_is_made_of_it() -> None:
    found = graph(lister(), fan_out("part"), paired("then", "part"), link("join", "then"))
    assert set(found.failed("split")) == {"part", "then", "join"}


def test_the_ways_of_a_pair_follow_one_another() -> None:
    found = graph(lister(), fan_out("part"), paired("slow", "part"), link("join", "slow"))
    assert found.remaining("part") == 12
    found.done("split")
    found.expand("part", {"part_0001": []})
    assert found.remaining("part_0001") == 12


def test_what_comes_soon_is_found_without_a_walk_through_everything() -> None:
    found = graph(*chain("a", "b", "c", "d"))
    assert found.next_after("a", 2) == ["b", "c"]
    assert found.next_after("d", 2) == []
