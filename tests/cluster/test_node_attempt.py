"""Whose turn it is on a node: an attempt that waits until another one is over."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.cluster.node.node_attempt import AttemptStopped, NodeAttempt
from pipeline.cluster.wire.attempt_order import AttemptId
from pipeline.cluster.wire.attempt_outcome import AttemptOutcome
from pipeline.executors.base import ProcessExit

LONG = 30.0  # seconds in which a thread must have come to its end
ENDLESS = 3600.0
SHORT = 0.05


def attempt(stage: str, *predecessors: NodeAttempt) -> NodeAttempt:
    made = NodeAttempt(AttemptId("run", "job", stage, 1), Path("/nowhere"), "", lambda: None)
    made.follow(predecessors)
    return made


def exited(attempt: NodeAttempt) -> None:
    attempt.take(ProcessExit("id", 0))


def ended(attempt: NodeAttempt) -> None:
    attempt.end(AttemptOutcome(id=attempt.id, node="a", place=""))


def waits_no_longer(attempt: NodeAttempt, seconds: float) -> bool:
    thread = threading.Thread(target=attempt.wait_for_turn, args=(seconds,), daemon=True)
    thread.start()
    thread.join(LONG)
    return not thread.is_alive()


@pytest.mark.parametrize("over", [exited, ended])
@pytest.mark.parametrize("which", [0, 1])
def test_it_is_its_turn_when_any_of_its_predecessors_is_over(over: Callable[[NodeAttempt], None], which: int) -> None:
    before = attempt("first"), attempt("second")
    later = attempt("later", *before)
    waiting = threading.Thread(target=later.wait_for_turn, args=(ENDLESS,), daemon=True)
    waiting.start()
    waiting.join(SHORT)
    assert waiting.is_alive()
    over(before[which])
    waiting.join(LONG)
    assert not waiting.is_alive()


@pytest.mark.parametrize("over", [exited, ended])
def test_it_does_not_wait_for_one_that_was_over_before(over: Callable[[NodeAttempt], None]) -> None:
    first = attempt("first")
    over(first)
    assert waits_no_longer(attempt("later", first), ENDLESS)


def test_it_waits_no_longer_than_its_time() -> None:
    assert waits_no_longer(attempt("later", attempt("first")), SHORT)


def test_one_that_is_stopped_waits_no_longer() -> None:
    later, told = attempt("later", attempt("first")), list[bool]()

    def wait() -> None:
        with pytest.raises(AttemptStopped):
            later.wait_for_turn(ENDLESS)
        told.append(True)

    waiting = threading.Thread(target=wait, daemon=True)
    waiting.start()
    waiting.join(SHORT)
    later.stop("cancelled")
    waiting.join(LONG)
    assert told


def test_without_predecessors_it_begins_at_once() -> None:
    assert waits_no_longer(attempt("only"), ENDLESS)
