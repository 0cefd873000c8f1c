"""Nodes as jobs of Slurm, by dask-jobqueue: one job for each node, submitted one after the other."""

import asyncio
from pathlib import Path
from typing import Any

from dask_jobqueue.slurm import SLURMCluster, SLURMJob
from distributed.deploy.spec import SpecCluster

from pipeline.cluster.certificates.certificate_files import CertificateFiles
from pipeline.cluster.dask import dask_security
from pipeline.cluster.dask.deployment_parts import DeploymentParts
from pipeline.cluster.dask.node_starts import NodeStarts
from pipeline.cluster.dask.worker_command import DEATH_SECONDS
from pipeline.cluster.definitions.cluster_definition import ClusterDefinition, SlurmJobs

TRIES = 4  # of sbatch, which refuses when it is asked too much
PAUSE_SECONDS = 2.0  # after the first of them; twice as many after each further one


class PacedJob(SLURMJob):
    """A job that isn't taken is told, and is no reason that others aren't used."""

    def __init__(self, *arguments: Any, turns: "SubmitTurns", launches: NodeStarts, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self._turns = turns
        self._launches = launches

    async def start(self) -> None:
        from distributed.deploy.spec import ProcessInterface

        try:
            await super().start()
        except (RuntimeError, ValueError, OSError) as error:
            words = str(error).rpartition("stderr:")[2].strip() or str(error)
            self._launches.failed(str(self.name), f"sbatch: {words}")
            await ProcessInterface.start(self)

    async def _submit_job(self, script_filename: str) -> str:
        for number in range(TRIES):
            async with self._turns:
                try:
                    return str(await super()._submit_job(script_filename))
                except RuntimeError:
                    if number == TRIES - 1:
                        raise
            await asyncio.sleep(PAUSE_SECONDS * 2**number)
        raise AssertionError


class SubmitTurns:
    """One submission at a time, with a pause between two."""

    def __init__(self, pause: float) -> None:
        self._pause = pause
        self._lock = asyncio.Lock()

    async def __aenter__(self) -> None:
        await self._lock.acquire()

    async def __aexit__(self, *_: object) -> None:
        await asyncio.sleep(self._pause)
        self._lock.release()


def job_options(definition: ClusterDefinition, jobs: SlurmJobs, logs: Path, files: CertificateFiles) -> dict[str, Any]:
    """What dask-jobqueue makes a job's script of."""
    directives = [*([f"--gres={jobs.gres}"] if jobs.gres else []), *jobs.directives]
    return {
        "queue": jobs.queue or None,
        "account": jobs.account or None,
        "walltime": jobs.walltime or None,
        "cores": jobs.cpus,
        "processes": 1,
        "memory": f"{jobs.memory}B",
        "python": jobs.python,
        "job_name": f"pipeline-{definition.name}",
        "job_extra_directives": directives,
        "job_script_prologue": list(jobs.setup),
        "log_directory": str(logs),
        "death_timeout": DEATH_SECONDS,
        "worker_extra_args": ["--no-dashboard", "--dashboard-address", "127.0.0.1:0"],
        "security": dask_security.security_of(files),
        "protocol": dask_security.TLS,
    }


class SlurmNodes(SLURMCluster):
    job_cls = PacedJob  # type: ignore[assignment]  # which is a SLURMJob


async def slurm_cluster(definition: ClusterDefinition, jobs: SlurmJobs, parts: DeploymentParts) -> SpecCluster:
    cluster: SpecCluster = await SlurmNodes(
        **job_options(definition, jobs, parts.logs, parts.files),
        turns=SubmitTurns(jobs.submit_pause),
        launches=parts.launches,
        scheduler_options=parts.scheduler(jobs.listen)["options"],
        silence_logs=False,
        name=definition.name,
        asynchronous=True,
    )
    return cluster
