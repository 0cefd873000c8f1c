"""The nodes of a cluster as the place where a run's stages run."""

import contextlib
import errno
import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from pipeline.cluster.driver import stage_needs
from pipeline.cluster.driver.attempt_orders import AttemptOrders
from pipeline.cluster.driver.content_holders import LARGE, ContentHolders
from pipeline.cluster.driver.finished_runs import FinishedRuns
from pipeline.cluster.driver.mailbox import Mailbox
from pipeline.cluster.driver.node_paths import paths_here
from pipeline.cluster.driver.node_queue import NodeQueue
from pipeline.cluster.driver.node_session import (
    Letter,
    NodeDrains,
    NodeGone,
    NodeReady,
    NodeSession,
    NodeSilent,
    SessionParts,
)
from pipeline.cluster.driver.remote_attempt import AttemptOver, RemoteAttempt
from pipeline.cluster.driver.run_nodes import Client, RunNodes
from pipeline.cluster.members import (
    ClusterFailed,
    ClusterNotice,
    Members,
    MembershipChange,
    NodeExplained,
    NodeJoined,
    NodeLeft,
    NodeLoss,
    NodeUnusable,
)
from pipeline.cluster.wire.attempt_order import AttemptId, AttemptOrder
from pipeline.directories.tree_reader import DirectoryUnusable
from pipeline.errors import NotReady
from pipeline.executors import Event, Message, ProcessExit, Trouble
from pipeline.host.resources import Ledger
from pipeline.jobs.job import PlannedJob
from pipeline.jobs.state import Status
from pipeline.process import Interpreter
from pipeline.run.context import RunContext
from pipeline.run.job_run import JobRun
from pipeline.run.task import LiveAttempt, Task
from pipeline.values import Struct, replace

BESIDE = 8  # threads that send and fetch contents
SCALE_SECONDS = 0.5  # between two counts of the nodes that are wanted
ENDS_SECONDS = 10.0  # for the ends of what was cancelled, beyond its grace
EARLIER_SECONDS = 2.0  # that a run which is done waits for nodes of earlier runs


class ClusterParts(Struct, frozen=True):
    """What a cluster is to a run."""

    members: Members
    client: Client
    licences: Mapping[str, int]
    shared: Sequence[Path] = ()  # folders that all machines see
    packages: Path | None = None  # a folder of wheels for nodes without an index


class ClusterWorkplace:
    """As ``Workplace``, and as ``Execution``. ``mailbox``: what the cluster's members ring, too."""

    def __init__(self, context: RunContext, ledger: Ledger, parts: ClusterParts, mailbox: Mailbox[Letter]) -> None:
        self.ledger = ledger
        self.queue = NodeQueue(parts.licences, self._send_ahead)
        self._members = parts.members
        self._mailbox = mailbox
        self._orders = AttemptOrders(context.project, parts.packages)
        places = self._orders.items.places
        self._holders = ContentHolders(parts.shared, places)
        self._pool = ThreadPoolExecutor(BESIDE, "contents")
        self._requests = ThreadPoolExecutor(BESIDE, "requests")  # a cancel doesn't wait for a large content
        sessions = SessionParts(
            post=mailbox.post,
            beside=partial(_submitted, self._pool),
            soon=partial(_submitted, self._requests),
            places=places,
            sources=self._holders.sources,
            runs=self._orders.runs,
            tidy=FinishedRuns(context.project.jobs).forget_on,
        )
        self._nodes = RunNodes(self.queue, self._holders, parts.client, sessions, context.observer.progress)
        self._attempts: dict[str, RemoteAttempt] = {}  # by invocation, until what they left is committed
        self._begun: set[str] = set()  # stages that this run has made an attempt at, by id
        self._scaled_at = 0.0
        self._refusals: dict[str, dict[str, str]] = {}  # why nodes can't have an environment: by its key, by node
        self._is_closed = False

    @property
    def execution(self) -> "ClusterWorkplace":
        return self

    def admit(self, job: JobRun) -> None:
        """As ``AttemptOrders.admit``."""
        self._orders.admit(job.job)
        self.queue.jobs[job.job.id] = job

    def submit(self, job: JobRun, live: LiveAttempt) -> None:
        session = self._nodes.session(live.grant.node)
        predecessors = _ids_of(live.grant.predecessors, session) if session and live.grant.predecessors else ()
        attempt = RemoteAttempt(live, self._order(job, live, predecessors), live.grant.node)
        self._attempts[attempt.name] = attempt
        self._begun.add(stage_needs.id_of(live.task))
        self._nodes.resumed(stage_needs.id_of(live.task))
        if session:
            session.order(attempt)
        else:
            words = self._why_nowhere(live.task) or "no node could have it"
            self._mailbox.post(AttemptOver(attempt, attempt.exit_by("nowhere", words)))

    def _order(self, job: JobRun, live: LiveAttempt, predecessors: tuple[AttemptId, ...]) -> AttemptOrder:
        try:
            return self._orders.of(job, live, predecessors)
        except DirectoryUnusable as error:
            raise OSError(errno.EINVAL, f"a folder that it reads {error}") from error

    def settled(self, live: LiveAttempt) -> None:
        attempt = self._attempts.pop(live.invocation.id, None)
        if attempt and (session := self._nodes.session(attempt.node)):
            session.settle(attempt.order.id)

    def prepare(self, interpreter: Interpreter) -> None:
        """Nothing is started ahead on this machine."""

    def wait(self, wake: int, timeout: float | None = None) -> Sequence[Event]:
        """Raises ``NotReady`` where no node can come any more."""
        self._mailbox.wait(wake, timeout)
        events = self._news()
        if time.monotonic() - self._scaled_at >= SCALE_SECONDS:
            self._scaled_at = time.monotonic()
            self._members.want(self._wanted_nodes())
        return events

    def _news(self) -> list[Event]:
        """As ``wait``, of what has come already."""
        overs = [over for change in self._members.changes() for over in self._change(change)]
        events: list[Event] = [*self._exits(overs)]
        for letter in self._mailbox.take():
            events += self._opened(letter)
        return events

    def cancel(self, id: str, grace: float) -> None:  # noqa: ARG002  # a node has a grace of its own
        attempt = self._attempts.get(id)
        if attempt and not attempt.is_over and (session := self._nodes.session(attempt.node)):
            session.cancel(attempt)

    def stop(self, grace: float) -> None:
        running = [each for each in self._attempts.values() if not each.is_over]
        for attempt in running:
            self.cancel(attempt.name, grace)
        deadline = time.monotonic() + grace + ENDS_SECONDS
        while any(not each.is_over for each in running) and time.monotonic() < deadline:
            time.sleep(0.02)  # the ends are heard in other threads
        for attempt in running:
            self.settled(attempt.live)

    def close(self) -> None:
        """May be called again."""
        if self._is_closed:
            return
        self._is_closed = True
        with contextlib.suppress(NotReady):  # no node can come any more
            self._await_earlier_nodes()
        self._nodes.close()
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._requests.shutdown(wait=True)

    def _await_earlier_nodes(self) -> None:
        """They keep what an earlier run began there, until they hear that its job is done."""
        names = {name for job in self.queue.jobs.values() for name in _earlier_nodes(job.job)}
        deadline = time.monotonic() + EARLIER_SECONDS
        while not all(map(self.queue.has_node, names)) and time.monotonic() < deadline:
            self._news()
            time.sleep(0.02)  # they are met in other threads

    def _opened(self, letter: Letter) -> list[Event]:
        match letter:
            case Message():
                attempt = self._attempts.get(letter.id)
                return [letter] if attempt and not attempt.has_exited else []
            case AttemptOver():
                return [*self._exits([letter])]
            case NodeReady():
                self._nodes.ready(letter, self._is_wanted)
            case NodeSilent():
                self._nodes.silent(letter)
            case NodeDrains():
                self._nodes.drains(letter.session)
            case NodeGone():
                loss = self._members.why(letter.session.node.name) or NodeLoss(words=letter.words)
                return [*self._exits(self._nodes.gone(letter.session, loss))]
        return []

    def _change(self, change: MembershipChange) -> Sequence[AttemptOver]:
        match change:
            case NodeJoined():
                return self._nodes.joined(change.node)
            case NodeLeft():
                return self._nodes.left(change)
            case NodeExplained():
                self._nodes.explained(change)
            case NodeUnusable():
                self._nodes.unusable(change)
            case ClusterNotice():
                self._nodes.noticed(change)
            case ClusterFailed():
                raise NotReady(change.words, change.next_step)
        return ()

    def _is_wanted(self, stage: str) -> bool:
        """Whether what an earlier run, or a node that was lost, has of a stage may be of use: it waits, or has had no
        attempt in this run."""
        return self.queue.waits(stage) or stage not in self._begun

    def _exits(self, overs: Sequence[AttemptOver]) -> Iterator[ProcessExit]:
        """Each attempt's end once: a node that is lost may have told it at the same moment."""
        for over in overs:
            if not over.attempt.has_exited:
                over.attempt.has_exited = True
                yield self._exited(over)

    def _exited(self, over: AttemptOver) -> ProcessExit:
        attempt, outcome = over.attempt, over.outcome
        node, key = attempt.node, attempt.order.environment.key
        session = self._nodes.session(node)
        if session and outcome and outcome.problem not in {"environment", "content", "room"}:
            large = self._holders.note(node, session.node.address, {**attempt.order.contents(), **outcome.contents()})
            self.queue.has_on(node, key, large)
        if outcome and not outcome.is_success:
            attempt.live.paths_here = paths_here(attempt, outcome)
        trouble = over.exited.trouble
        if trouble is None:
            return over.exited
        return replace(over.exited, trouble=self._judged(attempt, trouble))

    def _judged(self, attempt: RemoteAttempt, trouble: Trouble) -> Trouble:
        """What follows for the node; and whether there is another one for the stage."""
        key = attempt.order.environment.key
        if trouble.kind == "environment" and self.queue.has_node(attempt.node):
            self._refusals.setdefault(key, {})[attempt.node] = trouble.words
            self.queue.placement.ban(attempt.node, key)
            if words := self._why_nowhere(attempt.live.task):
                return Trouble("nowhere", words)
        elif trouble.kind == "room" and len(self._nodes.working) > 1 and self.queue.has_node(attempt.node):
            self.queue.placement.drain(attempt.node)
        return trouble

    def _why_nowhere(self, task: Task) -> str | None:
        words = self.queue.why_nowhere(task)
        key = self.queue.environment_of(task)
        reasons = [f"{node}: {reason}" for node, reason in self._refusals.get(key, {}).items()]
        return "\n  ".join([words, *reasons]) if words else None

    def _wanted_nodes(self) -> int:
        """Those that work, and what would be needed for all that waits."""
        working = self._nodes.working
        cpus = max(1.0, sum(each.node.cpus for each in working) / len(working)) if working else 1.0
        busy = len({each.node for each in self._attempts.values() if not each.is_over})
        return busy + math.ceil(self.queue.waiting / cpus)

    def _send_ahead(self, task: Task, node: str) -> None:
        files = self.queue.jobs[task.job_id].invocations.input_files(task.stage)
        if session := self._nodes.session(node):
            session.send_ahead([(each.digest, each.path) for each in files if each.size >= LARGE])


def _earlier_nodes(job: PlannedJob) -> set[str]:
    """Those that ran the stages of a job, before this run began; none where the job isn't done."""
    names = {stage.node for stage in job.loaded.stages.values() if stage.node}
    return names if names and job.state().status is Status.FINISHED else set()


def _ids_of(stages: Sequence[str], session: NodeSession) -> tuple[AttemptId, ...]:
    """The latest attempts at these stages, on the node where they run."""
    latest = {stage_needs.id_of(each.live.task): each.order.id for each in session.known()}
    return tuple(latest[stage] for stage in stages if stage in latest)


def _submitted(pool: ThreadPoolExecutor, work: Callable[[], None]) -> None:
    with contextlib.suppress(RuntimeError):  # the run has ended
        pool.submit(work)
