"""Runs on nodes that are agents' processes of this machine, each with a folder of its own."""

import contextlib
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from pipeline.cli.plain_reporter import PlainReporter
from pipeline.cli.runner import film_edits
from pipeline.cluster.driver.cluster_workplace import ClusterParts, ClusterWorkplace
from pipeline.cluster.driver.mailbox import Mailbox
from pipeline.cluster.driver.node_session import Letter
from pipeline.cluster.members import Members, MembershipChange, NodeJoined, NodeLeft, NodeLoss
from pipeline.cluster.node_client import NodeClient
from pipeline.cluster.wire.node_announcement import NodeAnnouncement
from pipeline.host.resources import Ledger
from pipeline.project import ProjectFolder
from pipeline.run.context import RunContext
from pipeline.run.execution import Options, execute
from pipeline.run.observer import JobOutcome
from tests.cluster.helpers import TOKEN, AgentProcess, agent_in
from tests.conftest import Sandbox


@dataclass
class FixedMembers:
    """As ``Members``: nodes that a test names."""

    ring: Callable[[], None] = lambda: None
    wanted: list[int] = field(default_factory=list)
    known: dict[str, NodeLoss] = field(default_factory=dict)
    _changes: deque[MembershipChange] = field(default_factory=deque)

    def __call__(self, ring: Callable[[], None]) -> "FixedMembers":
        """For a run, whose wait is ended so."""
        self.ring = ring
        return self

    def join(self, node: NodeAnnouncement) -> None:
        self._changes.append(NodeJoined(node))
        self.ring()

    def leave(self, name: str, loss: NodeLoss) -> None:
        self._changes.append(NodeLeft(name, loss))
        self.ring()

    def changes(self) -> Sequence[MembershipChange]:
        return [self._changes.popleft() for _ in range(len(self._changes))]

    def want(self, nodes: int) -> None:
        self.wanted.append(nodes)

    def why(self, name: str) -> NodeLoss | None:
        return self.known.get(name)

    def close(self) -> None:
        """The nodes are the test's."""


def announced(agent: AgentProcess, name: str, cpus: float = 2, labels: tuple[str, ...] = ()) -> NodeAnnouncement:
    address = agent.client.contents.address
    return NodeAnnouncement(name=name, address=address, host="localhost", cpus=cpus, labels=labels)


@dataclass
class Nodes:
    """Some nodes, and runs on them."""

    sandbox: Sandbox
    folder: Path
    members: Callable[[Callable[[], None]], Members]  # gets what ends the run's wait
    agents: dict[str, AgentProcess]
    licences: dict[str, int] = field(default_factory=dict)
    silence: float = 10.0  # seconds that a node may leave a question without an answer
    packages: Path | None = None  # wheels for nodes without an index

    def run(self, *ids: str, options: Options | None = None) -> Mapping[str, JobOutcome]:
        """Run jobs on the nodes; returns what became of each."""
        project = ProjectFolder(self.sandbox.root)
        folders = [self.sandbox.job(id) for id in ids]
        edits = partial(film_edits, project)
        return execute(
            project,
            folders,
            options or Options(),
            lambda jobs, _: PlainReporter(jobs),
            edits,
            elsewhere=self._workplace,
        )

    @contextlib.contextmanager
    def _workplace(self, context: RunContext, ledger: Ledger) -> Iterator[ClusterWorkplace]:
        mailbox: Mailbox[Letter] = Mailbox()
        parts = ClusterParts(self.members(mailbox.ring), self._client, self.licences, packages=self.packages)
        place = ClusterWorkplace(context, ledger, parts, mailbox)
        try:
            yield place
        finally:
            place.close()
            parts.members.close()
            mailbox.close()

    def _client(self, node: NodeAnnouncement) -> NodeClient:
        return NodeClient(node.address, TOKEN, seconds=self.silence)


@contextlib.contextmanager
def nodes_in(
    sandbox: Sandbox, folder: Path, *names: str, labels: Mapping[str, tuple[str, ...]] | None = None
) -> Iterator[Nodes]:
    """Nodes that have joined; ``labels``: of some of them."""
    with contextlib.ExitStack() as held:
        agents = {name: held.enter_context(agent_in(folder / name, name)) for name in names}
        members = FixedMembers()
        for name, agent in agents.items():
            members.join(announced(agent, name, labels=(labels or {}).get(name, ())))
        yield Nodes(sandbox, folder, members, agents)
