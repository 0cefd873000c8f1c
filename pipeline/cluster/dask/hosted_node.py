"""The node of one owner in a worker's process, which waits for none of it."""

import ssl
import threading
from collections.abc import Mapping
from pathlib import Path

from pipeline.cluster.content.server import Endpoint
from pipeline.cluster.node.agent_setup import AgentSettings
from pipeline.cluster.node.node_host import NodeHost
from pipeline.values import Struct


class HostedNodeSettings(Struct, frozen=True, kw_only=True):
    folder: Path
    name: str
    token: str
    store_limit: int  # bytes
    host: str  # at which runs reach it
    tls: ssl.SSLContext | None  # for what isn't loopback
    peers: ssl.SSLContext | None = None  # with which other nodes are asked
    owner: str = ""  # whose the folder is


class HostedNode:
    """Its methods wait, and are for threads that may."""

    def __init__(self, settings: HostedNodeSettings) -> None:
        self.settings = settings
        self.address = ""  # HOST:PORT, once it is started
        self.earlier_end = ""  # how the agent before it ended, in the same folder, where that was no good end
        self._host: NodeHost | None = None
        self._lock = threading.Lock()

    def start(self, variables: Mapping[str, str]) -> None:
        """Raises ``NotReady`` where another agent or owner has the folder, other ``PipelineError`` and ``OSError``."""
        own = self.settings
        settings = AgentSettings(
            own.folder, own.name, own.store_limit, token=own.token, peers=own.peers, owner=own.owner
        )
        with self._lock:
            self._host = NodeHost(settings, variables, Endpoint(own.host, 0, own.tls))
            self.address, self.earlier_end = self._host.address, self._host.earlier_end

    def drain(self, seconds: float) -> bool:
        """Take no more orders, and wait for what runs, at most so long; returns whether it has ended."""
        return self._host is None or self._host.drain(seconds)

    def stop(self) -> None:
        """What runs is ended."""
        with self._lock:
            if self._host is not None:
                self._host.stop()
