"""The fewest environments that all stages of a project need, and why there can't be fewer."""

import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pipeline.config.catalog import Catalog
from pipeline.conflicts.explanation import solve
from pipeline.conflicts.grouping import Group, fewest
from pipeline.conflicts.lines import Side
from pipeline.conflicts.project_sides import resolver_for, rivalries, side_of
from pipeline.conflicts.pythons import common, disjoint, ranges_of
from pipeline.conflicts.resolver import UvResolver
from pipeline.envs.definition import Definition


@dataclass(frozen=True)
class Apart:
    names: tuple[str, ...]  # that can't be one
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class MergePlan:
    groups: tuple[tuple[str, ...], ...]
    stages: dict[str, tuple[str, ...]]  # by the environment that they need today
    apart: tuple[Apart, ...]
    unused: tuple[str, ...]  # environments that no stage needs
    unbuilt: tuple[str, ...]  # of which it isn't known whether their packages install the same modules
    is_fewest: bool  # whether all ways were tried


@dataclass
class _Judge:
    """Asks what keeps a group apart, and remembers the answers for whoever reads the plan."""

    catalog: Catalog
    sides: dict[str, Side]
    resolver: UvResolver
    apart: dict[Group, tuple[str, ...]] = field(default_factory=dict)

    def fits(self, group: Group) -> bool:
        reasons = self._reasons(sorted(group))
        if reasons:
            self.apart[group] = tuple(reasons)
        return not reasons

    def _reasons(self, names: Sequence[str]) -> list[str]:
        if foreign := [name for name in names if name not in self.sides]:
            return [f"{foreign[0]} is made by somebody else, and is used as it is"]
        rivals, _ = rivalries(self.catalog, names)
        if rivals:
            return rivals
        chosen = [self.sides[name] for name in names]
        own = platform.python_version()
        ranges = ranges_of(chosen)
        if without_common := disjoint(ranges, own):
            return [f"no Python is in {' and '.join(map(str, without_common))}"]
        lines = tuple(line for side in chosen for line in side.lines)
        _, answer = solve(lines, common(ranges, own), self.resolver)
        return [] if answer.is_solved else [f"no solution together: pipeline env explain {' '.join(names)}"]


def plan(catalog: Catalog) -> MergePlan:
    """Raises ``NotReady`` where the index can't be reached, ``ConfigurationError`` where a definition is broken."""
    stages = _stages(catalog)
    names = sorted(stages)
    definitions = {name: catalog.environment(name) for name in names}
    ours = {name: side_of(catalog.project, each) for name, each in definitions.items() if each.lock is not None}
    judge = _Judge(catalog, ours, resolver_for(ours.values()))
    groups, is_fewest = fewest(names, judge.fits)
    return MergePlan(
        groups=tuple(tuple(sorted(group)) for group in groups),
        stages=stages,
        apart=tuple(Apart(tuple(sorted(group)), reasons) for group, reasons in _smallest(judge.apart).items()),
        unused=tuple(name for name in catalog.environment_names if name not in stages),
        unbuilt=tuple(rivalries(catalog, names)[1]),
        is_fewest=is_fewest,
    )


def _smallest(apart: Mapping[Group, tuple[str, ...]]) -> dict[Group, tuple[str, ...]]:
    """What keeps a group apart keeps every larger one apart."""
    return {group: reasons for group, reasons in apart.items() if not any(other < group for other in apart)}


def _stages(catalog: Catalog) -> dict[str, tuple[str, ...]]:
    """The environments that stages need, with those that carry the programs they need; these have no stage."""
    found: dict[str, list[str]] = {}
    for file in sorted(catalog.project.stages.glob("*.py")):
        found.setdefault(catalog.stage(file.stem).environment, []).append(file.stem)
    for provider in _providers(catalog, [catalog.environment(name) for name in found]):
        found.setdefault(provider, [])
    return {name: tuple(stages) for name, stages in sorted(found.items())}


def _providers(catalog: Catalog, definitions: Sequence[Definition]) -> list[str]:
    tools = {tool for definition in definitions for tool in definition.tools}
    providers = (catalog.provider(tool) for tool in sorted(tools))
    return [provider.name for provider in providers if provider]
