"""The nodes of a Dask cluster as they come and go: those of a scheduler that runs already, or made for the run."""

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from pipeline.cluster.dask import dask_logs, dask_security
from pipeline.cluster.dask.launches import Launches
from pipeline.cluster.dask.made_nodes import DeploymentParts, MadeNodes, made
from pipeline.cluster.dask.node_keeper import KeeperView, NodeKeeper
from pipeline.cluster.dask.node_news import AnyNodeNews, NodeAnnounced, NodeRefused, WorkerEnded
from pipeline.cluster.dask.node_plugin_settings import NodePluginSettings
from pipeline.cluster.dask.node_table import MemberNode, NodeTable
from pipeline.cluster.dask.scaling import Scaling
from pipeline.cluster.dask.scheduler_session import SchedulerSession, SessionEvents
from pipeline.cluster.definitions.cluster_definition import (
    ClusterDefinition,
    LocalProcesses,
    SchedulerAddress,
    SlurmJobs,
)
from pipeline.cluster.definitions.cluster_secrets import ClusterSecrets, owner_of
from pipeline.cluster.definitions.node_folder_template import NODE
from pipeline.cluster.members import ClusterFailed, MembershipChange, NodeLoss
from pipeline.errors import NotReady, PipelineError
from pipeline.values import Struct

CLOSE_SECONDS = 30.0
EXPECTED = NodeLoss("lost", "its worker was ended")
UNEXPECTED = NodeLoss("lost", "the connection to its worker broke")


class MembersSettings(Struct, frozen=True):
    definition: ClusterDefinition
    secrets: ClusterSecrets
    logs: Path  # a folder


class DaskMembers:
    """``Members``. A thread of its own has an event loop, in which all happens."""

    def __init__(self, settings: MembersSettings, wake: Callable[[], None]) -> None:
        """Returns at once; ``wake`` is called in another thread when there are changes.

        Raises as ``ClusterSecrets.token`` and ``security_for`` do.
        """
        self._settings = settings
        self._wake = wake
        self.token = settings.secrets.token()  # that opens the nodes' agents
        self._security = dask_security.security_for(settings.definition, settings.secrets)
        self.tls = dask_security.agents_tls(self._security)  # for agents that aren't on loopback
        self._lock = threading.Lock()  # over the three below
        self._changes: list[MembershipChange] = []
        self._table = NodeTable()
        self._problems: dict[str, str] = {}  # by node or worker
        self._scaling = Scaling(settings.definition.nodes, settings.definition.idle_seconds)
        self._session = SchedulerSession(
            self._plugin(), SessionEvents(self._on_news, self._on_worker_gone, self._on_workers)
        )
        self._loop = asyncio.new_event_loop()
        self._closing = asyncio.Event()
        self._hopeless = asyncio.Event()
        self._nodes: MadeNodes | None = None
        self._failed_launches: set[str] = set()
        self._expected: int | None = None
        self._thread = threading.Thread(target=self._run, daemon=True, name="cluster")
        self._thread.start()

    def changes(self) -> Sequence[MembershipChange]:
        with self._lock:
            found, self._changes = self._changes, []
        return found

    def want(self, nodes: int) -> None:
        self._scaling.want(nodes)

    def why(self, name: str) -> NodeLoss | None:
        with self._lock:
            return self._table.why(name)

    def nodes(self) -> list[MemberNode]:
        """Those that are there."""
        with self._lock:
            return list(self._table.nodes.values())

    def problems(self) -> dict[str, str]:
        """Why nodes aren't there that could be, by their names or the addresses of their workers."""
        with self._lock:
            return dict(self._problems)

    def expected(self) -> int | None:
        """How many workers there are, or shall be; ``None`` as long as nobody knows."""
        return self._expected

    def close(self) -> None:
        with contextlib.suppress(RuntimeError):  # its loop has ended already
            self._loop.call_soon_threadsafe(self._closing.set)
        self._thread.join(CLOSE_SECONDS)

    def _run(self) -> None:
        definition = self._settings.definition
        try:
            with dask_logs.into(self._settings.logs / f"{definition.file_name}.log"):
                self._loop.run_until_complete(self._main())
        except PipelineError as error:
            self._fail(ClusterFailed(error.message, error.next_step or ""))
        except Exception as error:  # a thread's error would be seen by nobody, and the run would wait
            self._fail(ClusterFailed(f"the cluster {definition.name} has failed: {type(error).__name__}: {error}"))
        finally:
            self._loop.close()

    async def _main(self) -> None:
        """Raises ``NotReady`` where no node can come any more."""
        work, closing = asyncio.create_task(self._work()), asyncio.create_task(self._closing.wait())
        await asyncio.wait([work, closing], return_when=asyncio.FIRST_COMPLETED)
        if not work.done():
            await _cancelled([work])
        elif not self._closing.is_set():
            closing.cancel()
            work.result()

    async def _work(self) -> None:
        async with contextlib.AsyncExitStack() as stack:
            address = await self._deploy(stack)
            stack.push_async_callback(self._session.close)
            await self._session.open(address, self._security)
            self._expected = self._settings.definition.nodes.most if self._nodes else len(await self._session.workers())
            tasks = [asyncio.create_task(each) for each in (self._watch(address), self._keep(), self._give_up())]
            stack.push_async_callback(_cancelled, tasks)
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()

    async def _deploy(self, stack: contextlib.AsyncExitStack) -> str:
        """The address of the scheduler."""
        definition = self._settings.definition
        if isinstance(definition.deployment, SchedulerAddress):
            return definition.deployment.address
        assert self._security
        parts = DeploymentParts(
            secrets=self._settings.secrets,
            security=self._security,
            logs=self._settings.logs,
            launches=Launches(self._on_launch_failed, self._on_launch_ended),
        )
        self._nodes = await stack.enter_async_context(made(definition, parts))
        return self._nodes.address

    async def _watch(self, address: str) -> None:
        await self._session.until_gone()
        with self._lock:
            self._add(self._table.all_gone(NodeLoss("lost", "the scheduler of its cluster is gone")))
        raise NotReady(f"the scheduler at {address} is gone", "start it again, and then this command")

    async def _give_up(self) -> None:
        await self._hopeless.wait()
        where = f"pipeline cluster show {self._settings.definition.name}"
        raise NotReady(f"no node can be started: {next(reversed(self.problems().values()), '')}", where)

    async def _keep(self) -> None:
        """Nodes that aren't made for the run come and go without it."""
        if self._nodes is None:
            await asyncio.Event().wait()
            return
        view = KeeperView(self._joined, self._failed_launches, self._on_late)
        await NodeKeeper(self._nodes, self._scaling, view, self._settings.definition.start_seconds).run()

    def _joined(self) -> set[str]:
        return {each.dask_name for each in self.nodes()}

    def _on_news(self, news: AnyNodeNews) -> None:
        with self._lock:
            if isinstance(news, NodeAnnounced):
                self._scaling.joined()
                self._problems.pop(news.worker, None)
                self._add(self._table.announced(news))
            elif isinstance(news, WorkerEnded):
                self._add(self._table.ended(news))
            elif isinstance(news, NodeRefused):
                self._problems[news.worker] = news.words

    def _on_worker_gone(self, worker: str, is_expected: bool) -> None:
        with self._lock:
            self._problems.pop(worker, None)
            self._add(self._table.worker_gone(worker, EXPECTED if is_expected else UNEXPECTED))

    def _on_workers(self, workers: set[str]) -> None:
        with self._lock:
            self._add(self._table.only(workers))

    def _on_launch_failed(self, name: str, words: str) -> None:
        self._scaling.failed(time.monotonic())
        with self._lock:
            self._problems[name] = words
            is_hopeless = self._scaling.is_hopeless and not self._table.nodes
        self._failed_launches.add(name)
        if is_hopeless:
            self._hopeless.set()

    def _on_launch_ended(self, name: str, words: str) -> None:
        """By itself: what it says of the end is in the log, and the scheduler tells that its worker is gone."""
        self._on_launch_failed(name, words)

    def _on_late(self, name: str) -> None:
        with self._lock:
            self._problems[name] = (
                f"it was started {self._settings.definition.start_seconds:.0f} seconds ago, and hasn't come"
            )

    def _add(self, changes: list[MembershipChange]) -> None:
        """With the lock."""
        if changes:
            self._changes += changes
            self._wake()

    def _fail(self, failure: ClusterFailed) -> None:
        with self._lock:
            self._add([failure])

    def _plugin(self) -> NodePluginSettings:
        definition = self._settings.definition
        deployment, folder = definition.deployment, definition.node_folder
        if isinstance(deployment, LocalProcesses) and f"${NODE}" not in folder:
            folder = f"{folder}/${NODE}"  # several nodes on one machine
        return NodePluginSettings(
            token=self.token,
            owner=owner_of(self.token),
            folder=folder,
            labels=definition.labels,
            store_limit=definition.store_limit,
            drain_seconds=deployment.drain_seconds if isinstance(deployment, SlurmJobs) else 0.0,
        )


async def _cancelled(tasks: Sequence["asyncio.Task[Any]"]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
