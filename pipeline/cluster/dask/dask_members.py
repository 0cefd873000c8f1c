"""The nodes of a Dask cluster as they come and go: those of a scheduler that runs already, or made for the run."""

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any

from pipeline.cluster.batch.batch_watch import BatchView, BatchWatch
from pipeline.cluster.dask import batch_systems, dask_logs, dask_security, deployers
from pipeline.cluster.dask.deployment_parts import DeploymentParts
from pipeline.cluster.dask.membership_log import MembershipLog
from pipeline.cluster.dask.node_keeper import KeeperView, NodeKeeper
from pipeline.cluster.dask.node_news import AnyNodeNews, NodeAnnounced
from pipeline.cluster.dask.node_plugin_settings import NodePluginSettings
from pipeline.cluster.dask.node_starts import NodeStarts
from pipeline.cluster.dask.node_table import MemberNode
from pipeline.cluster.dask.own_nodes import OwnNodes, made
from pipeline.cluster.dask.scaling import Scaling
from pipeline.cluster.dask.scheduler_session import SchedulerSession, SessionEvents
from pipeline.cluster.dask.worker_plugin import retire
from pipeline.cluster.definitions.cluster_definition import (
    ClusterDefinition,
    LocalProcesses,
    SchedulerAddress,
    SlurmJobs,
)
from pipeline.cluster.definitions.cluster_secrets import ClusterSecrets, owner_of
from pipeline.cluster.definitions.node_folder_template import NODE
from pipeline.cluster.definitions.scheduler_address import is_loopback
from pipeline.cluster.members import ClusterFailed, MembershipChange, NodeLoss
from pipeline.cluster.node_client import NodeClient
from pipeline.cluster.wire.node_announcement import NodeAnnouncement
from pipeline.errors import NotReady, PipelineError
from pipeline.values import Struct

CLOSE_SECONDS = 30.0


class MembersSettings(Struct, frozen=True):
    definition: ClusterDefinition
    secrets: ClusterSecrets
    logs: Path  # a folder


class DaskMembers:
    """``Members``. A thread of its own has an event loop, in which all happens."""

    def __init__(self, settings: MembersSettings, wake: Callable[[], None]) -> None:
        """Returns at once; ``wake`` is called in another thread when there are changes.

        For the main thread. Raises as ``bring_in``, ``ClusterSecrets.token`` and ``security_for`` do.
        """
        definition = settings.definition
        deployers.bring_in(definition)
        self._settings = settings
        self.token = settings.secrets.token()  # that opens the nodes' agents
        self._security = dask_security.security_for(definition, settings.secrets)
        self.tls = dask_security.agents_tls(self._security)  # for agents that aren't on loopback
        self._book = MembershipLog(wake)
        self._scaling = Scaling(definition.nodes, definition.idle_seconds)
        events = SessionEvents(self._on_news, self._on_worker_gone, self._book.only)
        self._session = SchedulerSession(plugin_settings(definition, self.token), events)
        self._batch_system = batch_systems.of(definition, owner_of(self.token))
        view = BatchView(self._jobs, self._on_job_ended, self._on_system_silent)
        self._batch = BatchWatch(view, self._batch_system, batch_systems.poll_seconds(definition))
        self._nodes: OwnNodes | None = None
        self._failed_launches: set[str] = set()  # for the keeper
        self._expected: int | None = None
        self._loop = asyncio.new_event_loop()
        self._closing, self._hopeless = asyncio.Event(), asyncio.Event()
        self._thread = threading.Thread(target=self._run, daemon=True, name="cluster")
        self._thread.start()

    def changes(self) -> Sequence[MembershipChange]:
        return self._book.changes()

    def want(self, nodes: int) -> None:
        self._scaling.want(nodes)

    def why(self, name: str) -> NodeLoss | None:
        return self._book.why(name)

    def client(self, node: NodeAnnouncement, seconds: float) -> NodeClient:
        """What asks a node's agent. ``seconds``: that it may leave a question without an answer."""
        tls = None if is_loopback(node.address.rpartition(":")[0]) else self.tls
        return NodeClient(node.address, self.token, tls, seconds=seconds)

    def nodes(self) -> list[MemberNode]:
        """Those that are there."""
        return self._book.nodes()

    def problems(self) -> dict[str, str]:
        """Why nodes aren't there that could be, by their names or the addresses of their workers."""
        return self._book.problems()

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
            self._book.fail(ClusterFailed(error.message, error.next_step or ""))
        except Exception as error:  # a thread's error would be seen by nobody, and the run would wait
            words = f"the cluster {definition.name} has failed: {type(error).__name__}: {error}"
            self._book.fail(ClusterFailed(words))
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
            tasks = [asyncio.create_task(each) for each in self._duties(address)]
            stack.push_async_callback(_cancelled, tasks)
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()

    def _duties(self, address: str) -> list[Coroutine[Any, Any, None]]:
        """None of them ends but by what makes the others useless."""
        duties = [self._watch(address), self._give_up(), self._batch.run()]
        if self._nodes is not None:
            view = KeeperView(self._book.joined, self._retire, self._failed_launches, self._on_late)
            duties.append(NodeKeeper(self._nodes, self._scaling, view, self._settings.definition.start_seconds).run())
        return duties

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
            launches=NodeStarts(self._on_launch_failed, self._on_launch_failed),
        )
        self._nodes = await stack.enter_async_context(made(definition, parts))
        return self._nodes.address

    async def _watch(self, address: str) -> None:
        await self._session.until_gone()
        self._book.scheduler_gone()
        raise NotReady(f"the scheduler at {address} is gone", "start it again, and then this command")

    async def _give_up(self) -> None:
        await self._hopeless.wait()
        where = f"pipeline cluster show {self._settings.definition.name} --start"
        raise NotReady(f"no node can be started: {next(reversed(self.problems().values()), '')}", where)

    async def _retire(self, dask_name: str) -> bool:
        """Whether a node had nothing to do, and takes nothing any more; one that can't be asked is left alone."""
        workers = [each.worker for each in self.nodes() if each.dask_name == dask_name]
        try:
            return bool(workers) and bool(await self._session.run_on(workers[0], retire, owner_of(self.token)))
        except (OSError, TimeoutError, ValueError):
            return False

    def _on_news(self, news: AnyNodeNews) -> None:
        if isinstance(news, NodeAnnounced):
            self._scaling.joined()
        self._book.hear(news)

    def _on_worker_gone(self, worker: str, is_expected: bool) -> None:
        self._book.worker_gone(worker, is_expected)
        self._batch.look_soon()

    def _on_launch_failed(self, name: str, words: str) -> None:
        """It couldn't be started, or has ended by itself."""
        self._failed_launches.add(name)
        self._book.note_problem(name, words)
        self._scaling.failed(time.monotonic())
        coming = self._nodes.names() - self._failed_launches if self._nodes else set()
        if self._scaling.is_hopeless and not coming:
            self._hopeless.set()

    def _on_late(self, name: str) -> None:
        seconds = self._settings.definition.start_seconds
        job = self._nodes.jobs().get(name, "") if self._nodes else ""
        why = f": {reason}" if (reason := self._batch_system.wait_reason(job)) else ""
        self._book.note_problem(name, f"it was started more than {seconds:.0f} seconds ago, and hasn't come{why}")

    def _on_system_silent(self, words: str) -> None:
        self._book.notice(f"nobody can say how the nodes of {self._settings.definition.name} end: {words}")

    def _jobs(self) -> set[str]:
        """The batch system's that are looked after."""
        return self._book.jobs() | (set(self._nodes.jobs().values()) if self._nodes else set())

    def _on_job_ended(self, job: str, loss: NodeLoss) -> None:
        names = [name for name, own in self._nodes.jobs().items() if own == job] if self._nodes else []
        self._book.job_ended(job, loss, is_released=self._nodes is not None and not names)
        if loss.kind == "requeued":
            return
        for name in names:
            self._failed_launches.add(name)
            if not self._book.came(name):
                self._on_launch_failed(name, f"{loss.words}; what it said is in {self._settings.logs}")


def plugin_settings(definition: ClusterDefinition, token: str) -> NodePluginSettings:
    """What each node gets to know."""
    deployment, folder = definition.deployment, definition.node_folder
    if isinstance(deployment, LocalProcesses) and f"${NODE}" not in folder:
        folder = f"{folder}/${NODE}"  # several nodes on one machine
    return NodePluginSettings(
        token=token,
        owner=owner_of(token),
        folder=folder,
        labels=definition.labels,
        store_limit=definition.store_limit,
        drain_seconds=deployment.drain_seconds if isinstance(deployment, SlurmJobs) else 0.0,
    )


async def _cancelled(tasks: Sequence["asyncio.Task[Any]"]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
