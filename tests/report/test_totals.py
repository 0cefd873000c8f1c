"""What attempts come to together."""

from pipeline.jobs.state import StageState, StageStatus
from pipeline.report.totals import concurrency, most_at_once, totals
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
    assert (one.seconds, one.waited, one.longest) == (3, 0.5, 2)
    assert (one.cpu_seconds, one.memory, one.asked_cpus, one.asked_memory) == (2, 30, 2, 5)
    assert (two.finished, two.seconds, two.cpu_seconds, two.memory, two.asked_memory) == (0, 0, None, None, None)


def test_attempts_that_follow_one_another_are_not_at_once() -> None:
    spans = [a_span("one", 0, 2), a_span("two", 2, 4), a_span("three", 1, 3)]
    assert concurrency(spans) == [(0, 1), (1, 2), (2, 2), (3, 1), (4, 0)]
    assert most_at_once(spans) == 2
    assert most_at_once([]) == 0
