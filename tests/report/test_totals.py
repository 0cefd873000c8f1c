"""What attempts come to together."""

from pipeline.jobs.state import StageState, StageStatus
from pipeline.report.totals import by_file, by_node, concurrency, most_at_once, totals
from tests.jobs.helpers import a_stage
from tests.report.helpers import a_span


def test_the_attempts_of_a_stage_are_added_up() -> None:
    stages = (a_stage("one", resources={"cpus": 2, "memory": 5}), a_stage("two"))
    spans = [
        a_span("one", 1, 3, ready=0.5, cpu_seconds=1.5, memory=10),
        a_span("one", 4, 5, state="failed", cpu_seconds=0.5, memory=30),
        a_span("one", 5, 5, state="reused"),
    ]
    one, two = totals(stages, {"one": StageState(StageStatus.FAILED)}, spans)
    assert (one.finished, one.reused, one.failed, one.state) == (1, 1, 1, "failed")
    assert (one.seconds, one.longest, one.longest_wait) == (3, 2, 0.5)
    assert (one.cpu_seconds, one.memory, one.asked_cpus, one.asked_memory) == (2, 30, 2, 5)
    assert (two.finished, two.seconds, two.cpu_seconds, two.memory, two.asked_memory) == (0, 0, None, None, None)


def test_attempts_that_follow_one_another_are_not_at_once() -> None:
    spans = [a_span("one", 0, 2), a_span("two", 2, 4), a_span("three", 1, 3)]
    assert concurrency(spans) == [(0, 1), (1, 2), (2, 2), (3, 1), (4, 0)]
    assert most_at_once(spans) == 2
    assert most_at_once([]) == 0


def test_stages_of_one_file_are_told_together() -> None:
    stages = [a_stage(f"s{index}", uses="noop") for index in range(3)]
    spans = [a_span("s0", 0, 2, cpu_seconds=1.0, memory=5), a_span("s1", 0, 3), a_span("s2", 1, 2, state="failed")]
    states = {
        "s0": StageState(StageStatus.FINISHED),
        "s1": StageState(StageStatus.FINISHED),
        "s2": StageState(StageStatus.FAILED),
    }
    (found,) = by_file(totals(stages, states, spans))
    assert (found.stage, found.state, found.finished, found.failed) == ("noop (3 stages)", "failed", 2, 1)
    assert (found.seconds, found.longest, found.cpu_seconds, found.memory) == (6, 3, 1, 5)


def test_each_node_has_what_ran_on_it() -> None:
    lost = a_span("one", 0, 2, node="beta", state="failed", kind="node lost")
    found = by_node([lost, a_span("one", 2, 4, node="alpha"), a_span("two", 3, 4, node="alpha"), a_span("three")])
    assert [(each.node, each.finished, each.failed, each.seconds, each.most_at_once) for each in found] == [
        ("alpha", 2, 0, 3.0, 2),
        ("beta", 0, 1, 2.0, 1),
    ]
    assert found[1].kinds == ("node lost",)
