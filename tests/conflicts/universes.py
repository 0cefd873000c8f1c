"""Random small universes of packages, and a resolver that tries everything: what ours must agree with."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from itertools import product

from hypothesis import strategies
from packaging.requirements import Requirement

from pipeline.conflicts.resolver import Dependency, Question, Resolution, ResolvedPackage
from pipeline.conflicts.sides import Line

NAMES = ("aa", "bb", "cc", "dd")
VERSIONS = ("1.0", "2.0", "3.0")
SPECIFIERS = ("", ">=2", "<3", "==1.0", "==3.0", "!=2.0", "<2", ">=3", ">=2,<3")

Requires = dict[tuple[str, str], tuple[str, ...]]


@dataclass
class Exhaustive:
    """Tries every choice of versions, the newest first."""

    requires: Requires
    asked: list[Question] = field(default_factory=list)

    def ask(self, question: Question) -> Resolution:
        self.asked.append(question)
        wanted = [requirement(line.text) for line in question.lines]
        chosen = next((each for each in self._choices() if self._meets(each, wanted, question.free)), None)
        needed = self._needed(chosen, wanted) if chosen else set()
        packages = {name: ResolvedPackage(version, 1) for name, version in (chosen or {}).items() if name in needed}
        requires = {package: tuple(map(_dependency, texts)) for package, texts in self.requires.items()}
        return Resolution(packages, requires, "" if chosen else f"no solution for {', '.join(NAMES)}")

    def _choices(self) -> Iterator[dict[str, str]]:
        for versions in product(reversed(VERSIONS), repeat=len(NAMES)):
            yield dict(zip(NAMES, versions, strict=True))

    def _meets(self, chosen: dict[str, str], wanted: list[Requirement], free: str) -> bool:
        needed = self._needed(chosen, wanted)
        asked = [*wanted, *(requirement(each) for name in needed for each in self.requires[name, chosen[name]])]
        return all(each.name == free or each.specifier.contains(chosen[each.name]) for each in asked)

    def _needed(self, chosen: dict[str, str], wanted: list[Requirement]) -> set[str]:
        waiting, found = [each.name for each in wanted], set[str]()
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                waiting += [requirement(each).name for each in self.requires[name, chosen[name]]]
        return found


requirement = cache(Requirement)  # the same few, read many thousand times


def _dependency(text: str) -> Dependency:
    return Dependency(text[:2], text[2:])


@strategies.composite
def universes(draw: strategies.DrawFn) -> Requires:
    """For each version of each package what it requires; only of later packages, so that there is no circle."""
    requires: Requires = {}
    for index, name in enumerate(NAMES):
        later = NAMES[index + 1 :]
        for version in VERSIONS:
            needed = draw(strategies.lists(strategies.sampled_from(later), unique=True, max_size=2)) if later else []
            requires[name, version] = tuple(each + draw(strategies.sampled_from(SPECIFIERS)) for each in needed)
    return requires


def asked() -> strategies.SearchStrategy[list[Line]]:
    one = strategies.tuples(strategies.sampled_from(NAMES), strategies.sampled_from(SPECIFIERS))
    several = strategies.lists(one, min_size=2, max_size=5, unique=True)
    return several.map(lambda all_: [Line(f"{name}{bound}", f"file:{n}") for n, (name, bound) in enumerate(all_, 1)])
