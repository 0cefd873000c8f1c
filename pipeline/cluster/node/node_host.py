"""A node in this process: its agent, and the server over it. A Dask worker's process has one, or one of its own."""

import contextlib
import socket
from collections.abc import Mapping, Sequence
from ipaddress import ip_address

from pipeline.cluster.content.server import ContentServer, Endpoint
from pipeline.cluster.node.agent_answers import answers_of
from pipeline.cluster.node.agent_setup import AgentSettings, running
from pipeline.cluster.node.node_cards import NodeCards
from pipeline.cluster.wire.node_announcement import NodeAnnouncement
from pipeline.errors import NotReady
from pipeline.host import machine


class NodeHost:
    """It works from now on, until ``stop``."""

    def __init__(
        self, settings: AgentSettings, variables: Mapping[str, str], endpoint: Endpoint | None = None, host: str = ""
    ) -> None:
        """``host``: how others reach this machine, where the endpoint says only that it listens everywhere.

        Raises ``NotReady`` where another agent or owner has the folder, ``UsageError`` where others could read along,
        and ``OSError``.
        """
        self._settings = settings
        self._variables = variables
        self._host = host
        self._retires = False
        with contextlib.ExitStack() as stack:
            self._agent = stack.enter_context(running(settings, variables))
            self._server = ContentServer(self._agent.store, settings.token, endpoint, answers_of(self._agent))
            stack.enter_context(self._server.running())
            self._running = stack.pop_all()

    @property
    def address(self) -> str:
        """HOST:PORT, for others."""
        host, _, port = self._server.address.rpartition(":")
        return f"{self._host or (socket.getfqdn() if _is_everywhere(host) else host)}:{port}"

    @property
    def earlier_end(self) -> str:
        """How the agent before this one ended, in the same folder, where that was no good end."""
        return self._agent.earlier_end

    def announcement(
        self, labels: Sequence[str] = (), seconds_left: float | None = None, batch_job: str = ""
    ) -> NodeAnnouncement:
        """What a run must know of this node. Takes seconds where the machine has GPUs."""
        found = machine.detect(self._variables)
        return NodeAnnouncement(
            name=self._settings.name,
            address=self.address,
            host=socket.gethostname(),
            cpus=found.cpus,
            memory=found.memory,
            gpus=self._gpus(),
            labels=tuple(labels),
            seconds_left=seconds_left,
            batch_job=batch_job,
            earlier_end=self.earlier_end,
        )

    def drain(self, seconds: float) -> bool:
        """Take no more orders, and wait until all that runs has ended and the runs have what it made; at most so long.

        Returns whether that was so.
        """
        self._agent.drain()
        return self._agent.wait_until_done(seconds)

    def retire(self) -> bool:
        """Take no more orders, unless something runs here or a run hasn't had what it made; returns whether that is so.

        Where an order comes in between, this returns true later, when it is carried out.
        """
        if not self._retires and not self._agent.wait_until_done(0.0):
            return False
        self._retires = True
        self._agent.drain()
        return self._agent.wait_until_done(0.0)

    def stop(self) -> None:
        """End all that runs, and the server. May be called again."""
        self._running.close()

    def _gpus(self) -> tuple[str, ...]:
        try:
            return NodeCards(self._variables).all()
        except NotReady:  # a driver that doesn't work: stages for CPUs run here all the same
            return ()


def _is_everywhere(host: str) -> bool:
    try:
        return ip_address(host.strip("[]")).is_unspecified
    except ValueError:
        return False
