"""The node in a worker of Dask's, from the worker's start to its end: its folder, what it has, its announcements."""

import asyncio
import getpass
import os
import socket

from distributed import Worker
from distributed.comm.addressing import get_address_host

from pipeline.cluster.batch import slurm_job
from pipeline.cluster.dask.hosted_node import HostedNode, HostedNodeSettings
from pipeline.cluster.dask.node_news import AnyNodeNews, NodeAnnounced, NodeRefused, encode_news, topic_of
from pipeline.cluster.dask.node_plugin_settings import NodePluginSettings
from pipeline.cluster.definitions.node_folder_template import expanded
from pipeline.cluster.definitions.scheduler_address import is_loopback
from pipeline.cluster.wire.node_announcement import NodeAnnouncement
from pipeline.digests import sha256_of_bytes
from pipeline.errors import NotReady, PipelineError
from pipeline.host import gpus

RETRY_SECONDS = 3.0  # a folder may still be held by a worker that ends, and then there is a node


class WorkerNode:
    """All but ``HostedNode``'s own methods runs in the worker's event loop."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self._hosted: HostedNode | None = None
        self._job = slurm_job.of_process(os.environ)
        self._gpus: tuple[str, ...] = ()
        self._refused = ""  # the words that were told
        self._task: asyncio.Task[None] | None = None
        self._settings: NodePluginSettings | None = None

    def run(self, settings: NodePluginSettings) -> None:
        """Start it; where it is there, let it announce itself again."""
        self._settings = settings
        if self._hosted is not None:
            self._announce()
        elif self._task is None:
            self._task = asyncio.ensure_future(self._start())
        elif self._refused:
            self._tell(NodeRefused(worker=self._worker.address, words=self._refused))

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._hosted is not None:
            await asyncio.to_thread(self._hosted.stop)

    async def _start(self) -> None:
        while self._hosted is None:
            try:
                node = HostedNode(self._hosting())
                await _started(node)
            except (PipelineError, OSError, ValueError) as error:
                self._refuse(str(error))
                await asyncio.sleep(RETRY_SECONDS)
            else:
                self._gpus = await asyncio.to_thread(_cards)
                self._hosted = node
        self._announce()

    def _hosting(self) -> HostedNodeSettings:
        """Raises ``ValueError`` where the folder can't be known."""
        assert self._settings
        host = get_address_host(self._worker.address)
        name = str(self._worker.name)
        template = expanded(self._settings.folder, _variables(), _file_name(name))
        folder = template / self._settings.owner
        is_open = not is_loopback(host)
        return HostedNodeSettings(
            folder=folder,
            name=name if "://" not in name else f"{socket.gethostname()}-{sha256_of_bytes(bytes(folder))[-4:]}",
            token=self._settings.token,
            store_limit=self._settings.store_limit,
            host=host,
            tls=self._worker.security.get_listen_args("worker")["ssl_context"] if is_open else None,
            peers=self._worker.security.get_connection_args("worker")["ssl_context"] if is_open else None,
            owner=self._settings.owner,
        )

    def _announce(self) -> None:
        hosted, settings = self._hosted, self._settings
        assert hosted
        assert settings
        node = NodeAnnouncement(
            name=hosted.settings.name,
            address=hosted.address,
            host=socket.gethostname(),
            cpus=self._worker.state.nthreads,
            memory=self._worker.memory_manager.memory_limit or 0,
            gpus=self._gpus,
            labels=settings.labels,
            seconds_left=self._seconds_left(settings.drain_seconds),
            batch_job=self._job.id if self._job else "",
            earlier_end=hosted.earlier_end,
        )
        self._tell(NodeAnnounced(worker=self._worker.address, node=node, dask_name=str(self._worker.name)))

    def _seconds_left(self, drain_seconds: float) -> float | None:
        """Until it takes nothing more."""
        left = self._job.seconds_left() if self._job else None
        return None if left is None else max(0.0, left - drain_seconds)

    def _refuse(self, words: str) -> None:
        """Told once; the next try may fail for the same reason."""
        if words != self._refused:
            self._refused = words
            self._tell(NodeRefused(worker=self._worker.address, words=words))

    def _tell(self, news: AnyNodeNews) -> None:
        assert self._settings
        self._worker.log_event(topic_of(self._settings.owner), encode_news(news))


async def _started(node: HostedNode) -> None:
    """A start in a thread goes on when its task is cancelled; then what it started is stopped. Raises as it does."""
    start = asyncio.ensure_future(asyncio.to_thread(node.start, _variables()))
    try:
        await asyncio.shield(start)
    except asyncio.CancelledError:
        await asyncio.gather(start, return_exceptions=True)
        await asyncio.to_thread(node.stop)
        raise


def _variables() -> dict[str, str]:
    return {"USER": getpass.getuser(), **os.environ}


def _cards() -> tuple[str, ...]:
    try:
        return tuple(card.uuid for card in gpus.detect(os.environ))
    except NotReady:  # a driver that doesn't work: the node has none
        return ()


def _file_name(name: str) -> str:
    """A worker's name as a part of a path."""
    return "".join(each if each.isalnum() or each in "-_." else "-" for each in name).strip(".") or "node"
