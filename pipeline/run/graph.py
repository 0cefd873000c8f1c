"""A job's stages and what they wait for: who is ready, who never will be, and which way is the longest."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice

from pipeline.jobs.plan import PlannedStage
from pipeline.references import paired_stages


class Graph:
    """Counts what each stage still waits for. A fan-out over a list also waits for its members, once they are known."""

    def __init__(self, stages: Sequence[PlannedStage], seconds: Callable[[PlannedStage], float]) -> None:
        """``stages`` stand in an order in which they can run; needs that aren't among them are taken as met."""
        self._needs: dict[str, Sequence[str]] = {stage.name: stage.needs for stage in stages}
        self._waits = {stage.name: int(stage.for_each is not None) for stage in stages}  # for its list
        self._dependants: dict[str, list[str]] = {name: [] for name in self._needs}
        self._over: set[str] = set()
        self._pairs = _pairs(stages)
        self._expanded: set[str] = set()
        for stage in stages:
            for need in stage.needs:
                if need in self._dependants:
                    self._dependants[need].append(stage.name)
                    self._waits[stage.name] += 1
        self._remaining = _longest_ways(stages, self._dependants, self._pairs, seconds)

    def ready(self) -> list[str]:
        """Stages that wait for nothing."""
        return [name for name, count in self._waits.items() if count == 0 and name not in self._over]

    def done(self, name: str) -> list[str]:
        """A stage has its result; returns the stages that are ready by that."""
        self._over.add(name)
        return [dependant for dependant in self._dependants[name] if self._is_met(dependant)]

    def failed(self, name: str) -> list[str]:
        """A stage won't have a result; returns all that can't run because of it."""
        self._over.add(name)
        lost, reached = [], [name]
        while reached:
            for dependant in self._behind(reached.pop()):
                if dependant not in self._over:
                    self._over.add(dependant)
                    lost.append(dependant)
                    reached.append(dependant)
        return lost

    def expand(self, name: str, members: Mapping[str, Sequence[str]]) -> list[str]:
        """A fan-out's members are known, each with what it alone needs. Returns the stages that are ready.

        Not for one that is lost.
        """
        self._expanded.add(name)
        for member, own in members.items():
            needs = [need for need in (*self._needs[name], *own) if need in self._dependants and need not in self._over]
            self._needs[member] = needs
            self._waits[member] = len(needs)
            self._dependants[member] = [name]
            self._remaining[member] = self._remaining[name]
            for need in needs:
                self._dependants[need].append(member)
        self._waits[name] += len(members) - 1
        ready = [member for member in members if self._waits[member] == 0]
        return [*ready, name] if self._waits[name] == 0 else ready

    def is_over(self, name: str) -> bool:
        """Whether a stage has its result, or never will have one, such as a fan-out that can't have members."""
        return name in self._over

    def remaining(self, name: str) -> float:
        """Expected seconds from the stage's start to the end of the longest way that goes through it."""
        return self._remaining[name]

    def next_after(self, name: str, count: int) -> list[str]:
        """Some stages that will come soon after this one."""
        return list(islice(self._following(name), count))

    def _following(self, name: str) -> Iterable[str]:
        level = [name]
        while level:
            level = [dependant for each in level for dependant in self._dependants[each]]
            yield from level

    def _behind(self, name: str) -> Sequence[str]:
        """The stages that can't run without this one. A fan-out that has no members leaves none to its pairs."""
        pairs = () if name in self._expanded else self._pairs.get(name, ())
        return (*self._dependants[name], *pairs)

    def _is_met(self, name: str) -> bool:
        self._waits[name] -= 1
        return self._waits[name] == 0 and name not in self._over


def _longest_ways(
    stages: Sequence[PlannedStage],
    dependants: Mapping[str, Sequence[str]],
    pairs: Mapping[str, Sequence[str]],
    seconds: Callable[[PlannedStage], float],
) -> dict[str, float]:
    """By planned stage; the members of a pair follow one another like the stages that they stand under."""
    remaining: dict[str, float] = {}
    for stage in reversed(stages):
        name = stage.name
        after = [remaining[each] for each in (*dependants[name], *pairs.get(name, ()))]
        remaining[name] = seconds(stage) + max(after, default=0.0)
    return remaining


def _pairs(stages: Sequence[PlannedStage]) -> dict[str, list[str]]:
    """By fan-out, those whose members go with its own."""
    pairs: dict[str, list[str]] = {}
    for stage in stages:
        for other in paired_stages(stage.inputs):
            pairs.setdefault(other, []).append(stage.name)
    return pairs
