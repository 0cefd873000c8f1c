"""A node as a process of this machine, for ``SpecCluster``."""

import asyncio
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path

from distributed.core import Status
from distributed.deploy.spec import ProcessInterface, SpecCluster

from pipeline import child_process, process, process_tree
from pipeline.child_process import Child, Tie
from pipeline.cluster.certificates.certificate_files import CertificateFiles
from pipeline.cluster.dask.deployment_parts import LOOPBACK, DeploymentParts
from pipeline.cluster.dask.host_cluster import HostCluster
from pipeline.cluster.dask.node_starts import NodeStarts
from pipeline.cluster.dask.worker_command import WorkerCommand
from pipeline.cluster.definitions.cluster_definition import ClusterDefinition, LocalProcesses
from pipeline.host import machine
from pipeline.values import Struct, replace

GRACE_SECONDS = 10.0


class LocalNodeSettings(Struct, frozen=True, kw_only=True):
    command: WorkerCommand  # of any node: its name is put in
    files: CertificateFiles
    variables: Mapping[str, str]
    log: Path
    launches: NodeStarts


class LocalNode(ProcessInterface):
    """Ends with this process, however that ends."""

    def __init__(self, scheduler: str, name: str, settings: LocalNodeSettings) -> None:
        super().__init__()
        self._name = name
        self._settings = settings
        self._command = replace(settings.command, scheduler=scheduler, name=name)
        self._tie = Tie()
        self._child: Child | None = None
        self._watch: asyncio.Task[None] | None = None

    async def start(self) -> None:
        try:
            self._child = await asyncio.to_thread(self._spawn)
        except OSError as error:
            self._settings.launches.failed(self._name, f"its process can't be started: {error}")
        else:
            self._watch = asyncio.ensure_future(self._tell_end(self._child))
        await super().start()

    async def close(self) -> None:
        if self._watch is not None:
            self._watch.cancel()
        if self._child is not None and self.status is not Status.closed:
            await asyncio.to_thread(self._end, self._child)
            self._tie.close()
        await super().close()

    def _spawn(self) -> Child:
        log = os.open(self._settings.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            nothing = os.open(os.devnull, os.O_RDONLY)
            try:
                words = self._command.words(self._settings.files)
                return process.spawn_apart(words, self._settings.variables, (nothing, log, log), self._tie)
            finally:
                os.close(nothing)
        finally:
            os.close(log)

    async def _tell_end(self, child: Child) -> None:
        while child.poll() is None:
            await asyncio.sleep(0.25)
        self._settings.launches.ended(self._name, f"its process ended with {child.returncode}; {self._settings.log}")

    def _end(self, child: Child) -> None:
        """The nanny lets its worker end what it has; where that takes too long, all of it is killed."""
        if child.poll() is None:
            os.kill(child.pid, signal.SIGTERM)
            if not child_process.ends_within(child, GRACE_SECONDS):
                process_tree.stop([child], 0)
        child.wait()


async def local_cluster(
    definition: ClusterDefinition, processes: LocalProcesses, parts: DeploymentParts
) -> SpecCluster:
    here, count = machine.detect(os.environ), definition.nodes.most
    command = WorkerCommand(
        python=sys.executable,
        scheduler="",
        name="",
        cpus=processes.cpus or max(1, here.cpus // count),
        memory=processes.memory or here.memory // count,
        host=LOOPBACK,
        scratch=str(parts.secrets.folder / "scratch"),
    )
    settings = LocalNodeSettings(
        command=command,
        files=parts.files,
        variables=dict(os.environ),
        log=parts.logs / f"{definition.name}-nodes.log",
        launches=parts.launches,
    )
    worker = {"cls": LocalNode, "options": {"settings": settings}}
    scheduler = parts.scheduler(LOOPBACK)
    return await HostCluster(definition.name, scheduler=scheduler, worker=worker, **parts.common())
