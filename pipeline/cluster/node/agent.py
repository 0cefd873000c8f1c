"""A node's agent: takes orders, tells how they go, and keeps their outcomes until the run has what they made.

What it promises: an order that comes twice is carried out once; of one stage of a run only the attempt with the highest
number counts, and takes over what an earlier one has done for the same order; an outcome is on the disk before it is
told, and is told again after the agent or the run was killed.
"""

import contextlib
import os
import threading
import time
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from pipeline.cluster.content.errors import NoRoom
from pipeline.cluster.content.store import ContentStore
from pipeline.cluster.node import attempt_files
from pipeline.cluster.node.attempt_threads import AttemptThreads
from pipeline.cluster.node.attempt_work import GRACE_SECONDS, AttemptWork
from pipeline.cluster.node.known_attempts import KnownAttempts
from pipeline.cluster.node.node_attempt import NodeAttempt
from pipeline.cluster.node.outcome_archive import KEPT_SECONDS, ArchivedAttempt, OutcomeArchive, likeness
from pipeline.cluster.node.run_events import RunEvents
from pipeline.cluster.wire.attempt_order import AttemptId, AttemptOrder, require_safe_order
from pipeline.cluster.wire.attempt_outcome import AttemptOutcome, Problem
from pipeline.cluster.wire.node_events import (
    ContentSource,
    EventsQuestion,
    NodeAttempts,
    NodeEvents,
    OrderAnswer,
    OrderAnswers,
    OrderBatch,
)
from pipeline.values import replace

IDLE_SECONDS = 3600.0  # after which a run of which nothing is known any more is forgotten


class NodeAgent:
    """Made by ``agent_setup.running``."""

    def __init__(self, work: AttemptWork, outcomes: OutcomeArchive, earlier_end: str = "") -> None:
        """``outcomes``: of earlier agents, too. ``earlier_end``: how the agent before this one ended, where that was no
        good end."""
        self.earlier_end = earlier_end
        self._work = work
        self._outcomes = outcomes
        self._name = os.urandom(6).hex()  # unlike that of any other agent's process
        self._key = os.urandom(16)
        self._lock = threading.RLock()  # over all below
        self._quiet = threading.Condition(self._lock)
        self._known = KnownAttempts()
        self._runs: dict[str, RunEvents] = {}
        self._holds: dict[NodeAttempt, contextlib.ExitStack] = {}
        self._threads = AttemptThreads()
        self._drains = False
        kept = outcomes.all()
        attempt_files.clear_others(work.folder.attempts, kept)
        for name, each in kept.items():
            self._add_kept(work.folder.attempts / name, each)

    @property
    def store(self) -> ContentStore:
        return self._work.store

    def begin(self, batch: OrderBatch) -> OrderAnswers:
        """Carry out orders, unless they are known already; or say which contents must come first.

        Raises ``ContentDamaged`` where a content that came along isn't what it should be.
        """
        with self.store.hold(batch.contents):
            for digest, data in batch.contents.items():
                with contextlib.suppress(NoRoom):  # it is missing then, and whoever sends it learns why
                    self.store.put_bytes(data, digest)
            return OrderAnswers(tuple(self._begin(order, batch.sources) for order in batch.orders))

    def events(self, question: EventsQuestion) -> NodeEvents:
        """What has happened to a run's attempts, as soon as anything has."""
        self.forget(question.done)
        with self._lock:
            events = self._events_of(question.run)
        return events.answer(question)

    def attempts(self, run: str) -> NodeAttempts:
        with self._lock:
            known = [each for each in self._known.of(run) if not each.is_unwanted]
            return NodeAttempts(
                running=tuple(each.id for each in known if not each.is_ended),
                ended=tuple(each.id for each in known if each.is_ended),
            )

    def runs(self) -> list[str]:
        """Those of which anything is known."""
        with self._lock:
            return sorted({each.id.run for each in self._known})

    def cancel(self, ids: Sequence[AttemptId]) -> None:
        """End them; their outcomes say so. One that has ended stays as it is."""
        with self._lock:
            for id in ids:
                if attempt := self._known.find(id):
                    self._stop(attempt, "cancelled")

    def forget(self, ids: Sequence[AttemptId]) -> None:
        """The run has all that it needs of them; one that goes on is ended, and nobody hears of its end."""
        left: list[Path] = []
        with self._lock:
            for id in ids:
                if attempt := self._known.find(id):
                    attempt.is_unwanted = True
                    self._stop(attempt, "cancelled")
                    if attempt.is_ended:
                        left.append(self._remove(attempt))
        for place in left:  # which may take a while, and holds up nobody
            attempt_files.clear(place)

    def drain(self) -> None:
        """Take no more orders; what runs goes on."""
        with self._lock:
            self._drains = True
            for events in self._runs.values():
                events.drain()

    def wait_until_done(self, seconds: float) -> bool:
        """Until all attempts have ended and their runs have what they made, at most so long; returns whether they
        have."""
        with self._lock:
            return self._quiet.wait_for(lambda: not any(self._known), seconds)

    def stop(self) -> None:
        """End all attempts."""
        with self._lock:
            self.drain()
            for attempt in self._known:
                self._stop(attempt, "node")

    def join(self) -> None:
        """Wait for their ends, a few seconds at most."""
        self._threads.join(GRACE_SECONDS)

    def _begin(self, order: AttemptOrder, sources: Mapping[str, tuple[ContentSource, ...]]) -> OrderAnswer:
        try:
            require_safe_order(order)
        except ValueError as error:
            return OrderAnswer(order.id, refused=str(error))
        with self._lock:
            if self._known.find(order.id):
                return OrderAnswer(order.id)
            if reason := self._refusal(order.id):
                return OrderAnswer(order.id, refused=reason)
            if self._take_over(order):
                return OrderAnswer(order.id)
            hold = contextlib.ExitStack()
            hold.enter_context(self.store.hold(order.contents()))
            missing = [digest for digest in order.contents() if self.store.find(digest) is None]
            if nowhere := [digest for digest in missing if not sources.get(digest)]:
                hold.close()
                return OrderAnswer(order.id, missing=tuple(nowhere))
            for other in self._known.at(order.id.work):
                self._stop(other, "superseded")
            self._start(order, hold, {digest: sources[digest] for digest in missing})
        return OrderAnswer(order.id)

    def _refusal(self, id: AttemptId) -> str:
        if self._drains:
            return "this node takes no more orders"
        highest = self._known.highest(id.work)
        if highest > id.number:
            return f"attempt {highest} at {id.stage} is known here"
        return f"attempt {highest} at {id.stage} was forgotten" if highest == id.number else ""

    def _take_over(self, order: AttemptOrder) -> bool:
        """Whether an earlier attempt has done, or does, what is ordered; it goes on as the later one."""
        own = likeness(order, self._key)
        for earlier in self._known.at(order.id.work):
            is_good = earlier.outcome.is_success if earlier.outcome else not earlier.stopped
            if is_good and earlier.likeness == own and not order.fresh:
                self._known.rename(earlier, order.id)
                if earlier.outcome:
                    self._keep(earlier, earlier.outcome)
                self._events_of(order.id.run).add(earlier)
                return True
        return False

    def _start(
        self, order: AttemptOrder, hold: contextlib.ExitStack, sources: Mapping[str, tuple[ContentSource, ...]]
    ) -> None:
        events = self._events_of(order.id.run)
        attempt = NodeAttempt(order.id, self._work.folder.attempt(order.id), likeness(order, self._key), events.ring)
        attempt.follow(self._predecessors(order))
        self._known.add(attempt)
        self._holds[attempt] = hold
        events.add(attempt)
        self._threads.run(partial(self._carry_out, attempt, order, sources))

    def _predecessors(self, order: AttemptOrder) -> list[NodeAttempt]:
        """Those that it waits for: none where one of them is over, or was never heard of."""
        found = [each for id in order.predecessors if (each := self._known.find(id)) and not each.is_over]
        return found if len(found) == len(order.predecessors) else []

    def _carry_out(
        self, attempt: NodeAttempt, order: AttemptOrder, sources: Mapping[str, tuple[ContentSource, ...]]
    ) -> None:
        outcome = self._work.outcome(attempt, order, sources)
        with self._lock:
            hold = self._holds[attempt]
            hold.enter_context(self.store.hold(outcome.contents()))
        attempt_files.clear_parts(attempt.place)
        id = attempt.id
        self._keep(attempt, outcome)
        with self._lock:
            if attempt.id != id:  # it was taken over meanwhile
                self._keep(attempt, outcome)
            attempt.end(outcome)
            if not attempt.is_unwanted:
                return
            place = self._remove(attempt)
        attempt_files.clear(place)

    def _keep(self, attempt: NodeAttempt, outcome: AttemptOutcome) -> None:
        kept = ArchivedAttempt(outcome=replace(outcome, id=attempt.id), reports=attempt.said, likeness=attempt.likeness)
        with contextlib.suppress(OSError):  # a full disk; it is told all the same
            self._outcomes.keep(attempt.place.name, kept)

    def _add_kept(self, place: Path, kept: ArchivedAttempt) -> None:
        id = kept.outcome.id
        events = self._events_of(id.run)
        attempt = NodeAttempt(id, place, kept.likeness, events.ring, kept.reports)
        attempt.end(kept.outcome)
        self._holds[attempt] = (
            contextlib.ExitStack()
        )  # what it made makes room where that is needed: nobody asks for it
        self._known.add(attempt)
        events.add(attempt)

    def _stop(self, attempt: NodeAttempt, why: Problem) -> None:
        if not attempt.is_ended:
            attempt.stop(why)
            self._work.runs.cancel(attempt.place.name, GRACE_SECONDS)

    def _remove(self, attempt: NodeAttempt) -> Path:
        """Know it no longer; returns its folder, which is of no use any more."""
        self._known.remove(attempt)
        self._outcomes.drop(attempt.place.name)
        if events := self._runs.get(attempt.id.run):
            events.remove(attempt)
        self._holds.pop(attempt).close()
        self._quiet.notify_all()
        return attempt.place

    def _events_of(self, run: str) -> RunEvents:
        if run not in self._runs:
            self._drop_idle_runs()
            events = self._runs[run] = RunEvents(self._name, self.store.read)
            if self._drains:
                events.drain()
        return self._runs[run]

    def _drop_idle_runs(self) -> None:
        """Of runs that don't come back, only so much is kept, for so long."""
        now = time.monotonic()
        for run, events in list(self._runs.items()):
            if now - events.asked > KEPT_SECONDS:
                for attempt in self._known.of(run):
                    if attempt.is_ended:
                        attempt_files.clear(self._remove(attempt))
            if now - events.asked > IDLE_SECONDS:
                ended = [each for each in self._known.of(run) if each.is_ended]
                for attempt in ended:
                    self._holds[attempt].close()
                if not self._known.of(run):
                    del self._runs[run]
