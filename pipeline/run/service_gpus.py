"""The GPUs of a service that a person runs by itself: leased as a stage's are, for as long as it runs."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from pipeline.config.stages import StageSpec
from pipeline.errors import NotReady
from pipeline.host import machine
from pipeline.host.resources import Ledger, impossible
from pipeline.host.run_limits import RunLimits
from pipeline.policy import ResourceRequest
from pipeline.sizes import parse_size


@contextmanager
def cards_of(spec: StageSpec, variables: Mapping[str, str]) -> Iterator[Mapping[str, str]]:
    """The variables by which all versions of the service see its cards. ``variables``: the caller's.

    Raises ``NotReady`` where it wants cards that this machine doesn't have, or that others use.
    """
    request = _request(spec)
    if not request.gpus:
        yield {}
        return
    from pipeline.host.gpu_leases import LeaseFolder, shared_folder

    here = machine.detect(variables, with_gpus=True)
    if reason := impossible(request, here, RunLimits()):
        raise NotReady(f"service '{spec.name}' {reason}", "pipeline hardware")
    ledger = Ledger(here, RunLimits(), LeaseFolder(shared_folder(variables)))
    grant = ledger.take(request)
    if grant is None:
        raise NotReady(
            f"service '{spec.name}' wants a GPU, and runs or other services have them all", "pipeline hardware"
        )
    try:
        yield grant.variables
    finally:
        ledger.give_back(grant)


def _request(spec: StageSpec) -> ResourceRequest:
    """Cards alone: its CPUs and its memory are those of the machine."""
    wanted = spec.policy.get("resources", {})
    size = wanted.get("gpu_memory")
    return ResourceRequest(
        gpus=int(wanted.get("gpus", 0)),
        gpu_memory=None if size is None else parse_size(size),
        cpu_will_do=bool(wanted.get("cpu_will_do", False)),
    )
