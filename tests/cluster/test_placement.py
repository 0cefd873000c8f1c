"""Placement by itself, and on a simulated cluster."""

import random
from collections import Counter
from collections.abc import Iterable
from typing import Any

import pytest
from cluster_simulation import Simulation
from hypothesis import given, settings
from hypothesis import strategies as some

from pipeline.cluster.placing.kept_nodes import OVERTAKINGS
from pipeline.cluster.placing.node_supply import NodePreparation, NodeStart, NodeSupply, StageNeeds, WaitingStage
from pipeline.cluster.placing.placement import NodePlacement
from tests.conftest import examples


def placed(*nodes: NodeSupply, licences: dict[str, int] | None = None) -> NodePlacement:
    placement = NodePlacement(licences)
    for node in nodes or (NodeSupply(name="a", cpus=2), NodeSupply(name="b", cpus=2)):
        placement.add_node(node)
    return placement


def stage(id: str, place: int = 0, remaining: float = 0.0, inputs: Any = (), **needs: Any) -> WaitingStage:
    return WaitingStage(id, StageNeeds(**needs), place, remaining, inputs)


def push(placement: NodePlacement, *stages: WaitingStage) -> None:
    for each in stages:
        placement.push(each)


def starts(placement: NodePlacement, now: float = 0.0) -> dict[str, str]:
    return {each.stage.id: each.node for each in placement.decide(now) if isinstance(each, NodeStart)}


def test_stages_go_where_there_is_room_and_one_is_prepared_for_each_full_node() -> None:
    placement = placed()
    push(placement, *(stage(str(number)) for number in range(8)))
    decisions = placement.decide(0)
    assert Counter(each.node for each in decisions if isinstance(each, NodeStart)) == {"a": 2, "b": 2}
    assert Counter(each.node for each in decisions if isinstance(each, NodePreparation)) == {"a": 1, "b": 1}
    assert placement.decide(0) == []


def test_what_was_prepared_for_a_node_begins_there_next() -> None:
    placement = placed(NodeSupply(name="a"))
    push(placement, stage("1"), stage("2"), stage("3"))
    assert starts(placement) == {"1": "a"}
    placement.release("1")
    push(placement, stage("urgent", place=-1))
    assert starts(placement) == {"2": "a"}
    placement.release("2")
    assert starts(placement) == {"urgent": "a"}


def test_a_node_that_is_free_takes_what_was_prepared_for_another_one() -> None:
    placement = placed(NodeSupply(name="a"), NodeSupply(name="b"))
    push(placement, stage("1"), stage("2"), stage("3"))
    first = starts(placement)
    assert sorted(first) == ["1", "2"]
    placement.release("2")
    assert starts(placement) == {"3": first["2"]}


BRIEF, LONG = 0.01, 100.0  # seconds


def follower(id: str, **needs: Any) -> WaitingStage:
    return WaitingStage(id, StageNeeds(**needs), kind="noop", may_follow=True)


def after_one(seconds: float, *stages: WaitingStage, cpus: float = 1) -> NodePlacement:
    """A node on which a stage of the same kind took so long."""
    placement = placed(NodeSupply(name="a", cpus=cpus, memory=10))
    push(placement, follower("known"))
    placement.decide(0)
    placement.release("known", seconds)
    push(placement, *stages)
    return placement


def test_where_stages_are_brief_one_is_handed_out_ahead_to_follow_another() -> None:
    placement = after_one(BRIEF, *(follower(str(number)) for number in range(5)), cpus=2)
    first, second, third = placement.decide(0)
    assert isinstance(third, NodeStart)
    assert sorted(third.predecessors) == sorted([first.stage.id, second.stage.id])
    assert placement.decide(0) == []
    placement.release(first.stage.id, BRIEF)
    (fourth,) = placement.decide(0)
    assert isinstance(fourth, NodeStart)
    assert sorted(fourth.predecessors) == sorted([second.stage.id, third.stage.id])


def test_a_follower_that_ends_before_its_turn_leaves_the_node_as_it_was() -> None:
    placement = after_one(BRIEF, *(follower(str(number)) for number in range(3)))
    first, second = placement.decide(0)
    placement.release(second.stage.id)
    (third,) = placement.decide(0)
    assert isinstance(third, NodeStart)
    assert third.predecessors == (first.stage.id,)
    placement.release(first.stage.id)
    placement.release(third.stage.id)
    push(placement, follower("last"))
    assert [each.predecessors for each in placement.decide(0) if isinstance(each, NodeStart)] == [()]


@pytest.mark.parametrize(
    ("seconds", "ahead"),
    [
        (LONG, follower("2")),
        (BRIEF, stage("2")),  # it may not follow
        (BRIEF, follower("2", cpus=2)),  # the first one's place isn't enough for it
        (BRIEF, follower("2", memory=5)),
    ],
)
def test_others_are_only_prepared_for_a_node_that_is_full(seconds: float, ahead: WaitingStage) -> None:
    placement = after_one(seconds, follower("1"), ahead, cpus=1 if ahead.needs.cpus == 1 else 2)
    decisions = placement.decide(0)
    assert [each.predecessors for each in decisions if isinstance(each, NodeStart)] == [()]


def test_what_follows_on_a_node_that_is_gone_is_lost_with_it() -> None:
    placement = after_one(BRIEF, follower("1"), follower("2"))
    placement.decide(0)
    assert [each.id for each in placement.remove_node("a")] == ["1", "2"]
    placement.add_node(NodeSupply(name="a"))
    push(placement, follower("3"))
    assert starts(placement) == {"3": "a"}


def test_a_node_that_drains_gets_no_follower() -> None:
    placement = after_one(BRIEF, follower("1"))
    placement.decide(0)
    placement.drain("a")
    push(placement, follower("2"))
    assert placement.decide(0) == []


def test_the_first_job_comes_first_and_of_one_job_the_longest_way() -> None:
    placement = placed(NodeSupply(name="a"))
    push(placement, stage("late", 1, 99.0), stage("short", 0, 1.0), stage("long", 0, 5.0))
    order = []
    for _ in range(3):
        (started,) = starts(placement)
        order.append(started)
        placement.release(started)
    assert order == ["long", "short", "late"]


def test_a_stage_goes_to_the_node_that_has_its_files() -> None:
    placement = placed(*(NodeSupply(name=f"node{number}") for number in range(100)))
    placement.has_files("node77", ["film"])
    push(placement, stage("1", inputs=(("film", 5 << 30),)))
    assert starts(placement) == {"1": "node77"}


def test_a_node_gets_the_stage_whose_files_it_has() -> None:
    placement = placed(NodeSupply(name="a"))
    placement.has_files("a", ["film3"])
    push(placement, *(stage(str(number), inputs=((f"film{number}", 5 << 30),)) for number in range(5)))
    assert starts(placement) == {"3": "a"}


def test_a_stage_goes_to_the_node_that_has_its_environment() -> None:
    placement = placed()
    placement.has_environment("b", "key")
    push(placement, stage("1", environment="key"))
    assert starts(placement) == {"1": "b"}


def test_an_environment_that_cannot_be_made_bans_the_node_for_it_alone() -> None:
    placement = placed(NodeSupply(name="a", cpus=2), NodeSupply(name="b", cpus=1))
    placement.ban("a", "broken")
    push(placement, *(stage(str(number), environment="broken") for number in range(3)), stage("4", environment="other"))
    assert starts(placement) == {"0": "b", "4": "a"}
    assert placement.impossible(StageNeeds(environment="broken"), 0) is None
    placement.ban("b", "broken")
    assert placement.impossible(StageNeeds(environment="broken"), 0) is not None


def test_resources_are_never_handed_out_twice() -> None:
    placement = placed(NodeSupply(name="a", cpus=8, memory=10, gpus=("x", "y"), labels=frozenset({"highmem"})))
    wanted = [stage(str(number), gpus=1, memory=3, labels=frozenset({"highmem"})) for number in range(4)]
    push(placement, *wanted, stage("elsewhere", labels=frozenset({"arm"})))
    decisions = [each for each in placement.decide(0) if isinstance(each, NodeStart)]
    assert sorted(card for each in decisions for card in each.share.gpus) == ["x", "y"]
    assert placement.impossible(StageNeeds(labels=frozenset({"arm"})), 0)
    assert placement.impossible(StageNeeds(gpus=3), 0)


def test_a_stage_that_wants_more_cpus_than_a_node_has_gets_all() -> None:
    placement = placed(NodeSupply(name="a", cpus=2))
    push(placement, stage("1", cpus=16), stage("2"))
    assert starts(placement) == {"1": "a"}


def test_licences_count_over_all_nodes() -> None:
    placement = placed(licences={"solver": 1})
    push(placement, stage("1", licences=(("solver", 1),)), stage("2", licences=(("solver", 1),)), stage("3"))
    assert sorted(starts(placement)) == ["1", "3"]
    placement.release("1")
    assert sorted(starts(placement)) == ["2"]
    assert placement.impossible(StageNeeds(licences=(("solver", 2),)), 0)
    assert placement.impossible(StageNeeds(licences=(("other", 1),)), 0)


def test_a_stage_goes_only_where_it_ends_before_the_walltime() -> None:
    placement = placed(NodeSupply(name="a", ends=100.0), NodeSupply(name="b", ends=1000.0))
    push(placement, stage("long", seconds=300), stage("short", seconds=30))
    assert starts(placement, 50.0) == {"long": "b", "short": "a"}
    assert placement.impossible(StageNeeds(seconds=300), 900.0)


def test_a_node_that_drains_gets_nothing_more() -> None:
    placement = placed(NodeSupply(name="a"), NodeSupply(name="b"))
    push(placement, *(stage(str(number)) for number in range(6)))
    first = {node: id for id, node in starts(placement).items()}
    placement.drain("a")
    placement.release(first["a"])
    assert starts(placement) == {}
    placement.release(first["b"])
    assert list(starts(placement).values()) == ["b"]
    assert placement.remove_node("a") == []


def test_a_node_that_is_lost_gives_back_all_that_was_there() -> None:
    placement = placed(NodeSupply(name="a"), licences={"solver": 1})
    push(placement, stage("1", licences=(("solver", 1),)), stage("2"), stage("3"))
    placement.decide(0)
    (lost,) = placement.remove_node("a")
    placement.push(lost, again=True)
    placement.add_node(NodeSupply(name="a", cpus=3))
    assert sorted(starts(placement)) == ["1", "2", "3"]


def test_a_large_stage_is_overtaken_only_so_often() -> None:
    placement = placed(NodeSupply(name="a", cpus=4))
    push(placement, *(stage(f"first{number}") for number in range(4)))
    running = sorted(starts(placement))
    push(placement, stage("large", place=-1, cpus=4), *(stage(f"small{number}") for number in range(200)))
    overtaken = 0
    while "large" not in running and overtaken < 100:
        placement.release(running.pop(0))
        running += sorted(starts(placement))
        overtaken += 1
    assert running == ["large"]
    assert overtaken <= OVERTAKINGS + 6


def test_what_is_withdrawn_never_begins() -> None:
    placement = placed(NodeSupply(name="a"))
    push(placement, *(stage(str(number)) for number in range(5)))
    assert starts(placement) == {"0": "a"}
    placement.withdraw(lambda id: id in {"1", "2", "3"})
    placement.release("0")
    assert starts(placement) == {"4": "a"}


@settings(max_examples=examples(100), deadline=None)
@given(seed=some.integers(0, 1 << 30))
def test_whatever_happens_each_stage_ends_once_and_nothing_is_handed_out_twice(seed: int) -> None:
    chance = random.Random(seed)
    nodes = [_node(chance, number) for number in range(chance.randint(1, 6))]
    big = NodeSupply(name="big", cpus=4, memory=9, gpus=("x", "y"), labels=frozenset({"highmem"}))
    placement = placed(*nodes, big, licences={"solver": 2})
    simulation = Simulation(placement, lambda stage: 1 + hash(stage.id) % 7)
    wanted = [_stage(chance, number) for number in range(chance.randint(1, 80))]
    push(placement, *wanted)
    alive = [*nodes]
    for moment in range(chance.randint(0, 12)):
        simulation.run(until=float(moment))
        _require_fitting(simulation.running, [*alive, big])
        match chance.randint(0, 4):
            case 0 if alive:
                lost = alive.pop()
                simulation.lose(lost.name)
            case 1 if alive:
                placement.ban(chance.choice(alive).name, chance.choice("AB"))
            case 2 if alive:
                placement.drain(chance.choice(alive).name)
            case 3:
                alive.append(_node(chance, 100 + moment))
                placement.add_node(alive[-1])
    simulation.run()
    assert simulation.ended == {each.id for each in wanted}
    assert simulation.running == []


def _node(chance: random.Random, number: int) -> NodeSupply:
    labels = frozenset({"highmem"}) if chance.random() < 0.5 else frozenset()
    gpus = tuple(f"card{number}.{each}" for each in range(chance.randint(0, 2)))
    return NodeSupply(
        name=f"node{number}", cpus=chance.randint(1, 4), memory=chance.randint(0, 9), gpus=gpus, labels=labels
    )


def _stage(chance: random.Random, number: int) -> WaitingStage:
    return stage(
        str(number),
        place=chance.randint(0, 3),
        remaining=float(chance.randint(0, 3)),
        inputs=((f"film{chance.randint(0, 3)}", 1),) if chance.random() < 0.5 else (),
        environment=chance.choice("AB"),
        cpus=chance.choice([0, 0.5, 1, 3, 9]),
        memory=chance.choice([0, 4, 9]),
        gpus=chance.choice([0, 0, 1, 2]),
        labels=frozenset({"highmem"}) if chance.random() < 0.2 else frozenset(),
        licences=(("solver", chance.randint(1, 2)),) if chance.random() < 0.2 else (),
    )


def _require_fitting(running: Iterable[NodeStart], nodes: list[NodeSupply]) -> None:
    by_name = {node.name: node for node in nodes}
    used: Counter[tuple[str, str]] = Counter()
    for each in running:
        used[each.node, "cpus"] += each.share.cpus
        used[each.node, "memory"] += each.share.memory
        for card in each.share.gpus:
            used[each.node, card] += 1
            assert used[each.node, card] == 1
        used["", "solver"] += sum(count for _, count in each.stage.needs.licences)
    assert used["", "solver"] <= 2
    for name, node in by_name.items():
        assert used[name, "cpus"] <= node.cpus * 1000
        assert used[name, "memory"] <= node.memory


@pytest.mark.parametrize("count", [500, pytest.param(5_000, marks=pytest.mark.long)])
def test_an_event_takes_a_bounded_number_of_tries(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """In steps and not in seconds: the number of tries for each event doesn't grow with the number of stages."""
    tries = Counter[str]()
    take = NodePlacement._try

    def counted(*arguments: Any) -> Any:
        tries["tries"] += 1
        return take(*arguments)

    monkeypatch.setattr(NodePlacement, "_try", counted)
    placement = placed(*(NodeSupply(name=f"node{number}", cpus=4) for number in range(20)))
    for number in range(count):
        placement.push(stage(str(number), number // 10, float(number % 10), cpus=1 + number % 2))
    simulation = Simulation(placement, lambda stage: 1 + hash(stage.id) % 7, remembers=False)
    simulation.run()
    assert simulation.events == 2 * count
    assert tries["tries"] <= 3 * simulation.events
