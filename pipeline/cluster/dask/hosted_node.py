"""The node of one owner in a worker's process: its agent, with the server that the owner's runs reach."""

import contextlib
import ssl
import threading
from collections.abc import Mapping
from pathlib import Path

from pipeline.cluster.content.server import ContentServer, Endpoint
from pipeline.cluster.node.agent import AgentSettings, running
from pipeline.cluster.node.agent_answers import answers_of
from pipeline.values import Struct


class HostedNodeSettings(Struct, frozen=True, kw_only=True):
    folder: Path
    name: str
    token: str
    store_limit: int  # bytes
    host: str  # at which runs reach it
    tls: ssl.SSLContext | None  # for what isn't loopback


class HostedNode:
    """Its methods wait, and are for threads that may."""

    def __init__(self, settings: HostedNodeSettings) -> None:
        self.settings = settings
        self.address = ""  # HOST:PORT, once it is started
        self._stack = contextlib.ExitStack()
        self._lock = threading.Lock()

    def start(self, variables: Mapping[str, str]) -> None:
        """Raises ``NotReady`` where another agent has the folder, other ``PipelineError`` and ``OSError``."""
        settings = self.settings
        with self._lock, contextlib.ExitStack() as stack:
            agent = stack.enter_context(
                running(AgentSettings(settings.folder, settings.name, settings.store_limit), variables)
            )
            endpoint = Endpoint(settings.host, 0, settings.tls)
            server = ContentServer(agent.store, settings.token, endpoint, answers_of(agent))
            stack.enter_context(server.running())
            self.address, self._stack = server.address, stack.pop_all()

    def stop(self) -> None:
        """What runs is ended."""
        with self._lock:
            self._stack.close()
