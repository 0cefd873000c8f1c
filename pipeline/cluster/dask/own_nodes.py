"""Nodes that are made for a run and end with it: Dask's cluster of each kind, behind one shape."""

import asyncio
import contextlib
import os
import sys
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Protocol

from distributed import Scheduler, Security
from distributed.deploy.spec import SpecCluster

from pipeline.cluster.certificates.certificate_files import CertificateFiles
from pipeline.cluster.dask.node_starts import NodeStarts
from pipeline.cluster.dask.worker_command import WorkerCommand
from pipeline.cluster.definitions.cluster_definition import (
    ClusterDefinition,
    LocalProcesses,
    SlurmJobs,
    SshHosts,
)
from pipeline.cluster.definitions.cluster_secrets import ClusterSecrets, owner_of
from pipeline.errors import NotReady
from pipeline.host import machine
from pipeline.values import Struct

LOOPBACK = "127.0.0.1"


class OwnNodes(Protocol):
    """Nodes by Dask's names of their workers. All runs in one event loop."""

    @property
    def address(self) -> str:
        """Of the scheduler."""
        ...

    def names(self) -> set[str]:
        """Those that are there, or come."""
        ...

    def lost(self) -> set[str]:
        """Of these, those whose worker has gone and doesn't come back."""
        ...

    def jobs(self) -> dict[str, str]:
        """The batch system's jobs by node, where there is one."""
        ...

    def grow(self, nodes: int) -> None:
        """There shall be so many."""
        ...

    async def release(self, names: set[str]) -> None:
        """They shall end, and no other ones come in their place."""
        ...


class DeploymentParts(Struct, frozen=True, kw_only=True):
    """What deploying takes beside the definition."""

    secrets: ClusterSecrets
    security: Security
    logs: Path
    launches: NodeStarts

    @property
    def files(self) -> CertificateFiles:
        return CertificateFiles(self.secrets.certificates)


@contextlib.asynccontextmanager
async def made(definition: ClusterDefinition, parts: DeploymentParts) -> AsyncIterator[OwnNodes]:
    """A scheduler in this process, and nodes as they are wanted; all end with the block.

    Raises ``NotReady`` where it can't be done.
    """
    parts.logs.mkdir(parents=True, exist_ok=True)
    try:
        cluster = await _cluster(definition, parts)
    except (RuntimeError, OSError, ValueError) as error:
        raise NotReady(f"the cluster {definition.name} can't be started: {error}") from error
    try:
        yield SpecNodes(cluster)
    finally:
        await asyncio.gather(_closed(cluster), return_exceptions=True)


def _cluster(definition: ClusterDefinition, parts: DeploymentParts) -> Any:
    deployment = definition.deployment
    if isinstance(deployment, LocalProcesses):
        return _local(definition, deployment, parts)
    if isinstance(deployment, SshHosts):
        return _ssh(definition, deployment, parts)
    assert isinstance(deployment, SlurmJobs)
    return _slurm(definition, deployment, parts)


class SpecNodes:
    """What Dask's ``SpecCluster`` has."""

    def __init__(self, cluster: Any) -> None:
        self._cluster = cluster
        self._seen: set[str] = set()

    @property
    def address(self) -> str:
        return str(self._cluster.scheduler.contact_address or self._cluster.scheduler.address)

    def names(self) -> set[str]:
        return {str(name) for name in self._cluster.worker_spec}

    def lost(self) -> set[str]:
        """Dask takes a worker off its list some seconds after it was lost, and leaves what it was made of."""
        there = {str(name) for name in self._cluster.workers}
        self._seen = (self._seen & self.names()) | there
        return (self._seen - there) & self.names()

    def jobs(self) -> dict[str, str]:
        workers = self._cluster.workers.items()
        return {str(name): str(job.job_id) for name, job in workers if getattr(job, "job_id", None)}

    def grow(self, nodes: int) -> None:
        if nodes > len(self._cluster.worker_spec):
            self._cluster.scale(nodes)

    async def release(self, names: set[str]) -> None:
        await self._cluster.scale_down(names)
        self._seen -= names  # another one may get the same name


class HostCluster(SpecCluster):
    """A ``SpecCluster`` whose nodes have names of our own, and where that matters hosts of their own."""

    def __init__(self, prefix: str, hosts: tuple[str, ...] = (), **more: Any) -> None:
        self._prefix = prefix
        self._hosts = hosts
        self._tries = Counter[str]()
        super().__init__(**more)

    def _new_worker_name(self, worker_number: int) -> str:
        return f"{self._prefix}-{worker_number}"

    def new_worker_spec(self) -> dict[str, Any]:
        """A host that has no node, of those that were tried least; or a further process."""
        if not self._hosts:
            found: dict[str, Any] = super().new_worker_spec()
            return found
        free = min(
            (each for each in self._hosts if _node_name(each) not in self.worker_spec), key=self._tries.__getitem__
        )
        self._tries[free] += 1
        options = {**self.new_spec["options"], "host": free}
        return {_node_name(free): {**self.new_spec, "options": options}}


def _node_name(host: str) -> str:
    return host.rpartition("@")[2]


async def _closed(cluster: Any) -> None:
    await cluster.close()


async def _local(definition: ClusterDefinition, processes: LocalProcesses, parts: DeploymentParts) -> SpecCluster:
    from pipeline.cluster.dask.local_node import LocalNode, LocalNodeSettings

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
    scheduler = _scheduler(LOOPBACK, parts.security)
    return await HostCluster(definition.name, scheduler=scheduler, worker=worker, **_common(parts))


async def _ssh(definition: ClusterDefinition, hosts: SshHosts, parts: DeploymentParts) -> SpecCluster:
    from pipeline.cluster.dask.ssh_node import SshNode, SshNodeSettings

    settings = SshNodeSettings(
        command=WorkerCommand(python=hosts.python, scheduler="", name="", cpus=hosts.cpus, memory=hosts.memory),
        files=parts.files,
        owner=owner_of(parts.secrets.token()),
        options={
            **({"client_keys": [hosts.key]} if hosts.key else {}),
            **({"known_hosts": hosts.known_hosts} if hosts.known_hosts else {}),
        },
        log=parts.logs / f"{definition.name}-nodes.log",
        launches=parts.launches,
    )
    worker = {"cls": SshNode, "options": {"settings": settings}}
    scheduler = _scheduler(hosts.listen, parts.security)
    return await HostCluster(definition.name, hosts.hosts, scheduler=scheduler, worker=worker, **_common(parts))


async def _slurm(definition: ClusterDefinition, jobs: SlurmJobs, parts: DeploymentParts) -> SpecCluster:
    from pipeline.cluster.dask.slurm_nodes import SlurmNodes, SubmitTurns, job_options

    options = _scheduler(jobs.listen, parts.security)["options"]
    return await SlurmNodes(
        **job_options(definition, jobs, parts.logs, parts.files),
        turns=SubmitTurns(jobs.submit_pause),
        launches=parts.launches,
        scheduler_options=options,
        silence_logs=False,
        name=definition.name,
        asynchronous=True,
    )


def _scheduler(host: str, security: Security) -> dict[str, Any]:
    """With TLS, and without pages that anybody could look at."""
    options = {"protocol": "tls://", "security": security, "port": 0, "dashboard": False}
    at = {"host": host} if host else {}
    return {"cls": Scheduler, "options": {**options, **at, "dashboard_address": f"{LOOPBACK}:0"}}


def _common(parts: DeploymentParts) -> dict[str, Any]:
    return {"security": parts.security, "silence_logs": False, "asynchronous": True}
