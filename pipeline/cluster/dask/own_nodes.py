"""Nodes that are made for a run and end with it: Dask's cluster of each kind, behind one shape."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any, Protocol

from distributed.deploy.spec import SpecCluster

from pipeline.cluster.dask.deployment_parts import DeploymentParts
from pipeline.cluster.definitions.cluster_definition import (
    ClusterDefinition,
    KubernetesPods,
    LocalProcesses,
    SlurmJobs,
    SshHosts,
)
from pipeline.errors import NotReady


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


async def _cluster(definition: ClusterDefinition, parts: DeploymentParts) -> SpecCluster:
    """Of its kind, whose library alone is imported."""
    match definition.deployment:
        case LocalProcesses() as processes:
            from pipeline.cluster.dask.local_node import local_cluster

            return await local_cluster(definition, processes, parts)
        case SshHosts() as hosts:
            from pipeline.cluster.dask.ssh_node import ssh_cluster

            return await ssh_cluster(definition, hosts, parts)
        case SlurmJobs() as jobs:
            from pipeline.cluster.dask.slurm_nodes import slurm_cluster

            return await slurm_cluster(definition, jobs, parts)
        case KubernetesPods() as pods:
            from pipeline.cluster.dask.pod_node import pod_cluster

            return await pod_cluster(definition, pods, parts)
    raise AssertionError(definition.kind)


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


async def _closed(cluster: Any) -> None:
    await cluster.close()
