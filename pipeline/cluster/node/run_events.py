"""What one run hears of its attempts on this node.

Events get their numbers when they are told. Only those of the latest answer are kept, until the run asks for what
comes after them: everything else is read from where it lies (logs from their files), so that a run which never asks
costs nothing. A run that doesn't know this stream, since it or the agent is a new process, gets a new one, from the
beginning of each attempt.
"""

import threading
import time

from pipeline.cluster.content.errors import ContentRefused
from pipeline.cluster.node.attempt_news import MOST_EVENTS, AnswerRoom, AttemptNews, ReadContent
from pipeline.cluster.node.node_attempt import NodeAttempt
from pipeline.cluster.wire.node_events import AnyNodeEvent, EventsQuestion, NodeEvents

LOOK_SECONDS = 0.1  # after which attempts are looked at: nobody tells of one that begins, and of a log that grows


class RunEvents:
    """One run's; threads share it."""

    def __init__(self, agent: str, read: ReadContent) -> None:
        """``agent``: unlike that of any other agent's process."""
        self.asked = time.monotonic()
        self._agent = agent
        self._read = read
        self._changed = threading.Condition()
        self._session = ""
        self._sessions = 0
        self._news: dict[NodeAttempt, AttemptNews] = {}
        self._told: list[AnyNodeEvent] = []
        self._last = 0  # number of the last event that was told
        self._drains = False
        self._drains_told = False

    def add(self, attempt: NodeAttempt) -> None:
        """Tell of it from its beginning, also where it was told of under another id."""
        with self._changed:
            self._news[attempt] = AttemptNews(attempt)
            self._changed.notify_all()

    def remove(self, attempt: NodeAttempt) -> None:
        with self._changed:
            self._news.pop(attempt, None)

    def ring(self) -> None:
        """There is news of an attempt."""
        with self._changed:
            self._changed.notify_all()

    def drain(self) -> None:
        """The node takes no more orders."""
        with self._changed:
            self._drains = True
            self._changed.notify_all()

    def answer(self, question: EventsQuestion) -> NodeEvents:
        """News, as soon as there are any, or after the seconds of the question.

        Raises ``ContentRefused`` where another process of the run asks by now.
        """
        until = time.monotonic() + question.seconds
        with self._changed:
            self.asked = time.monotonic()
            session = self._resume(question.session)
            after = question.after if session == question.session else 0
            while True:
                if session != self._session:
                    raise ContentRefused("another process of this run has asked since")
                events = self._after(after)
                left = until - time.monotonic()
                if events or self._drains != self._drains_told or left <= 0:
                    self._drains_told = self._drains
                    return NodeEvents(session, self._last if events else after, tuple(events), self._drains)
                self._changed.wait(min(left, LOOK_SECONDS) if self._more_may_come() else left)

    def _resume(self, session: str) -> str:
        """The session of a question: the one that it is of, or a new one."""
        if session and session == self._session:
            return session
        if self._session and session.startswith(f"{self._agent}."):
            raise ContentRefused("another process of this run has asked since")
        self._sessions += 1
        self._session = f"{self._agent}.{self._sessions}"
        self._told, self._last, self._drains_told = [], 0, False
        self._news = {attempt: AttemptNews(attempt) for attempt in self._news}
        self._changed.notify_all()
        return self._session

    def _after(self, number: int) -> list[AnyNodeEvent]:
        """Those that were told and come after the number; where all are known, new ones."""
        if number > self._last:
            raise ValueError(f"event {number} was never told, only {self._last} were")
        if number == self._last:
            self._told = self._new()
            self._last += len(self._told)
        return self._told[len(self._told) - (self._last - number) :] if number < self._last else []

    def _new(self) -> list[AnyNodeEvent]:
        """Whose log takes room comes last the next time, so that one that prints much holds up no other."""
        room = AnswerRoom(self._read)
        found: list[AnyNodeEvent] = []
        for attempt, news in list(self._news.items()):
            if len(found) >= MOST_EVENTS:
                break
            before = room.log
            found += news.take(room)
            if room.log < before:
                self._news[attempt] = self._news.pop(attempt)
        return found

    def _more_may_come(self) -> bool:
        return any(news.may_come for news in self._news.values())
