"""Can these share one environment? If not, which lines conflict, through what, and what helps; if so, what it saves.

Nothing is claimed that the resolver hasn't been asked: that the conflict's lines have no solution and any fewer of
them have one, that the package named is the one they clash on (left free, there is a solution), and that each edit
gives a solution of all lines.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from pipeline.conflicts.chains import Chain, are_disjoint, chains_to, clashing, reached
from pipeline.conflicts.edits import Edit, edits
from pipeline.conflicts.lines import Line, Side
from pipeline.conflicts.minimal_conflict import minimal
from pipeline.conflicts.pool import side_by_side
from pipeline.conflicts.pythons import PythonRange, common, disjoint, ranges_of
from pipeline.conflicts.resolver import Answer, Question, Resolver

CANDIDATES = 8  # packages of which it is asked whether they are what the lines clash on


@dataclass(frozen=True)
class Conflict:
    lines: tuple[Line, ...]  # have no solution together; any that is left out lets the others have one
    pythons: tuple[PythonRange, ...] = ()  # that belong to it: without them, another Python would do
    package: str = ""  # what the lines clash on; empty where that isn't the versions of one package
    chains: tuple[Chain, ...] = ()  # a line each
    words: str = ""  # the resolver's own, on these lines
    edits: tuple[Edit, ...] = ()  # of one line, the least change first
    others_remain: bool = False  # the edits remove this conflict, but not all that keeps the sides apart


@dataclass(frozen=True)
class Shared:
    name: str
    version: str  # that both would have
    sides: int
    wheel_bytes: int | None


@dataclass(frozen=True)
class Explanation:
    sides: tuple[Side, ...]
    python: str  # that was asked about; empty where there is none in common
    conflict: Conflict | None
    together: Answer | None = None  # the solution of all
    shared: tuple[Shared, ...] = ()  # packages that several of them have


def explain(sides: Sequence[Side], resolver: Resolver, own_python: str) -> Explanation:
    """Raises ``NotReady`` where the index can't be reached."""
    ranges = ranges_of(sides)
    if apart := disjoint(ranges, own_python):
        return Explanation(tuple(sides), "", Conflict((), apart))
    lines = tuple(line for side in sides for line in side.lines)
    pythons = common(ranges, own_python)
    python, answer = solve(lines, pythons, resolver)
    if answer.is_solved:
        return Explanation(tuple(sides), python, None, answer, _shared(sides, python, answer, resolver))
    case = _Case(lines, python, ranges, own_python, resolver)
    return Explanation(tuple(sides), python, _conflict(case, answer))


def solve(lines: tuple[Line, ...], pythons: Sequence[str], resolver: Resolver) -> tuple[str, Answer]:
    """A solution on the first of these Pythons that has one, else the refusal on the first of them."""
    first = resolver.ask(Question(lines, pythons[0]))
    if first.is_solved or not _is_about_python(first.words):
        return pythons[0], first
    others = side_by_side([lambda each=each: resolver.ask(Question(lines, each)) for each in pythons[1:]])  # type: ignore[misc]
    solved = (pair for pair in zip(pythons[1:], others, strict=True) if pair[1].is_solved)
    return next(solved, (pythons[0], first))


@dataclass(frozen=True)
class _Case:
    """All lines, which have no solution, and where that was found."""

    lines: tuple[Line, ...]
    python: str
    ranges: Sequence[PythonRange]
    own_python: str
    resolver: Resolver

    def ask(self, lines: Sequence[Line], free: str = "") -> Answer:
        return self.resolver.ask(Question(tuple(lines), self.python, free))

    def fits(self, lines: Sequence[Line]) -> bool:
        return not lines or self.ask(lines).is_solved


def _conflict(case: _Case, refusal: Answer) -> Conflict:
    named = [line for line in case.lines if _is_named(line.name, refusal.words)]
    core = minimal(named if named and not case.fits(named) else case.lines, case.fits)
    words = case.ask(core).words
    alone = side_by_side([lambda line=line: case.ask([line]) for line in core])  # type: ignore[misc]
    solutions = dict(zip(core, alone, strict=True)) if len(core) > 1 else {}
    package = _clash(case, core, solutions, words)
    helping = edits(case.lines, core, case.python, case.resolver)
    partly = not helping and len(core) < len(case.lines)
    return Conflict(
        lines=core,
        pythons=_pythons_in(case, core, words),
        package=package,
        chains=clashing(package, solutions) if package else (),
        words=words,
        edits=edits(core, core, case.python, case.resolver) if partly else helping,
        others_remain=partly,
    )


def _clash(case: _Case, core: tuple[Line, ...], solutions: Mapping[Line, Answer], words: str) -> str:
    """The package of which the lines want versions that don't meet: if it were free, they would have a solution."""
    candidates = list(_candidates(solutions, words))[:CANDIDATES]
    for place in range(0, len(candidates), 2):
        pair = candidates[place : place + 2]
        freed = side_by_side([lambda each=each: case.ask(core, each) for each in pair])  # type: ignore[misc]
        for package, answer in zip(pair, freed, strict=True):
            if answer.is_solved:
                return package
    return ""


def _candidates(solutions: Mapping[Line, Answer], words: str) -> Iterator[str]:
    """Packages that several lines lead to, the likeliest first: apart in the metadata, then named by the resolver."""
    counts: dict[str, int] = {}
    for line, alone in solutions.items():
        for name in reached(line, alone):
            counts[name] = counts.get(name, 0) + 1
    common_to_several = sorted(name for name, count in counts.items() if count > 1)
    apart = [name for name in common_to_several if _is_apart(name, solutions)]
    named = [name for name in common_to_several if _is_named(name, words)]
    yield from dict.fromkeys([*(name for name in apart if name in named), *apart, *named])


def _is_apart(package: str, solutions: Mapping[Line, Answer]) -> bool:
    every = [chain.specifier for line, alone in solutions.items() for chain in chains_to(package, line, alone)]
    return are_disjoint(every)


def _pythons_in(case: _Case, core: tuple[Line, ...], words: str) -> tuple[PythonRange, ...]:
    """A range without which the lines had a solution, on another Python."""
    if not case.ranges or not _is_about_python(words):
        return ()
    from packaging.specifiers import SpecifierSet

    allowed = [SpecifierSet(one.text) for one in case.ranges]
    outside = [each for each in common((), case.own_python) if not all(each in one for one in allowed)]
    version, answer = solve(core, outside, case.resolver) if outside else ("", None)
    if answer is None or not answer.is_solved:
        return ()
    return tuple(one for one in case.ranges if version not in SpecifierSet(one.text))[:1]


def _shared(sides: Sequence[Side], python: str, together: Answer, resolver: Resolver) -> tuple[Shared, ...]:
    alone = side_by_side([lambda side=side: resolver.ask(Question(side.lines, python)) for side in sides])  # type: ignore[misc]
    counts = {name: sum(name in each.packages for each in alone) for name in together.packages}
    return tuple(
        Shared(name, package.version, counts[name], package.wheel_bytes)
        for name, package in sorted(together.packages.items())
        if counts[name] > 1
    )


def _is_about_python(words: str) -> bool:
    return "Python" in words or "tag" in words


def _is_named(name: str, words: str) -> bool:
    import re

    return re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w-])", words) is not None


def options_of(sides: Iterable[Side]) -> list[str]:
    """Where the packages of all sides come from."""
    return list(dict.fromkeys(option for side in sides for option in side.options))
