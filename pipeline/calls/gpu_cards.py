"""GPUs of a session: leased as those of stages are, so that no run gives the same ones to a stage.

They are let go of with the session's worker (``worker.py``).
"""

import os
import time
from functools import cache

from pipeline.calls.errors import CallTimedOut
from pipeline.errors import NotReady
from pipeline.host.gpu_leases import FileLease, LeaseFolder, shared_folder
from pipeline.host.machine import Machine, detect
from pipeline.host.resources import impossible
from pipeline.host.run_limits import RunLimits
from pipeline.policy import ResourceRequest

PAUSE = 0.2  # seconds between two looks at whether some have become free


def leased(request: ResourceRequest, deadline: float) -> FileLease:
    """Wait for them until ``deadline`` (``time.monotonic``).

    Raises ``NotReady`` where this machine hasn't so many, and ``CallTimedOut``.
    """
    machine = _machine(tuple(os.environ.items()))
    if reason := impossible(request, machine, RunLimits()):
        raise NotReady(f"the session {reason}", "pipeline hardware --refresh")
    folder = LeaseFolder(shared_folder(os.environ))
    while (lease := folder.lease(machine.gpus, request.gpus, request.gpu_memory)) is None:
        if time.monotonic() >= deadline:
            raise CallTimedOut("the GPUs were in use all the time", is_state_lost=False)
        time.sleep(PAUSE)
    return lease


@cache
def _machine(variables: tuple[tuple[str, str], ...]) -> Machine:
    """To ask for the cards takes seconds."""
    return detect(dict(variables), with_gpus=True)
