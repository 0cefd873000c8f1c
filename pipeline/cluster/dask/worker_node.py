"""The node in a worker of Dask's, from the worker's start to its end: its folder, its announcements, its walltime."""

import asyncio
import getpass
import os
import socket

from distributed import Worker
from distributed.comm.addressing import get_address_host

from pipeline.cluster.content.server import Endpoint
from pipeline.cluster.dask.node_news import AnyNodeNews, NodeAnnounced, NodeRefused, encode_news, topic_of
from pipeline.cluster.dask.node_plugin_settings import NodePluginSettings
from pipeline.cluster.definitions.node_folder_template import expanded
from pipeline.cluster.definitions.scheduler_address import is_loopback
from pipeline.cluster.kubernetes import pod_job
from pipeline.cluster.node.agent_setup import AgentSettings
from pipeline.cluster.node.node_host import NodeHost
from pipeline.cluster.slurm import slurm_job
from pipeline.cluster.wire.node_announcement import NodeAnnouncement
from pipeline.digests import sha256_of_bytes
from pipeline.errors import PipelineError
from pipeline.values import replace

RETRY_SECONDS = 3.0  # a folder may still be held by a worker that ends, and then there is a node


class WorkerNode:
    """All of it runs in the worker's event loop, and what waits in threads."""

    def __init__(self, worker: Worker, settings: NodePluginSettings) -> None:
        self._worker = worker
        self._settings = settings
        self._job = slurm_job.of_process(os.environ) or pod_job.of_process(os.environ)
        self._host: NodeHost | None = None
        self._facts: NodeAnnouncement | None = None
        self._refused = ""  # the words that were told
        self._task: asyncio.Task[None] | None = None

    def run(self, settings: NodePluginSettings) -> None:
        """Start it; where it is there, let it announce itself again."""
        self._settings = settings
        if self._facts is not None:
            self._announce(self._facts)
        elif self._task is None:
            self._task = asyncio.ensure_future(self._live())
        elif self._refused:
            self._tell(NodeRefused(worker=self._worker.address, words=self._refused))

    async def retire(self) -> bool:
        """Take nothing more, where nothing runs; returns whether that is so."""
        return self._host is not None and await asyncio.to_thread(self._host.retire)

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._host is not None:
            await asyncio.to_thread(self._host.stop)

    async def _live(self) -> None:
        while self._host is None:
            try:
                self._host = await self._started()
            except (PipelineError, OSError, ValueError) as error:
                self._refuse(str(error))
                await asyncio.sleep(RETRY_SECONDS)
        self._facts = await asyncio.to_thread(self._host.announcement)
        self._announce(self._facts)
        await self._drain_in_time(self._host)

    async def _started(self) -> NodeHost:
        """A start in a thread goes on when this is cancelled; then what it started is stopped."""
        start = asyncio.ensure_future(asyncio.to_thread(self._start))
        try:
            return await asyncio.shield(start)
        except asyncio.CancelledError:
            for host in await asyncio.gather(start, return_exceptions=True):
                if isinstance(host, NodeHost):
                    await asyncio.to_thread(host.stop)
            raise

    def _start(self) -> NodeHost:
        """Raises as ``NodeHost`` does, and ``ValueError`` where the folder can't be known."""
        settings, name = self._settings, str(self._worker.name)
        host = get_address_host(self._worker.address)
        is_open = not is_loopback(host)
        variables = {"USER": user_name(), **os.environ}
        folder = expanded(settings.folder, variables, _file_name(name)) / settings.owner
        agent = AgentSettings(
            folder=folder,
            name=name if "://" not in name else f"{socket.gethostname()}-{sha256_of_bytes(bytes(folder))[-4:]}",
            limit=settings.store_limit,
            token=settings.token,
            peers=self._worker.security.get_connection_args("worker")["ssl_context"] if is_open else None,
            owner=settings.owner,
        )
        tls = self._worker.security.get_listen_args("worker")["ssl_context"] if is_open else None
        return NodeHost(agent, variables, Endpoint(host, 0, tls))

    def _announce(self, facts: NodeAnnouncement) -> None:
        """What Dask was told that the worker has counts, where several of them share a machine."""
        node = replace(
            facts,
            cpus=self._worker.state.nthreads,
            memory=self._worker.memory_manager.memory_limit or facts.memory,
            labels=tuple(self._settings.labels),
            seconds_left=self._seconds_left(),
            batch_job=self._job.id if self._job else "",
        )
        self._tell(NodeAnnounced(worker=self._worker.address, node=node, dask_name=str(self._worker.name)))

    def _seconds_left(self) -> float | None:
        """Until it takes nothing more."""
        left = self._job.seconds_left() if self._job else None
        return None if left is None else max(0.0, left - self._settings.drain_seconds)

    async def _drain_in_time(self, host: NodeHost) -> None:
        """Before its walltime is over; a job whose work is done ends before it is ended."""
        left = self._seconds_left()
        if left is None:
            return
        await asyncio.sleep(left)
        if await asyncio.to_thread(host.drain, self._settings.drain_seconds):
            closing = asyncio.ensure_future(self._worker.close_gracefully(reason="pipeline-walltime"))
            await asyncio.shield(closing)

    def _refuse(self, words: str) -> None:
        """Told once; the next try may fail for the same reason."""
        if words != self._refused:
            self._refused = words
            self._tell(NodeRefused(worker=self._worker.address, words=words))

    def _tell(self, news: AnyNodeNews) -> None:
        self._worker.log_event(topic_of(self._settings.owner), encode_news(news))


def user_name() -> str:
    """That of this process's user; a container's user may have none, and then its number stands for it."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())


def _file_name(name: str) -> str:
    """A worker's name as a part of a path."""
    return "".join(each if each.isalnum() or each in "-_." else "-" for each in name).strip(".") or "node"
