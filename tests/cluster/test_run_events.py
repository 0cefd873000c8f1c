"""What a run hears of its attempts, without any process."""

import threading
import time
from pathlib import Path

import pytest

from pipeline.cluster.content.errors import ContentRefused
from pipeline.cluster.node import attempt_news, run_events
from pipeline.cluster.node.attempt_news import LOG_BYTES
from pipeline.cluster.node.node_attempt import NodeAttempt
from pipeline.cluster.node.report_log import KEPT, ReportLog
from pipeline.cluster.node.run_events import RunEvents
from pipeline.cluster.wire.attempt_order import AttemptId
from pipeline.cluster.wire.attempt_outcome import AttemptOutcome
from pipeline.cluster.wire.node_events import (
    INLINE_BYTES,
    AttemptBegan,
    AttemptEnded,
    AttemptLogged,
    AttemptPrepares,
    AttemptReported,
    EventsQuestion,
    NodeEvents,
)
from pipeline.cluster.wire.ordered_items import OrderedFile, OrderedItem
from pipeline.executors.base import Message
from pipeline.executors.reports import StageReport
from pipeline.values import encode

SMALL = "blake3:" + "1" * 64
LARGE = "blake3:" + "2" * 64


class Run:
    """A run and its attempts on a node."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.events = RunEvents("agent", {SMALL: b"small"}.get)

    def attempt(self, stage: str = "test", number: int = 1) -> NodeAttempt:
        place = self.folder / f"{stage}.{number}"
        place.mkdir()
        attempt = NodeAttempt(AttemptId("run0", "job", stage, number), place, "", self.events.ring)
        self.events.add(attempt)
        return attempt

    def ask(self, session: str = "", after: int = 0, seconds: float = 0.0) -> NodeEvents:
        return self.events.answer(EventsQuestion("run0", session, after, seconds))


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return Run(tmp_path)


def say(attempt: NodeAttempt, **report: object) -> None:
    attempt.take(Message("id", StageReport(**report)))  # type: ignore[arg-type]


def end(attempt: NodeAttempt, **outputs: OrderedItem) -> None:
    attempt.end(AttemptOutcome(id=attempt.id, node="node1", returncode=0, outputs=outputs))


def test_an_attempt_is_told_of_from_its_preparation_to_its_end(run: Run) -> None:
    attempt = run.attempt()
    attempt.show("building")
    first = run.ask()
    attempt.begin()
    say(attempt, progress=0.5)
    attempt.log.write_bytes(b"hello")
    end(attempt, small=OrderedFile("a", SMALL, 5), large=OrderedFile("b", LARGE, INLINE_BYTES + 1))
    then = run.ask(first.session, first.last)
    assert [type(each) for each in first.events] == [AttemptPrepares]
    kinds = [AttemptBegan, AttemptReported, AttemptLogged, AttemptEnded]
    assert [type(each) for each in then.events] == kinds
    assert then.last == 5
    ended = then.events[-1]
    assert isinstance(ended, AttemptEnded)
    assert ended.contents == {SMALL: b"small"}
    assert run.ask(then.session, then.last).events == ()


def test_the_same_numbers_are_the_same_events(run: Run) -> None:
    """As where the answer got lost on its way."""
    attempt = run.attempt()
    attempt.begin()
    say(attempt, warning="one")
    first = run.ask()
    say(attempt, warning="two")
    assert run.ask(first.session, 0) == first
    assert run.ask(first.session, 1).events == first.events[1:]
    then = run.ask(first.session, first.last)
    assert [each.report.warning for each in then.events if isinstance(each, AttemptReported)] == ["two"]
    with pytest.raises(ValueError, match="never told"):
        run.ask(first.session, then.last + 1)


def test_a_log_comes_in_pieces_and_as_a_whole_before_the_end(run: Run) -> None:
    attempt = run.attempt()
    attempt.begin()
    data = bytes(range(256)) * (10 * LOG_BYTES // 1024)
    attempt.log.write_bytes(data)
    end(attempt)
    answer, text, answers = run.ask(), b"", 0
    while answer.events:
        answers += 1
        pieces = [each for each in answer.events if isinstance(each, AttemptLogged)]
        assert sum(len(each.data) for each in pieces) <= LOG_BYTES
        for each in pieces:
            assert each.offset == len(text)
            text += each.data
        ended = [each for each in answer.events if isinstance(each, AttemptEnded)]
        assert bool(ended) == (text == data)
        answer = run.ask(answer.session, answer.last)
    assert text == data
    assert answers == 3


def test_one_that_prints_much_holds_up_no_other(run: Run) -> None:
    loud, quiet = run.attempt("loud"), run.attempt("quiet")
    for each in (loud, quiet):
        each.begin()
    loud.log.write_bytes(bytes(5 * LOG_BYTES))
    quiet.log.write_bytes(b"quiet")
    first = run.ask()
    loud.log.write_bytes(bytes(9 * LOG_BYTES))
    then = run.ask(first.session, first.last)
    assert [each.data for each in then.events if isinstance(each, AttemptLogged) and each.id == quiet.id] == [b"quiet"]


def test_a_run_that_never_acknowledges_costs_no_more_than_one_answer(run: Run) -> None:
    attempt = run.attempt()
    attempt.begin()
    first = run.ask()
    for number in range(3 * KEPT):
        say(attempt, warning=f"{number}")
        if number % KEPT == 0:
            assert run.ask(first.session, 0) == first
    assert len(attempt.said) == KEPT
    attempt.log.write_bytes(bytes(4 * LOG_BYTES))
    answer = run.ask(first.session, first.last)
    assert len(encode(answer)) < 2 * LOG_BYTES
    assert run.ask(first.session, first.last) == answer


def test_a_run_that_comes_back_hears_everything_and_the_one_before_nothing_more(run: Run) -> None:
    attempt = run.attempt()
    attempt.begin()
    say(attempt, about={"language": "de"})
    first = run.ask()
    first = run.ask(first.session, first.last)
    again = run.ask()
    assert again.session != first.session
    assert [type(each) for each in again.events] == [AttemptBegan, AttemptReported]
    with pytest.raises(ContentRefused, match="another process"):
        run.ask(first.session, first.last)
    assert run.ask(again.session, again.last).events == ()


def test_one_who_waits_is_refused_when_another_process_of_the_run_asks(run: Run) -> None:
    session = run.ask().session
    refused: list[ContentRefused] = []

    def wait() -> None:
        try:
            run.ask(session, 0, seconds=30)
        except ContentRefused as error:
            refused.append(error)

    waiting = threading.Thread(target=wait)
    waiting.start()
    time.sleep(0.05)
    run.ask()
    waiting.join(20)
    assert len(refused) == 1


def test_a_session_of_an_agent_that_is_gone_begins_again(run: Run) -> None:
    attempt = run.attempt()
    attempt.begin()
    answer = run.ask("another.7", 40)
    assert [type(each) for each in answer.events] == [AttemptBegan]
    assert answer.last == 1


@pytest.mark.parametrize("what", ["begin", "report", "log", "end", "drain"])
def test_who_waits_hears_at_once(run: Run, what: str) -> None:
    attempt = run.attempt()
    if what != "begin":
        attempt.begin()
    first = run.ask()
    then = {
        "begin": attempt.begin,
        "report": lambda: say(attempt, progress=0.5),
        "log": lambda: attempt.log.write_bytes(b"text"),
        "end": lambda: end(attempt),
        "drain": run.events.drain,
    }[what]
    threading.Timer(0.1, then).start()
    answer = run.ask(first.session, first.last, seconds=30)
    assert answer.events or answer.drains


def test_a_brief_stage_is_told_of_in_one_answer(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each answer wakes both sides."""
    monkeypatch.setattr(run_events, "LOOK_SECONDS", 30.0)
    attempt = run.attempt()
    first = run.ask()

    def carry_out() -> None:
        attempt.begin()
        time.sleep(0.02)
        end(attempt)

    threading.Timer(0.1, carry_out).start()
    began, ended = run.ask(first.session, first.last, seconds=60).events
    assert isinstance(began, AttemptBegan)
    assert isinstance(ended, AttemptEnded)
    assert began.seconds >= 0.02  # since its process was started


def test_that_it_drains_is_told_once_as_news(run: Run) -> None:
    run.events.drain()
    first = run.ask(seconds=30)
    assert first.drains
    assert run.ask(first.session, first.last, seconds=0.01).drains


@pytest.mark.long
def test_no_log_is_looked_at_while_nothing_runs(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(5):
        attempt = run.attempt(number=number + 1)
        attempt.begin()
        end(attempt)
    first = run.ask()
    looks: list[NodeAttempt] = []

    def look(each: NodeAttempt) -> int:
        looks.append(each)
        return 0

    monkeypatch.setattr(attempt_news, "_size", look)
    run.ask(first.session, first.last, seconds=0.5)
    assert looks == []


def test_of_progress_only_the_latest_is_kept() -> None:
    said = ReportLog()
    for number in range(100):
        said.add(StageReport(progress=number / 100))
    said.add(StageReport(note="nearly"))
    said.add(StageReport(warning="odd"))
    said.add(StageReport(progress=1.0, began=12.5))
    said.add(StageReport(began=12.5))
    assert said.all() == (
        StageReport(progress=0.99, note="nearly"),
        StageReport(warning="odd"),
        StageReport(progress=1.0),
    )
    assert [number for number, _ in said.after(101)] == [102, 103]
