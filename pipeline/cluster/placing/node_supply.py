"""What a node has, what a stage needs of one, and whether the two fit. Pure."""

from collections.abc import Mapping

from pipeline.values import Struct

THOUSAND = 1000


class NodeSupply(Struct, frozen=True, kw_only=True):
    """A node as it was announced."""

    name: str
    cpus: float = 1
    memory: int = 0  # bytes
    gpus: tuple[str, ...] = ()  # their identities
    labels: frozenset[str] = frozenset()
    ends: float | None = None  # when its walltime is over, by the clock of the run


class StageNeeds(Struct, frozen=True, kw_only=True, cache_hash=True):
    """What a stage must have while it runs. Stages with equal needs wait in one queue."""

    environment: str = ""  # its key
    cpus: float = 1  # of a node that has fewer, all
    memory: int = 0  # bytes
    gpus: int = 0
    labels: frozenset[str] = frozenset()
    licences: tuple[tuple[str, int], ...] = ()  # tokens that the whole run has so many of
    seconds: float = 0.0  # that it is expected to take, in few steps, since each is a queue; 0 where nobody knows


class WaitingStage(Struct, frozen=True, gc=False):
    """A stage that is ready. ``gc=False``: a million of them would be looked at again and again."""

    id: str
    needs: StageNeeds
    place: int = 0  # that of its job in the run
    remaining: float = 0.0  # seconds of the longest way through it
    inputs: tuple[tuple[str, int], ...] = ()  # the digests and sizes of large ones
    kind: str = ""  # what stages have in common that take about as long
    may_follow: bool = False  # it needs no more than a part of the processors, which may be shared for a moment

    @property
    def priority(self) -> tuple[int, float]:
        """The least comes first."""
        return self.place, -self.remaining


class NodeShare(Struct, frozen=True):
    """What a stage has of a node."""

    cpus: int  # thousandths
    memory: int
    gpus: tuple[str, ...] = ()


class NodeLedger:
    """What is free on one node."""

    def __init__(self, supply: NodeSupply) -> None:
        self.supply = supply
        self.cpus = self._all_cpus = round(supply.cpus * THOUSAND)
        self.memory = supply.memory
        self.gpus = list(supply.gpus)

    def could_have(self, needs: StageNeeds, now: float) -> bool:
        """Whether it fits when nothing else is there."""
        supply = self.supply
        return (
            needs.memory <= supply.memory
            and needs.gpus <= len(supply.gpus)
            and needs.labels <= supply.labels
            and (supply.ends is None or now + needs.seconds <= supply.ends)
        )

    @property
    def is_full(self) -> bool:
        """Whether nothing at all fits."""
        return self.cpus <= 0

    def has_room(self, needs: StageNeeds) -> bool:
        """Whether so much is free now. Each stage has at least a thousandth of a CPU."""
        return self._thousandths(needs) <= self.cpus and needs.memory <= self.memory and needs.gpus <= len(self.gpus)

    def take(self, needs: StageNeeds, now: float) -> NodeShare | None:
        """``None`` where it doesn't fit now."""
        if not self.has_room(needs) or not self.could_have(needs, now):
            return None
        return self.claim(needs)

    def claim(self, needs: StageNeeds) -> NodeShare:
        """For a stage that runs there already, whether there is room or not; GPUs as far as there are some."""
        share = NodeShare(self._thousandths(needs), needs.memory, tuple(self.gpus[: needs.gpus]))
        self.cpus -= share.cpus
        self.memory -= share.memory
        del self.gpus[: needs.gpus]
        return share

    def covers(self, share: NodeShare, needs: StageNeeds) -> bool:
        """Whether another stage's share of this node is enough."""
        is_enough = needs.memory <= share.memory and needs.gpus <= len(share.gpus)
        return is_enough and self._thousandths(needs) <= share.cpus

    def _thousandths(self, needs: StageNeeds) -> int:
        return min(max(1, round(needs.cpus * THOUSAND)), self._all_cpus)

    def give_back(self, share: NodeShare) -> None:
        self.cpus += share.cpus
        self.memory += share.memory
        self.gpus += share.gpus


class Licences:
    """Tokens that the run has, whichever node uses them."""

    def __init__(self, supply: Mapping[str, int]) -> None:
        self.supply = dict(supply)
        self._free = dict(supply)

    def has(self, wanted: tuple[tuple[str, int], ...]) -> bool:
        """Whether so many are free."""
        return not wanted or all(self._free.get(name, 0) >= number for name, number in wanted)

    def take(self, wanted: tuple[tuple[str, int], ...]) -> None:
        """They must be free."""
        for name, number in wanted:
            self._free[name] -= number

    def give_back(self, wanted: tuple[tuple[str, int], ...]) -> None:
        for name, number in wanted:
            self._free[name] += number


class NodeStart(Struct, frozen=True):
    """A stage begins on a node now, or when one of others ends there."""

    stage: WaitingStage
    node: str
    share: NodeShare
    predecessors: tuple[str, ...] = ()  # the ids of these others


class NodePreparation(Struct, frozen=True):
    """A stage will probably begin on a node next: its environment and its files may be brought there."""

    stage: WaitingStage
    node: str


Decision = NodeStart | NodePreparation
