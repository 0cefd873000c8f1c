"""What makes a node of each of Dask's workers: a plugin that the scheduler hands to them, and to those that come later.

Its class is looked up by name where it arrives, so the same version of pipeline must be installed there. It carries
plain texts and numbers alone.
"""

from distributed import Worker
from distributed.diagnostics.plugin import WorkerPlugin

from pipeline.cluster.dask.node_plugin_settings import NodePluginSettings
from pipeline.cluster.dask.worker_node import WorkerNode

_NODES: dict[tuple[str, str], WorkerNode] = {}  # by worker and owner: a plugin that comes again finds its node


class NodePlugin(WorkerPlugin):
    """Starts the owner's node, or lets the one that is there announce itself again."""

    def __init__(self, settings: NodePluginSettings) -> None:
        self.token = settings.token
        self.owner = settings.owner
        self.folder = settings.folder
        self.labels = settings.labels
        self.store_limit = settings.store_limit
        self.drain_seconds = settings.drain_seconds

    @property
    def settings(self) -> NodePluginSettings:
        return NodePluginSettings(
            token=self.token,
            owner=self.owner,
            folder=self.folder,
            labels=tuple(self.labels),
            store_limit=self.store_limit,
            drain_seconds=self.drain_seconds,
        )

    async def setup(self, worker: Worker) -> None:
        """Returns at once; the node announces itself when its agent is there."""
        node = _NODES.get((worker.id, self.owner))
        if node is None:
            node = _NODES[worker.id, self.owner] = WorkerNode(worker, self.settings)
        node.run(self.settings)

    async def teardown(self, worker: Worker) -> None:
        """A plugin that is put in the place of this one goes on with its node: only the end of the worker ends it."""
        from distributed.core import Status

        if worker.status in {Status.closing, Status.closing_gracefully, Status.closed, Status.failed}:
            node = _NODES.pop((worker.id, self.owner), None)
            if node is not None:
                await node.close()


async def retire(owner: str, dask_worker: Worker) -> bool:
    """For ``Client.run``: let the node take nothing more, where nothing runs there; returns whether that is so."""
    node = _NODES.get((dask_worker.id, owner))
    return node is None or await node.retire()
