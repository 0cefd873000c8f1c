"""From a journal to runs and attempts with their times."""

import pytest

from pipeline.jobs.events import AnyEvent, JobReplanned, RunFailed, StageExpanded
from pipeline.jobs.plan import PlannedStage
from pipeline.report.spans import Spans, spans
from pipeline.report.values import Phase
from tests.jobs.helpers import a_stage
from tests.report.helpers import at, failed, finished, run_finished, run_started, started

CHAIN = (a_stage("one"), a_stage("two", needs=["one"]))


def read(*events: AnyEvent, stages: tuple[PlannedStage, ...] = CHAIN, alive: bool = False) -> Spans:
    return spans(stages, events, {}, alive)


def test_an_attempt_waits_runs_and_is_committed() -> None:
    found = read(run_started(10), started("one", 12), finished("one", 20, 5), run_finished(21))
    (one,) = found.attempts
    assert one.state == "finished"
    assert one.phases == (Phase("waited", 0, 2), Phase("ran", 2, 7), Phase("committed", 7, 10))


def test_an_attempt_has_the_title_of_its_stage() -> None:
    stages = (a_stage("one", title="Make the first"), a_stage("two"))
    found = read(run_started(0), finished("one", 1, 1), finished("two", 2, 1), run_finished(3), stages=stages)
    assert [each.title for each in found.attempts] == ["Make the first", ""]


def test_a_start_is_what_lies_before_the_call_of_the_function() -> None:
    found = read(run_started(0), started("one", 0), finished("one", 4, 3, start_seconds=1.5), run_finished(4))
    (one,) = found.attempts
    assert one.phases == (Phase("start", 0, 1.5), Phase("ran", 1.5, 3), Phase("committed", 3, 4))


def test_an_attempt_that_failed_has_its_start_too() -> None:
    (one,) = read(run_started(0), started("one", 0), failed("one", 2, 2, start_seconds=0.5), run_finished(2)).attempts
    assert one.phases == (Phase("start", 0, 0.5), Phase("ran", 0.5, 2))


def test_the_check_of_an_environment_after_a_failure_is_no_part_of_what_ran() -> None:
    (one,) = read(run_started(0), started("one", 0), failed("one", 9, 2, start_seconds=0.5), run_finished(9)).attempts
    assert one.phases == (Phase("start", 0, 0.5), Phase("ran", 0.5, 2), Phase("checked", 2, 9))


def test_the_moment_until_a_failure_is_written_down_is_no_check() -> None:
    (one,) = read(run_started(0), started("one", 0), failed("one", 2, 1.95), run_finished(2)).attempts
    assert one.phases == (Phase("ran", 0, 2),)


def test_an_attempt_has_what_its_process_used_and_how_it_was_started() -> None:
    (one,) = read(run_started(0), started("one", 0), finished("one", 4, 4, cpu_seconds=3.5, memory=1 << 30)).attempts
    assert (one.way, one.cpu_seconds, one.memory) == ("cold", 3.5, 1 << 30)


def test_a_stage_is_ready_when_what_it_needs_is_there() -> None:
    found = read(
        run_started(0),
        started("one", 0),
        finished("one", 4, 4),
        started("two", 5),
        finished("two", 6, 1),
        run_finished(6),
    )
    assert [(span.stage, span.ready, span.begin) for span in found.attempts] == [("one", 0, 0), ("two", 4, 5)]


def test_a_second_attempt_is_ready_when_the_first_is_over() -> None:
    found = read(
        run_started(0), started("one", 0), failed("one", 2, 2), started("one", 5, 2), finished("one", 6, 1, attempt=2)
    )
    assert [(span.state, span.ready, span.begin, span.end) for span in found.attempts] == [
        ("failed", 0, 0, 2),
        ("finished", 2, 5, 6),
    ]


def test_what_lies_between_two_runs_is_left_out() -> None:
    found = read(
        *(run_started(0), started("one", 0), failed("one", 1, 1, kind=None), RunFailed("…", at=at(2))),
        *(run_started(3600), started("one", 3601, 2), finished("one", 3602, 1, attempt=2), run_finished(3603)),
    )
    assert [(run.number, run.begin, run.end, run.state) for run in found.runs] == [
        (1, 0, 2, "failed"),
        (2, 2, 5, "finished"),
    ]
    assert [(span.run, span.state, span.begin) for span in found.attempts] == [(1, "stopped", 0), (2, "finished", 3)]


@pytest.mark.parametrize(("alive", "state"), [(True, "running"), (False, "killed")])
def test_an_attempt_without_an_end_runs_or_was_killed(alive: bool, state: str) -> None:
    found = read(run_started(0), started("one", 1), alive=alive)
    assert [span.state for span in found.attempts] == [state]
    assert [run.state for run in found.runs] == [state]


def test_a_run_that_was_killed_ends_where_the_next_one_begins() -> None:
    found = read(run_started(0), started("one", 1), run_started(100), started("one", 101, 2), alive=True)
    assert [(span.state, span.begin) for span in found.attempts] == [("killed", 1), ("running", 2)]


def test_a_result_that_was_taken_has_no_time() -> None:
    found = read(run_started(0), finished("one", 1, 70, taken="job-1"), started("two", 2), finished("two", 3, 1))
    one, two = found.attempts
    assert (one.state, one.seconds, one.taken) == ("reused", 0, "job-1")
    assert two.ready == 1


def test_members_belong_to_their_fan_out_and_are_called_by_their_items() -> None:
    stages = (a_stage("list"), a_stage("each", needs=["list"], for_each="list.file"), a_stage("sum", needs=["each"]))
    events = (
        *(run_started(0), started("list", 0), finished("list", 1, 1), StageExpanded("each", 2, at=at(2))),
        *(started("each_0001", 2), finished("each_0001", 4, 2), started("each_0002", 4), finished("each_0002", 7, 3)),
        *(started("sum", 8), finished("sum", 9, 1)),
    )
    found = spans(stages, events, {"each_0002": "each[b]"}, False).attempts
    assert [(span.shown, span.planned, span.ready) for span in found] == [
        ("list", "list", 0),
        ("each_0001", "each", 2),
        ("each[b]", "each", 2),
        ("sum", "sum", 7),
    ]


def test_a_clock_that_was_set_back_does_not_turn_time() -> None:
    found = read(run_started(100), started("one", 102), finished("one", 50, 3), run_finished(51))
    (one,) = found.attempts
    assert one.begin <= one.ran <= one.end
    assert found.runs[0].end == 2


def test_a_job_that_never_ran_has_neither_runs_nor_attempts() -> None:
    assert read(JobReplanned("sha256:0", at=at(0))) == Spans((), ())


def test_an_attempt_has_the_node_that_ran_it() -> None:
    lost = failed("copy", 2, 1.0, kind="node lost")
    later = [started("copy", 2, 2, node="beta"), finished("copy", 3, 1.0, attempt=2), run_finished(3)]
    found = spans([a_stage("copy")], [run_started(0), started("copy", 1, node="alpha"), lost, *later], {}, False)
    assert [(each.node, each.kind) for each in found.attempts] == [("alpha", "node lost"), ("beta", None)]
