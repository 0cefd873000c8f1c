"""The events of a job's attempts on one node, as they come. One thread, as long as attempts are there."""

import contextlib
import errno
import os
import threading
import time
from collections.abc import Callable
from functools import partial

from pipeline.cluster.content.errors import ContentDamaged, ContentRefused, ContentUnknown, ContentUnreachable, NoRoom
from pipeline.cluster.driver.remote_attempt import AttemptOver, RemoteAttempt
from pipeline.cluster.node_client import NodeClient
from pipeline.cluster.wire.attempt_order import AttemptId
from pipeline.cluster.wire.node_events import (
    AnyNodeEvent,
    AttemptBegan,
    AttemptEnded,
    AttemptLogged,
    AttemptPrepares,
    AttemptReported,
    EventsQuestion,
    NodeEvents,
)
from pipeline.errors import PipelineError
from pipeline.executors import Message, StageReport
from pipeline.values import Struct, replace

POLL_SECONDS = 5.0  # that the node may keep a question open
LINGER_SECONDS = 2.0  # that the stream waits for the next attempt
TRIES = 3  # in a row that get no answer, a moment apart, until the node is lost
PAUSE = 0.15  # seconds

Beside = Callable[[Callable[[], None]], None]


class StreamEnds(Struct, frozen=True):
    """What a stream tells of. All are called in its own thread, or one beside it."""

    message: Callable[[Message], None]
    over: Callable[[AttemptOver], None]
    drains: Callable[[], None]
    lost: Callable[[str], None]  # why the node can't be reached
    beside: Beside  # runs something in another thread


class EventStream:
    def __init__(self, run: str, client: NodeClient, ends: StreamEnds) -> None:
        self._run = run
        self._client = client
        self._ends = ends
        self._lock = threading.Lock()
        self._attempts: dict[AttemptId, RemoteAttempt] = {}
        self._done: list[AttemptId] = []
        self._session = ""  # of the agent's process
        self._last = 0
        self._thread: threading.Thread | None = None
        self._is_closed = False

    def watch(self, attempt: RemoteAttempt) -> None:
        """Before its order goes out, so that nothing of it is missed."""
        with self._lock:
            self._attempts[attempt.order.id] = attempt
            if self._thread is None and not self._is_closed:
                self._thread = threading.Thread(target=self._listen, daemon=True, name=f"events of {self._run[:8]}")
                self._thread.start()

    def settle(self, id: AttemptId) -> None:
        """The run has all that it needs of it."""
        with self._lock:
            self._attempts.pop(id, None)
            self._done.append(id)

    def attempts(self) -> list[RemoteAttempt]:
        with self._lock:
            return list(self._attempts.values())

    def close(self, is_lost: bool) -> None:
        """Listen no more. What the run is done with is told, unless the node is lost: when it comes back, it is asked
        what it has."""
        self._is_closed = True
        with self._lock:
            done, self._done = self._done, []
        if done and not is_lost:
            with contextlib.suppress(ContentRefused, ContentUnreachable):
                self._client.forget(done)

    def finish(self, attempt: RemoteAttempt, over: AttemptOver) -> None:
        """Tell its end, unless that was told."""
        with self._lock:
            if attempt.is_over:
                return
            attempt.is_over = True
        self._ends.over(over)

    def _listen(self) -> None:
        failures, idle_since = 0, 0.0
        while not self._is_closed:
            with self._lock:
                is_idle = all(each.is_over for each in self._attempts.values())
                idle_since = (idle_since or time.monotonic()) if is_idle else 0.0
                if is_idle and not self._attempts and not self._done and time.monotonic() - idle_since > LINGER_SECONDS:
                    self._thread = None
                    return
            try:
                self._hear(LINGER_SECONDS if is_idle else POLL_SECONDS)
                failures = 0
            except (PipelineError, ValueError) as error:  # also an answer that is none
                failures += 1
                if failures >= TRIES or "timed out" in str(error):
                    self._lose(str(error))
                    return
                time.sleep(PAUSE)

    def _hear(self, seconds: float) -> None:
        with self._lock:
            done, self._done = tuple(self._done), []
        question = EventsQuestion(run=self._run, session=self._session, after=self._last, seconds=seconds, done=done)
        try:
            news = self._client.events(question)
        except (PipelineError, ValueError):
            with self._lock:
                self._done = [*done, *self._done]
            raise
        if news.session != self._session:
            self._meet(news)
        for event in news.events:
            self._tell(event)
        self._last = news.last
        if news.drains:
            self._ends.drains()

    def _meet(self, news: NodeEvents) -> None:
        """The agent's process is another one than before: what it doesn't know ended with that one."""
        before, self._session = self._session, news.session
        if not before:
            return
        known = self._client.attempts(self._run)
        for attempt in self.attempts():
            if attempt.order.id not in {*known.running, *known.ended}:
                end = attempt.exit_by("lost", "its agent ended and was started again")
                self.finish(attempt, AttemptOver(attempt, end))

    def _lose(self, words: str) -> None:
        self._is_closed = True
        self._ends.lost(words)

    def _tell(self, event: AnyNodeEvent) -> None:
        with self._lock:
            attempt = self._attempts.get(event.id)
        if attempt is None or attempt.is_over:
            return
        match event:
            case AttemptPrepares():
                self._ends.message(Message(attempt.name, StageReport(note=event.words)))
            case AttemptBegan():
                attempt.began = time.monotonic() - event.seconds
            case AttemptReported():
                self._ends.message(Message(attempt.name, replace(event.report, began=None)))
            case AttemptLogged():
                _log(attempt, event)
            case AttemptEnded():
                self._end(attempt, event)

    def _end(self, attempt: RemoteAttempt, event: AttemptEnded) -> None:
        """What it left is brought here first: in this thread where all of it came along."""
        outcome = event.outcome
        if not outcome.is_success:
            self.finish(attempt, AttemptOver(attempt, attempt.exit_of(outcome), outcome))
        elif outcome.contents().keys() <= event.contents.keys():
            self._collect(attempt, event)
        else:
            self._ends.beside(partial(self._collect, attempt, event))

    def _collect(self, attempt: RemoteAttempt, event: AttemptEnded) -> None:
        exited = attempt.exit_of(event.outcome)
        try:
            self._client.pull(event.outcome, attempt.live.attempt.outputs, event.contents)
        except (ContentUnknown, ContentDamaged, ValueError) as error:
            exited = attempt.exit_by("content", f"what it made can't be had: {error}")
        except (ContentUnreachable, ContentRefused) as error:
            exited = attempt.exit_by("lost", f"what it made can't be had: {error.message}")
        except NoRoom:
            exited = attempt.exit_here(os.strerror(errno.ENOSPC))
        except OSError as error:
            exited = attempt.exit_here(error.strerror or str(error))
        self.finish(attempt, AttemptOver(attempt, exited, event.outcome))


def _log(attempt: RemoteAttempt, event: AttemptLogged) -> None:
    """Told twice, it is written twice to the same place."""
    with contextlib.suppress(OSError):  # a full disk; the stage's result counts
        file = os.open(attempt.live.invocation.log, os.O_WRONLY | os.O_CREAT, 0o666)
        try:
            os.pwrite(file, event.data, attempt.live.log_start + event.offset)
        finally:
            os.close(file)
