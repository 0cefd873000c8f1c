"""How a requirement line comes to ask for a package: through which versions, by which metadata. Pure."""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, product

from pipeline.conflicts.resolver import Dependency, Resolution
from pipeline.conflicts.sides import Line

COMBINATIONS = 1000  # of chains that are compared


@dataclass(frozen=True)
class Step:
    package: str
    version: str
    requires: Dependency


@dataclass(frozen=True)
class Chain:
    line: Line
    steps: tuple[Step, ...]  # none where the line itself names the package

    @property
    def package(self) -> str:
        return self.steps[-1].requires.name if self.steps else self.line.name

    @property
    def specifier(self) -> str:
        return self.steps[-1].requires.specifier if self.steps else str(self.line.requirement.specifier)

    def __str__(self) -> str:
        passed = [f"{step.package} {step.version}" for step in self.steps]
        return " → ".join([str(self.line), *passed, *([f"{self.package}{self.specifier}"] if self.steps else [])])


def chains_to(package: str, line: Line, alone: Resolution) -> list[Chain]:
    """The shortest way from a line to each package that asks for ``package``; ``alone`` is what the line resolves to
    without any other line."""
    found = [Chain(line, ())] if line.name == package and line.text.strip() else []
    waiting: deque[tuple[str, tuple[Step, ...]]] = deque([(line.name, ())])
    seen = {line.name}
    while waiting:
        name, steps = waiting.popleft()
        version = alone.packages[name].version if name in alone.packages else ""
        for dependency in alone.requires.get((name, version), ()):
            longer = (*steps, Step(name, version, dependency))
            if dependency.name == package:
                found.append(Chain(line, longer))
            elif dependency.name not in seen:
                seen.add(dependency.name)
                waiting.append((dependency.name, longer))
    return found


def reached(line: Line, alone: Resolution) -> set[str]:
    """The packages that a line brings, with its own."""
    return {line.name, *alone.packages}


def clashing(package: str, solutions: Mapping[Line, Resolution]) -> tuple[Chain, ...]:
    """A chain to the package for each line: together such that no version meets all of them, else the shortest."""
    of_lines = [chains for line, alone in solutions.items() if (chains := chains_to(package, line, alone))]
    combinations = islice(product(*of_lines), COMBINATIONS)
    return next(
        (chosen for chosen in combinations if are_disjoint(chain.specifier for chain in chosen)),
        tuple(chains[0] for chains in of_lines),
    )


def are_disjoint(specifiers: Iterable[str]) -> bool:
    """Whether no version meets all of them. Every version meets a specifier that can't be read."""
    from packaging.specifiers import InvalidSpecifier, SpecifierSet
    from packaging.version import Version

    sets = []
    for text in specifiers:
        try:
            sets.append(SpecifierSet(text))
        except InvalidSpecifier:
            continue
    bounds = [Version(each.version.removesuffix(".*")) for every in sets for each in every if each.operator != "==="]
    # A range that isn't empty holds one of its bounds, or what is just above one, or the least version of all.
    tried = ["0.dev0", *(f"{bound}" for bound in bounds), *(_just_above(bound.release) for bound in bounds)]
    return bool(bounds) and not any(all(each.contains(v, prereleases=True) for each in sets) for v in tried)


def _just_above(release: Sequence[int]) -> str:
    return ".".join(map(str, [*release, 0, 0, 0, 1]))
