"""What this machine has for the jobs of a run. Its GPUs are asked for only where a stage wants one."""

import os
from collections.abc import Sequence

from pipeline.host import machine
from pipeline.host.resources import GpuAllocator, Ledger, NoGpus
from pipeline.host.run_limits import RunLimits
from pipeline.jobs.job import PlannedJob


def of(jobs: Sequence[PlannedJob], limits: RunLimits) -> Ledger:
    with_gpus = any(map(_wants_gpus, jobs))
    return Ledger(machine.detect(os.environ, with_gpus), limits, _cards() if with_gpus else NoGpus())


def extend(ledger: Ledger, job: PlannedJob) -> None:
    """For a job that joins the run later."""
    if not ledger.has_cards and _wants_gpus(job):
        ledger.add_cards(machine.detect(os.environ, with_gpus=True).gpus, _cards())


def _wants_gpus(job: PlannedJob) -> bool:
    return any(stage.resources.gpus for stage in job.plan.programs)


def _cards() -> GpuAllocator:
    from pipeline.host.gpu_leases import LeaseFolder, shared_folder

    return LeaseFolder(shared_folder(os.environ))
