"""CPUs, memory and GPUs of this machine, or of the container that this process is in."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline import process
from pipeline.host import cgroups
from pipeline.values import Struct

if TYPE_CHECKING:
    from pipeline.host.gpus import Gpu

Runner = Callable[..., process.CompletedProcess]


class Machine(Struct, frozen=True):
    """Resources for stages."""

    cpus: int
    memory: int  # bytes
    gpus: "tuple[Gpu, ...]" = ()


def detect(
    variables: Mapping[str, str], with_gpus: bool = False, run: Runner = process.run, root: Path = Path("/")
) -> Machine:
    """Reads three small files for CPUs and memory. GPUs are only detected ``with_gpus``: nvidia-smi takes seconds.

    Raises ``NotReady`` where nvidia-smi is there and doesn't work.
    """
    limits = cgroups.limits(root)
    cpus = min(_affinity(), limits.cpus or _affinity())
    memory = min(installed(root), limits.memory or installed(root))
    if not with_gpus:
        return Machine(cpus, memory)
    from pipeline.host import gpus

    return Machine(cpus, memory, gpus.detect(variables, run))


def _affinity() -> int:
    """The CPUs that this process may run on; ``taskset`` and cpusets count."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def installed(root: Path = Path("/")) -> int:
    """Bytes of memory, also those that a container may not use."""
    try:
        with open(root / "proc/meminfo", "rb") as file:
            for line in file:
                if line.startswith(b"MemTotal:"):
                    return int(line.split()[1]) * 1024
    except FileNotFoundError:
        pass
    import psutil

    return int(psutil.virtual_memory().total)
