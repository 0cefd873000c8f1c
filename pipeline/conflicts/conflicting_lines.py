"""Can these share one environment? If not, which lines conflict, through what, and what helps; if so, what it saves.

The resolver has proved each claim: the lines of a conflict have no solution, and any fewer of them have one; they
clash on the package that is named, since there is a solution where its version is free; each edit gives a solution of
all lines.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pipeline.conflicts.chains import Chain, are_disjoint, chains_to, clashing, reached
from pipeline.conflicts.edits import Edit, edits
from pipeline.conflicts.minimal_subsets import minimal_conflict
from pipeline.conflicts.python_ranges import PythonRange, common, disjoint, ranges_of
from pipeline.conflicts.resolver import DependencyResolver, Question, Resolution, in_parallel
from pipeline.conflicts.sides import Line, Side

CANDIDATES = 8  # packages that the resolver is asked about, to find the one that the lines clash on


@dataclass(frozen=True)
class Conflict:
    lines: tuple[Line, ...]  # have no solution together; without any one of them, the others have one
    pythons: tuple[PythonRange, ...] = ()  # ranges without which the lines have a solution, on another Python
    package: str = ""  # that the lines clash on; empty where they don't clash on the versions of one package
    chains: tuple[Chain, ...] = ()  # to that package, one for each line
    refusal: str = ""  # of these lines, in the resolver's words
    edits: tuple[Edit, ...] = ()  # of one line, the least change first
    others_remain: bool = False  # the edits remove this conflict, and another one remains


@dataclass(frozen=True)
class SharedPackage:
    name: str
    version: str  # in the solution of all sides
    sides: int  # how many have it
    wheel_bytes: int | None  # None where the index doesn't tell


@dataclass(frozen=True)
class Compatibility:
    sides: tuple[Side, ...]
    python: str  # the exact version that was asked about; empty where the ranges have none in common
    conflict: Conflict | None  # None where all sides have a solution together
    together: Resolution | None = None  # that solution
    shared: tuple[SharedPackage, ...] = ()  # packages that several sides have


def explain(sides: Sequence[Side], resolver: DependencyResolver, own_python: str) -> Compatibility:
    """``own_python`` is the exact version that runs this, which is preferred where all sides allow it.

    Raises ``NotReady`` where the index can't be reached.
    """
    ranges = ranges_of(sides)
    if apart := disjoint(ranges, own_python):
        return Compatibility(tuple(sides), "", Conflict((), apart))
    lines = tuple(line for side in sides for line in side.lines)
    pythons = common(ranges, own_python)
    python, answer = solve(lines, pythons, resolver)
    if answer.is_solved:
        return Compatibility(tuple(sides), python, None, answer, _shared(sides, python, answer, resolver))
    case = _Case(lines, python, ranges, own_python, resolver)
    return Compatibility(tuple(sides), python, _conflict(case, answer))


def solve(lines: tuple[Line, ...], pythons: Sequence[str], resolver: DependencyResolver) -> tuple[str, Resolution]:
    """The first of these Pythons that has a solution, with it; else the first of them, with its refusal."""
    first = resolver.ask(Question(lines, pythons[0]))
    if first.is_solved or not _is_about_python(first.refusal):
        return pythons[0], first
    others = in_parallel(lambda python: resolver.ask(Question(lines, python)), pythons[1:])
    solved = (pair for pair in zip(pythons[1:], others, strict=True) if pair[1].is_solved)
    return next(solved, (pythons[0], first))


@dataclass(frozen=True)
class _Case:
    """Lines that have no solution on one Python, and whom to ask more about them."""

    lines: tuple[Line, ...]
    python: str
    ranges: Sequence[PythonRange]
    own_python: str
    resolver: DependencyResolver

    def ask(self, lines: Sequence[Line], free: str = "") -> Resolution:
        return self.resolver.ask(Question(tuple(lines), self.python, free))

    def fits(self, lines: Sequence[Line]) -> bool:
        return not lines or self.ask(lines).is_solved


def _conflict(case: _Case, answer: Resolution) -> Conflict:
    named = [line for line in case.lines if _is_named(line.name, answer.refusal)]
    core = minimal_conflict(named if named and not case.fits(named) else case.lines, case.fits)
    refusal = case.ask(core).refusal
    alone = in_parallel(lambda line: case.ask([line]), core)
    solutions = dict(zip(core, alone, strict=True)) if len(core) > 1 else {}
    package = _clash(case, core, solutions, refusal)
    helping = edits(case.lines, core, case.python, case.resolver)
    partly = not helping and len(core) < len(case.lines)
    return Conflict(
        lines=core,
        pythons=_pythons_in(case, core, refusal),
        package=package,
        chains=clashing(package, solutions) if package else (),
        refusal=refusal,
        edits=edits(core, core, case.python, case.resolver) if partly else helping,
        others_remain=partly,
    )


def _clash(case: _Case, core: tuple[Line, ...], solutions: Mapping[Line, Resolution], refusal: str) -> str:
    """The package that the lines clash on: where its version is free, they have a solution. Empty where none is it."""
    candidates = list(_candidates(solutions, refusal))[:CANDIDATES]
    for place in range(0, len(candidates), 2):
        pair = candidates[place : place + 2]
        freed = in_parallel(lambda package: case.ask(core, package), pair)
        for package, answer in zip(pair, freed, strict=True):
            if answer.is_solved:
                return package
    return ""


def _candidates(solutions: Mapping[Line, Resolution], refusal: str) -> Iterator[str]:
    """Packages that several lines lead to, the likeliest first: their specifiers exclude each other, the refusal names
    them."""
    counts: dict[str, int] = {}
    for line, alone in solutions.items():
        for name in reached(line, alone):
            counts[name] = counts.get(name, 0) + 1
    common_to_several = sorted(name for name, count in counts.items() if count > 1)
    exclusive = [name for name in common_to_several if _is_exclusive(name, solutions)]
    named = [name for name in common_to_several if _is_named(name, refusal)]
    yield from dict.fromkeys([*(name for name in exclusive if name in named), *exclusive, *named])


def _is_exclusive(package: str, solutions: Mapping[Line, Resolution]) -> bool:
    """Whether no version of a package meets all that the lines lead to."""
    every = [chain.specifier for line, alone in solutions.items() for chain in chains_to(package, line, alone)]
    return are_disjoint(every)


def _pythons_in(case: _Case, core: tuple[Line, ...], refusal: str) -> tuple[PythonRange, ...]:
    """The range without which the lines have a solution, on another Python; empty where there is none."""
    if not case.ranges or not _is_about_python(refusal):
        return ()
    from packaging.specifiers import SpecifierSet

    allowed = [SpecifierSet(one.text) for one in case.ranges]
    outside = [each for each in common((), case.own_python) if not all(each in one for one in allowed)]
    version, answer = solve(core, outside, case.resolver) if outside else ("", None)
    if answer is None or not answer.is_solved:
        return ()
    return tuple(one for one in case.ranges if version not in SpecifierSet(one.text))[:1]


def _shared(
    sides: Sequence[Side], python: str, together: Resolution, resolver: DependencyResolver
) -> tuple[SharedPackage, ...]:
    alone = in_parallel(lambda side: resolver.ask(Question(side.lines, python)), sides)
    counts = {name: sum(name in each.packages for each in alone) for name in together.packages}
    return tuple(
        SharedPackage(name, package.version, counts[name], package.wheel_bytes)
        for name, package in sorted(together.packages.items())
        if counts[name] > 1
    )


def _is_about_python(refusal: str) -> bool:
    return "Python" in refusal or "tag" in refusal


def _is_named(name: str, refusal: str) -> bool:
    import re

    return re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w-])", refusal) is not None
