"""The system that runs a cluster's nodes as jobs: jobs of Slurm, or pods of Kubernetes."""

from typing import Protocol

from pipeline.cluster.members import NodeLoss


class SystemUnavailable(Exception):
    """It doesn't answer at the moment: this says nothing of any job."""


class BatchSystem(Protocol):
    async def ends(self, jobs: set[str]) -> dict[str, NodeLoss]:
        """Of these, those that are over, or wait once more. Raises ``SystemUnavailable``."""
        ...

    def wait_reason(self, job: str) -> str:
        """Why a job hadn't begun at the last look; empty where that isn't known."""
        ...
