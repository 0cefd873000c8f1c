"""The nodes of a run: they join, are lost, come back and leave; and what that means for the attempts on them."""

import time
from collections.abc import Callable, Sequence

from pipeline.cluster.driver.content_holders import ContentHolders
from pipeline.cluster.driver.node_queue import NodeQueue
from pipeline.cluster.driver.node_session import NodeReady, NodeSession, NodeSilent, SessionParts
from pipeline.cluster.driver.remote_attempt import AttemptOver
from pipeline.cluster.members import ClusterNotice, NodeExplained, NodeLeft, NodeLoss, NodeUnusable
from pipeline.cluster.node_client import NodeClient
from pipeline.cluster.placing.node_supply import NodeSupply
from pipeline.cluster.wire.attempt_order import AttemptId
from pipeline.cluster.wire.node_announcement import NodeAnnouncement
from pipeline.sizes import show_size
from pipeline.text import counted

Client = Callable[[NodeAnnouncement], NodeClient]
Tell = Callable[[str], None]


class RunNodes:
    def __init__(
        self, queue: NodeQueue, holders: ContentHolders, client: Client, parts: SessionParts, tell: Tell
    ) -> None:
        """``client``: makes what asks a node. ``tell``: a person hears it."""
        self._queue = queue
        self._holders = holders
        self._client = client
        self._parts = parts
        self._tell = tell
        self._sessions: dict[str, NodeSession] = {}  # also of nodes that can't be reached just now
        self._earlier: dict[str, tuple[str, AttemptId]] = {}  # attempts of earlier runs by stage, with their nodes

    def session(self, name: str) -> NodeSession | None:
        return self._sessions.get(name)

    @property
    def working(self) -> list[NodeSession]:
        """Those that can be reached."""
        return [session for name, session in self._sessions.items() if self._queue.has_node(name)]

    def joined(self, node: NodeAnnouncement) -> Sequence[AttemptOver]:
        """It is asked what it knows first."""
        if node.earlier_end:
            self._tell(f"node {node.name}: {node.earlier_end}")
        lost = self._lost(node.name, NodeLoss(words="another process has taken its place"))
        self._sessions[node.name] = NodeSession(node, self._client(node), self._parts)
        return lost

    def ready(self, letter: NodeReady, is_wanted: Callable[[str], bool]) -> None:
        """It gets stages from now on. ``is_wanted``: whether a stage, by its id, has no attempt in this run."""
        session, node = letter.session, letter.session.node
        if self._sessions.get(node.name) is not session or self._queue.has_node(node.name):
            return
        newest: dict[str, AttemptId] = {}
        for id in sorted(letter.known, key=lambda each: each.number):
            newest[f"{id.job}/{id.stage}"] = id
        wanted = {stage: id for stage, id in newest.items() if is_wanted(stage)}
        session.forget([id for id in letter.known if id not in wanted.values()])
        self._earlier.update({stage: (node.name, id) for stage, id in wanted.items()})
        self._queue.add_node(_supply(node), list(wanted))
        self._tell(f"node {node.name} joined: {_shown(node)}")
        session.tidy()

    def silent(self, letter: NodeSilent) -> None:
        """It is tried again."""
        name = letter.session.node.name
        if self._sessions.get(name) is letter.session:
            self._tell(f"node {name} can't be asked: {letter.words}")

    def gone(self, session: NodeSession, loss: NodeLoss) -> Sequence[AttemptOver]:
        """It can't be reached; it is tried again, and joins again when it answers."""
        name = session.node.name
        if self._sessions.get(name) is not session:
            return ()
        lost = self._lost(name, loss)
        self._tell(f"node {name} is lost: {loss.words}")
        self._sessions[name] = NodeSession(session.node, self._client(session.node), self._parts)
        return lost

    def noticed(self, change: ClusterNotice) -> None:
        self._tell(change.words)

    def unusable(self, change: NodeUnusable) -> None:
        self._tell(f"node {change.name} can't be used: {change.words}")

    def left(self, change: NodeLeft) -> Sequence[AttemptOver]:
        if change.name not in self._sessions:
            return ()
        lost = self._lost(change.name, change.loss)
        if change.loss.words:
            self._tell(f"node {change.name} has left: {change.loss.words}")
        return lost

    def explained(self, change: NodeExplained) -> None:
        self._tell(f"node {change.name} was lost: {change.loss.words}")

    def drains(self, session: NodeSession) -> None:
        """It takes no more orders; what runs there may end."""
        if self._queue.has_node(session.node.name):
            self._queue.placement.drain(session.node.name)

    def resumed(self, stage: str) -> None:
        """This run has an attempt at it now."""
        self._earlier.pop(stage, None)

    def close(self) -> None:
        """What earlier runs began, and this one has no use for, is ended."""
        for name, id in self._earlier.values():
            if session := self._sessions.get(name):
                session.forget([id])
        for session in self._sessions.values():
            session.close()

    def _lost(self, name: str, loss: NodeLoss) -> list[AttemptOver]:
        session = self._sessions.pop(name, None)
        if session is None:
            return []
        attempts = session.attempts()
        session.close(is_lost=True)
        self._holders.forget(name)
        if self._queue.has_node(name):
            self._queue.remove_node(name)
        return [session.ended(each, each.exit_by(loss.kind, loss.words or "it is gone")) for each in attempts]


def _supply(node: NodeAnnouncement) -> NodeSupply:
    ends = None if node.seconds_left is None else time.monotonic() + node.seconds_left
    return NodeSupply(
        name=node.name,
        cpus=node.cpus,
        memory=node.memory,
        gpus=node.gpus,
        labels=frozenset(node.labels),
        ends=ends,
    )


def _shown(node: NodeAnnouncement) -> str:
    gpus = f", {counted(len(node.gpus), 'GPU')}" if node.gpus else ""
    return f"{node.cpus:g} CPU{'' if node.cpus == 1 else 's'}, {show_size(node.memory)} of memory{gpus}"
