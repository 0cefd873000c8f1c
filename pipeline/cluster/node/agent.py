"""A node's agent: takes orders, says how they stand, and keeps their outcomes until the run has what they made.

What it promises: an order that comes twice is carried out once; of one stage of a run only the attempt with the highest
number counts; an outcome is on the disk before it is told, and is told again after the agent or the run was killed.
"""

import contextlib
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from pipeline.cluster.content import store as content_store
from pipeline.cluster.content.store import ContentStore
from pipeline.cluster.node.attempt_work import GRACE_SECONDS, AttemptWork
from pipeline.cluster.node.local_runs import LocalRuns
from pipeline.cluster.node.node_attempt import NodeAttempt
from pipeline.cluster.node.node_environments import NodeEnvironments
from pipeline.cluster.node.node_folder import NodeFolder
from pipeline.cluster.wire.attempt_order import AttemptId, AttemptOrder
from pipeline.cluster.wire.attempt_outcome import AttemptOutcome, AttemptState, MissingContents, Problem
from pipeline.errors import NotReady
from pipeline.executors import runtime_folder
from pipeline.executors.base import WorkerLimits
from pipeline.files import try_remove_tree, write_whole
from pipeline.values import Struct, decode, encode

OUTCOME = "outcome.json"
PARTS_OF_ATTEMPT = ("inputs", "models", "run", "source")
KEPT_SECONDS = 7 * 86_400  # an outcome that no run has asked for


class AttemptSuperseded(NotReady):
    """A later attempt at the same stage is known here."""


class AgentSettings(Struct, frozen=True):
    """What an agent is started with."""

    folder: Path
    name: str  # of the node
    limit: int = 50 << 30  # bytes of contents that it keeps
    workers: WorkerLimits | None = None
    runtime: Path | None = None  # where workers are found; default: this user's runtime folder


@contextlib.contextmanager
def running(settings: AgentSettings, variables: Mapping[str, str]) -> Iterator["NodeAgent"]:
    """An agent on its folder; at the end, all that runs is ended. Raises ``NotReady`` where another one has it."""
    folder = NodeFolder(settings.folder)
    folder.make()
    with content_store.opened(folder.contents, settings.limit) as store:
        runs = LocalRuns(folder.project.logs, settings.workers, settings.runtime)
        environments = NodeEnvironments(folder, store)
        busy = settings.runtime or runtime_folder.locate(variables)
        agent = NodeAgent(AttemptWork(settings.name, folder, store, environments, runs, variables, busy))
        try:
            yield agent
        finally:
            agent.stop()
            runs.close(GRACE_SECONDS)
            agent.join()


class NodeAgent:
    """Made by ``running``."""

    def __init__(self, work: AttemptWork) -> None:
        self._work = work
        self._lock = threading.Lock()
        self._attempts: dict[AttemptId, NodeAttempt] = {}
        self._ended: dict[AttemptId, AttemptOutcome] = {}  # of earlier agents
        self._holds: dict[AttemptId, contextlib.ExitStack] = {}
        self._threads: dict[AttemptId, threading.Thread] = {}
        for outcome in _kept_outcomes(work.folder.attempts):
            self._ended[outcome.id] = outcome
            self._hold(outcome.id).enter_context(work.store.hold(outcome.contents()))

    @property
    def store(self) -> ContentStore:
        return self._work.store

    def begin(self, order: AttemptOrder) -> MissingContents:
        """Carry out an order, unless it is known already; or say which contents must come first.

        Raises ``AttemptSuperseded``. An earlier attempt at the same stage is ended.
        """
        with self._lock:
            if order.id in self._attempts or order.id in self._ended:
                return MissingContents()
            for other in [*self._attempts, *self._ended]:
                if other.work == order.id.work and other.number > order.id.number:
                    raise AttemptSuperseded(f"attempt {other.number} at {order.id.stage} is known here")
            hold = self._hold(order.id)
            hold.enter_context(self.store.hold(order.contents()))
            missing = [digest for digest in order.contents() if self.store.find(digest) is None]
            if missing:
                self._let_go(order.id)
                return MissingContents(tuple(missing))
            for other, attempt in self._attempts.items():
                if other.work == order.id.work:
                    self._stop(attempt, "superseded")
            self._start(order)
        return MissingContents()

    def state(self, id: AttemptId, reports: int, log: int, seconds: float) -> AttemptState:
        """What there is to tell beyond so many reports and bytes of the log; waits for it, so many seconds at most."""
        with self._lock:
            attempt, outcome = self._attempts.get(id), self._ended.get(id)
        if attempt is not None:
            return attempt.state(reports, log, seconds)
        return AttemptState(phase="ended", outcome=outcome) if outcome else AttemptState(phase="unknown")

    def cancel(self, id: AttemptId) -> None:
        """End it; its outcome says so. One that has ended stays as it is."""
        with self._lock:
            if attempt := self._attempts.get(id):
                self._stop(attempt, "cancelled")

    def forget(self, id: AttemptId) -> None:
        """The run has all that it needs of an attempt that has ended; one that goes on is ended first.

        Raises ``NotReady`` where it hasn't ended in a few seconds, as while an environment is built for it.
        """
        self.cancel(id)
        if thread := self._threads.get(id):
            thread.join(2 * GRACE_SECONDS)
            if thread.is_alive():
                raise NotReady(f"attempt {id.number} at {id.stage} hasn't ended yet")
        with self._lock:
            self._attempts.pop(id, None)
            self._ended.pop(id, None)
            self._threads.pop(id, None)
            self._let_go(id)
            try_remove_tree(self._work.folder.attempt(id))

    def stop(self) -> None:
        """End all attempts."""
        with self._lock:
            for attempt in self._attempts.values():
                self._stop(attempt, "node")

    def join(self) -> None:
        """Wait for their ends, a few seconds at most: one may be building an environment."""
        until = time.monotonic() + GRACE_SECONDS
        for thread in list(self._threads.values()):
            thread.join(max(0.0, until - time.monotonic()))

    def _start(self, order: AttemptOrder) -> None:
        place = self._work.folder.attempt(order.id)
        try_remove_tree(place)
        place.mkdir(parents=True)
        attempt = NodeAttempt(order, place / "log.txt")
        thread = threading.Thread(target=self._carry_out, args=(attempt, place), daemon=True, name=place.name)
        self._attempts[order.id], self._threads[order.id] = attempt, thread
        thread.start()

    def _carry_out(self, attempt: NodeAttempt, place: Path) -> None:
        outcome = self._work.outcome(attempt)
        with self._lock:
            hold = self._holds.get(outcome.id)
            if hold is not None:
                hold.enter_context(self.store.hold(outcome.contents()))
        for name in PARTS_OF_ATTEMPT:
            try_remove_tree(place / name)
        with contextlib.suppress(OSError):  # a full disk; it is told all the same
            write_whole(place / OUTCOME, encode(outcome))
        attempt.end(outcome)

    def _stop(self, attempt: NodeAttempt, why: Problem) -> None:
        if not attempt.is_ended:
            attempt.stopped = attempt.stopped or why
            self._work.runs.cancel(self._work.folder.attempt(attempt.order.id).name, GRACE_SECONDS)

    def _hold(self, id: AttemptId) -> contextlib.ExitStack:
        return self._holds.setdefault(id, contextlib.ExitStack())

    def _let_go(self, id: AttemptId) -> None:
        if hold := self._holds.pop(id, None):
            hold.close()


def _kept_outcomes(folder: Path) -> Iterator[AttemptOutcome]:
    """Those of earlier agents. What has none ended with its agent, and is removed."""
    for place in folder.iterdir():
        try:
            outcome = decode((place / OUTCOME).read_bytes(), AttemptOutcome)
            is_old = time.time() - (place / OUTCOME).stat().st_mtime > KEPT_SECONDS
        except (OSError, ValueError):
            is_old = True
        if is_old:
            try_remove_tree(place)
        else:
            yield outcome
