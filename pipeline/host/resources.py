"""Resources of this machine, and what the stages of a run have of them right now.

Memory and CPUs are reserved here, so that no more is started than fits. Nothing holds a stage to what it asked for.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from pipeline.host.machine import Machine
from pipeline.host.run_limits import RunLimits
from pipeline.policy import ResourceRequest
from pipeline.sizes import show_size
from pipeline.values import Struct, field, replace

if TYPE_CHECKING:
    from pipeline.host.gpus import Gpu


class GpuLease(Protocol):
    """Cards that this process has until it releases them, or ends."""

    @property
    def descriptor(self) -> int:
        """The lease lasts as long as a process has it open, unless it is released."""
        ...

    @property
    def variables(self) -> Mapping[str, str]:
        """The environment variables by which a stage sees these cards and no other."""
        ...

    def release(self) -> None: ...

    def hand_over(self) -> None:
        """It belongs to the other process from now on that has its descriptor."""


class GpuAllocator(Protocol):
    """Hands out GPUs among all the runs on this machine."""

    def lease(self, gpus: Sequence["Gpu"], count: int, memory: int | None) -> GpuLease | None:
        """``count`` of these cards, whole or ``memory`` bytes of each; None where they aren't free now."""
        ...


class NoGpus:
    """For a run in which no stage asks for a GPU."""

    def lease(self, gpus: Sequence["Gpu"], count: int, memory: int | None) -> GpuLease | None:  # noqa: ARG002  # as ``GpuAllocator``
        return None


class Grant(Struct, frozen=True, eq=False):  # two grants of the same amount are two
    """What a stage has while it runs."""

    cpus: float
    memory: int  # bytes
    gpus: int = 0
    variables: Mapping[str, str] = field(default_factory=dict)
    lease: GpuLease | None = None
    node: str = ""  # of a cluster, where that isn't this machine
    cards: tuple[str, ...] = ()  # the node's GPUs, by their identities
    predecessors: tuple[str, ...] = ()  # stages on that node, by their ids: it begins when one of them ends


class Ledger:
    """Counts what is handed out, so that it is never more than the machine has and the run may use."""

    def __init__(self, machine: Machine, limits: RunLimits, cards: GpuAllocator) -> None:
        self._machine = machine
        self._limits = limits
        self._cards = cards
        self._supply = _supply(machine, limits)
        self._granted: set[Grant] = set()
        self._held: set[Grant] = set()  # those of services among them

    @property
    def has_cards(self) -> bool:
        """Whether the machine was asked for its GPUs."""
        return not isinstance(self._cards, NoGpus)

    def add_cards(self, gpus: Sequence["Gpu"], cards: GpuAllocator) -> None:
        """For a run in which the first jobs wanted none."""
        self._machine, self._cards = replace(self._machine, gpus=tuple(gpus)), cards
        self._supply = _supply(self._machine, self._limits)

    def impossible(self, request: ResourceRequest) -> str | None:
        return impossible(request, self._machine, self._limits)

    def take(self, request: ResourceRequest) -> Grant | None:
        """A grant, or None where there isn't enough free now. The request must not be ``impossible``.

        Raises ``NotReady`` where GPUs can't be leased on this machine.
        """
        reason = self.impossible(request)
        assert reason is None, reason
        most = self._supply.cpus - self._held_cpus
        cpus = most if request.cpus == "all" else min(request.cpus, most)
        gpus = request.gpus if _enough_cards(request, self._machine, self._supply) else 0
        if not self._free(_thousandths(cpus), request.memory, gpus):
            return None
        lease = self._cards.lease(self._machine.gpus, gpus, request.gpu_memory) if gpus else None
        if gpus and lease is None:
            return None
        grant = Grant(cpus, request.memory, gpus, self._variables(request, lease), lease)
        self._granted.add(grant)
        return grant

    def hold(self, requests: Sequence[ResourceRequest], beside: Grant) -> tuple[Grant, ...] | None:
        """What services get, as long as they are used: all of them, or None where there isn't enough free now.

        ``beside``: what the stage has that waits for them; its CPUs are free until it starts. Services never take the
        last CPU, and ``take`` gives a stage at most what they leave.
        """
        grants: list[Grant] = []
        self._granted.remove(beside)
        self._granted.add(waiting := replace(beside, cpus=0.0))
        try:
            for request in requests:
                if (grant := self.take(replace(request, cpus=self._cpus_of_service(request)))) is None:
                    self._give_back_all(grants)
                    return None
                grants.append(grant)
                self._held.add(grant)
        finally:
            self._granted.remove(waiting)
            self._granted.add(beside)
        return tuple(grants)

    def _cpus_of_service(self, request: ResourceRequest) -> float:
        spare = max(0.0, self._supply.cpus - 1 - self._held_cpus)
        return spare if request.cpus == "all" else min(request.cpus, spare)

    def _give_back_all(self, grants: Sequence[Grant]) -> None:
        for grant in grants:
            self.give_back(grant)

    def give_back(self, grant: Grant) -> None:
        self._held.discard(grant)
        self._granted.remove(grant)  # a KeyError where it was given back before, which is a bug of the caller
        if grant.lease is not None:
            grant.lease.release()

    @property
    def _held_cpus(self) -> float:
        return sum(grant.cpus for grant in self._held)

    def hand_over(self, grant: Grant) -> Grant:
        """The grant without its lease of cards, which another process has from now on. It counts as before."""
        if grant.lease is None:
            return grant
        grant.lease.hand_over()
        without = replace(grant, lease=None)
        for grants in (self._granted, self._held):
            if grant in grants:
                grants.remove(grant)
                grants.add(without)
        return without

    def _free(self, thousandths: int, memory: int, gpus: int) -> bool:
        return (
            sum(_thousandths(grant.cpus) for grant in self._granted) + thousandths <= self._supply.cpus * 1000
            and sum(grant.memory for grant in self._granted) + memory <= self._supply.memory
            and sum(grant.gpus for grant in self._granted) + gpus <= self._supply.gpus
        )

    def _variables(self, request: ResourceRequest, lease: GpuLease | None) -> Mapping[str, str]:
        if lease is not None:
            return lease.variables
        if not (request.gpus and self._machine.gpus):
            return {}
        from pipeline.host.gpus import HIDDEN

        return HIDDEN


def impossible(request: ResourceRequest, machine: Machine, limits: RunLimits) -> str | None:
    """Why a request can never be met here, as the end of a sentence that begins with the stage; None where it can.

    A stage may ask for more CPUs than there are: it gets all of them, and takes longer.
    """
    supply = _supply(machine, limits)
    if request.memory > supply.memory:
        return f"needs {show_size(request.memory)} of memory; {_owner(machine.memory, limits.memory)} " + show_size(
            supply.memory
        )
    if not request.gpus or request.cpu_will_do or _enough_cards(request, machine, supply):
        return None
    wanted = _count(request.gpus)
    if request.gpus > supply.gpus:
        return f"needs {wanted}; {_owner(len(machine.gpus), limits.gpus)} {_count(supply.gpus)}"
    size = show_size(request.gpu_memory or 0)
    sizes = ", ".join(f"{card.name} ({show_size(card.memory or 0)})" for card in machine.gpus)
    return f"needs {wanted} with {size} of memory; this machine has {sizes}"


def together(request: ResourceRequest, others: Sequence[ResourceRequest]) -> ResourceRequest:
    """What a stage and the services beside it need at the same time. CPUs aren't summed: each takes what there is."""
    if not others:
        return request
    every = (request, *others)
    cards = [each for each in every if each.gpus and not each.cpu_will_do]
    return ResourceRequest(
        memory=sum(each.memory for each in every),
        gpus=sum(each.gpus for each in cards),
        gpu_memory=max((each.gpu_memory or 0 for each in cards), default=None) or None,
    )


class _Supply(Struct, frozen=True):
    """What the machine has and the run may use."""

    cpus: int
    memory: int
    gpus: int


def _supply(machine: Machine, limits: RunLimits) -> _Supply:
    return _Supply(
        _least(machine.cpus, limits.cpus), _least(machine.memory, limits.memory), _least(len(machine.gpus), limits.gpus)
    )


def _least(there: int, limit: int | None) -> int:
    return there if limit is None else min(there, limit)


def _enough_cards(request: ResourceRequest, machine: Machine, supply: _Supply) -> bool:
    """Whether there are enough cards, if all are free. A card of unknown size counts, since it is handed out whole."""
    wanted = request.gpu_memory or 0
    fitting = [card for card in machine.gpus if card.memory is None or card.memory >= wanted]
    return request.gpus <= min(len(fitting), supply.gpus)


def _thousandths(cpus: float) -> int:
    """Whole numbers, which have no rounding errors when they are summed in another order."""
    return round(cpus * 1000)


def _owner(there: int, limit: int | None) -> str:
    return "this machine has" if limit is None or limit >= there else "this run may use (--limit)"


def _count(gpus: int) -> str:
    return "no GPU" if gpus == 0 else "1 GPU" if gpus == 1 else f"{gpus} GPUs"
