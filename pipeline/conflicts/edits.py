"""Edits of one line, each of which lets all the lines have a solution: the resolver has proved it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pipeline.conflicts.resolver import DependencyResolver, Question, Resolution, in_parallel
from pipeline.conflicts.sides import Line

if TYPE_CHECKING:
    from packaging.specifiers import Specifier

LOWER, UPPER = {">=", ">"}, {"<", "<="}


@dataclass(frozen=True)
class Edit:
    line: Line
    text: str  # the looser requirement
    version: str  # of its package, in the solution
    dropped: int  # clauses
    is_pin: bool  # whether an exact version is given up

    def distance(self) -> tuple[int, bool, int, int]:
        """How much is given up; small is better: few clauses, then a late part of the version."""
        from packaging.version import Version

        was = [Version(each.version.removesuffix(".*")).release for each in self.line.requirement.specifier]
        now = Version(self.version).release
        nearest = min(_difference(each, now) for each in was)
        return (self.dropped, self.is_pin, *nearest)


def edits(lines: Sequence[Line], core: Sequence[Line], python: str, resolver: DependencyResolver) -> tuple[Edit, ...]:
    """Edits of a line in ``core``, which have no solution together, that let ``lines`` have one; the least first.

    ``python`` is the exact version to ask about. Raises ``NotReady`` where the resolver can't be asked.
    """

    def of_line(line: Line) -> Edit | None:
        others = [each for each in lines if each is not line]
        return next(_proved(line, others, python, resolver), None)

    return tuple(sorted((each for each in in_parallel(of_line, core) if each), key=Edit.distance))


def _proved(line: Line, others: Sequence[Line], python: str, resolver: DependencyResolver) -> Iterator[Edit]:
    for kept in _relaxations(line):
        looser = replace(line, text=_text(line, kept))
        answer = resolver.ask(Question((*others, looser), python))
        if not answer.is_solved or line.name not in answer.packages:
            continue
        version = answer.packages[line.name].version
        dropped = [each for each in _clauses(line) if each not in kept]
        is_pin = any(each.operator in {"==", "==="} for each in dropped)
        bounded = replace(line, text=_text(line, [*kept, *_in_their_place(line, dropped, version, answer)]))
        if bounded != looser and resolver.ask(Question((*others, bounded), python)).is_solved:
            looser = bounded
        yield Edit(line, looser.text, version, len(dropped), is_pin)


def _relaxations(line: Line) -> Iterator[list["Specifier"]]:
    """The clauses that stay: all but one, then none."""
    clauses = _clauses(line)
    if len(clauses) > 1:
        yield from ([each for each in clauses if each is not left_out] for left_out in clauses)
    if clauses:
        yield []


def _in_their_place(line: Line, dropped: Sequence["Specifier"], version: str, answer: Resolution) -> Iterator[str]:
    """Bounds in place of a lower bound that was dropped: the solution's version lies below it, and the others' metadata
    may bound that from below."""
    from packaging.specifiers import SpecifierSet
    from packaging.version import Version

    if len(dropped) != 1 or dropped[0].operator not in LOWER or Version(version) in SpecifierSet(str(dropped[0])):
        return
    lowest = [bound for bound in _lower_bounds(line.name, answer) if Version(version) in SpecifierSet(bound)]
    if lowest:
        yield max(lowest, key=lambda bound: Version(bound.lstrip(">=")))
    yield f"{'<' if dropped[0].operator == '>=' else '<='}{dropped[0].version}"


def _lower_bounds(package: str, answer: Resolution) -> Iterator[str]:
    for (name, version), dependencies in answer.requires.items():
        if name in answer.packages and answer.packages[name].version == version:
            wanted = (each.specifier for each in dependencies if each.name == package)
            clauses = (clause for text in wanted if "|" not in text for clause in text.split(","))
            yield from (clause for clause in clauses if clause.startswith(">"))


def _clauses(line: Line) -> list["Specifier"]:
    return sorted(line.requirement.specifier, key=lambda each: (each.operator in UPPER, str(each)))


def _text(line: Line, clauses: Iterable[object]) -> str:
    requirement = line.requirement
    extras = f"[{','.join(sorted(requirement.extras))}]" if requirement.extras else ""
    marker = f" ; {requirement.marker}" if requirement.marker else ""
    return f"{requirement.name}{extras}{','.join(map(str, clauses))}{marker}"


def _difference(one: Sequence[int], other: Sequence[int]) -> tuple[int, int]:
    """Which part of two versions differs first, and by how much; the smaller, the nearer."""
    length = max(len(one), len(other))
    pairs = zip([*one, *[0] * (length - len(one))], [*other, *[0] * (length - len(other))], strict=True)
    return next(((-place, abs(a - b)) for place, (a, b) in enumerate(pairs) if a != b), (-length, 0))
