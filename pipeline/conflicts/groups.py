"""The fewest environments that all stages of a project need, and why there can't be fewer."""

import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from pipeline.config.catalog import Catalog
from pipeline.conflicts.conflicting_lines import solve
from pipeline.conflicts.module_clashes import clashes
from pipeline.conflicts.python_ranges import common, disjoint, ranges_of
from pipeline.conflicts.resolver import DependencyResolver, resolver_for
from pipeline.conflicts.sides import Side, side_of_environment
from pipeline.envs.definition import Definition

EXACT = 12  # members up to which all ways are tried

Group = frozenset[str]
Fits = Callable[[Group], bool]


@dataclass(frozen=True)
class Separation:
    names: tuple[str, ...]  # of environments that can't be one
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class MergePlan:
    groups: tuple[tuple[str, ...], ...]  # of environments that can be one
    stages: dict[str, tuple[str, ...]]  # by the environment that they need today
    separations: tuple[Separation, ...]
    unused: tuple[str, ...]  # environments that no stage needs
    unbuilt: tuple[str, ...]  # environments of which it isn't known which modules their packages install
    is_fewest: bool  # whether it is proved that there can't be fewer groups


def plan(catalog: Catalog) -> MergePlan:
    """Raises ``NotReady`` where the index can't be reached, ``ConfigurationError`` where a definition is broken."""
    stages = _stages(catalog)
    names = sorted(stages)
    definitions = {name: catalog.environment(name) for name in names}
    sides = {name: side_of_environment(catalog.project, each) for name, each in definitions.items() if each.lock}
    judge = _Judge(catalog, sides, resolver_for(sides.values()))
    groups, is_fewest = fewest_groups(names, judge.fits)
    return MergePlan(
        groups=tuple(tuple(sorted(group)) for group in groups),
        stages=stages,
        separations=tuple(
            Separation(tuple(sorted(group)), reasons) for group, reasons in _smallest(judge.reasons).items()
        ),
        unused=tuple(name for name in catalog.environment_names if name not in stages),
        unbuilt=tuple(clashes(catalog, names)[1]),
        is_fewest=is_fewest,
    )


class FitMemory:
    """Which groups fit, and which don't, so that nothing is asked that follows from it."""

    def __init__(self, fits: Fits) -> None:
        self._ask = fits
        self._fitting: set[Group] = set()
        self._failing: set[Group] = set()

    def fits(self, group: Group) -> bool:
        if len(group) < 2 or any(group <= known for known in self._fitting):
            return True
        if any(known <= group for known in self._failing):
            return False
        answer = self._ask(group)
        (self._fitting if answer else self._failing).add(group)
        return answer


def fewest_groups(members: Sequence[str], fits: Fits) -> tuple[list[Group], bool]:
    """The fewest groups such that the members of each fit together, and whether it is proved that they are the fewest.

    Beyond ``EXACT`` members, each is put into the first group that it fits. Fitting isn't transitive, and three may not
    fit where each two do, so groups are asked about as a whole; as few as possible, since each question takes seconds.
    """
    memory = FitMemory(fits)
    everyone = frozenset(members)
    if memory.fits(everyone):
        return ([everyone] if everyone else []), True
    if len(members) > EXACT:
        return _first_fit(members, memory), False
    for count in range(2, len(members) + 1):
        if found := _into(list(members), [], count, memory):
            return found, True
    return [frozenset([each]) for each in members], True


def _first_fit(members: Sequence[str], memory: FitMemory) -> list[Group]:
    groups: list[Group] = []
    for member in members:
        place = next((index for index, group in enumerate(groups) if memory.fits(group | {member})), None)
        if place is None:
            groups.append(frozenset([member]))
        else:
            groups[place] |= {member}
    return groups


def _into(waiting: list[str], groups: list[Group], count: int, memory: FitMemory) -> list[Group] | None:
    """``groups`` with the waiting members in them, or in more groups, ``count`` at most; None where that can't be."""
    if not waiting:
        return groups
    member, rest = waiting[0], waiting[1:]
    for index, group in enumerate(groups):
        if memory.fits(group | {member}):
            wider = [*groups[:index], group | {member}, *groups[index + 1 :]]
            if found := _into(rest, wider, count, memory):
                return found
    if len(groups) < count:
        return _into(rest, [*groups, frozenset([member])], count, memory)
    return None


@dataclass
class _Judge:
    """Whether a group of environments fits together, and if not, why: that stands in the plan."""

    catalog: Catalog
    sides: dict[str, Side]
    resolver: DependencyResolver
    reasons: dict[Group, tuple[str, ...]] = field(default_factory=dict)

    def fits(self, group: Group) -> bool:
        reasons = self._reasons_of(sorted(group))
        if reasons:
            self.reasons[group] = tuple(reasons)
        return not reasons

    def _reasons_of(self, names: Sequence[str]) -> list[str]:
        if external := [name for name in names if name not in self.sides]:
            return [f"{external[0]} is an external environment, and is used as it is"]
        found, _ = clashes(self.catalog, names)
        if found:
            return found
        chosen = [self.sides[name] for name in names]
        own = platform.python_version()
        ranges = ranges_of(chosen)
        if exclusive := disjoint(ranges, own):
            return [f"no Python is in {' and '.join(map(str, exclusive))}"]
        lines = tuple(line for side in chosen for line in side.lines)
        _, answer = solve(lines, common(ranges, own), self.resolver)
        return [] if answer.is_solved else ["they have no solution together ('pipeline env explain' says why)"]


def _smallest(failing: Mapping[Group, tuple[str, ...]]) -> dict[Group, tuple[str, ...]]:
    """Without the groups that hold a smaller one which doesn't fit either."""
    return {group: reasons for group, reasons in failing.items() if not any(other < group for other in failing)}


def _stages(catalog: Catalog) -> dict[str, tuple[str, ...]]:
    """The stages of each environment that one needs; an environment that only provides programs has none."""
    found: dict[str, list[str]] = {}
    for name in catalog.stage_names:
        found.setdefault(catalog.stage(name).environment, []).append(name)
    for provider in _providers(catalog, [catalog.environment(name) for name in found]):
        found.setdefault(provider, [])
    return {name: tuple(stages) for name, stages in sorted(found.items())}


def _providers(catalog: Catalog, definitions: Sequence[Definition]) -> list[str]:
    tools = {tool for definition in definitions for tool in definition.tools}
    providers = (catalog.provider(tool) for tool in sorted(tools))
    return [provider.name for provider in providers if provider]
