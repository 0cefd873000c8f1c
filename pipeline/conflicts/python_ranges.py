"""The ranges of Python that environments ask for, and the versions that they have in common. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pipeline.conflicts.minimal_subsets import minimal_conflict
from pipeline.conflicts.sides import Side
from pipeline.envs.lockfiles.ranges import versions_in

TRIED = 6  # the newest minor versions of a range
KNOWN = 14  # the newest minor version that packages are published for


@dataclass(frozen=True)
class PythonRange:
    text: str  # such as >=3.10,<3.13
    where: str  # FILE:LINE

    def __str__(self) -> str:
        return f"Python {self.text} ({self.where})"


def ranges_of(sides: Iterable[Side]) -> list[PythonRange]:
    return [PythonRange(side.python, side.python_where) for side in sides if side.python]


def common(ranges: Iterable[PythonRange], own: str) -> list[str]:
    """The exact versions to ask about, one for each minor version that all ranges allow: ``own``, the version that runs
    this, comes first, since a build prefers it; then the newest. Empty where the ranges have none in common."""
    from packaging.specifiers import SpecifierSet

    whole = ",".join(each.text for each in ranges)
    newest: dict[str, str] = {}
    for version in versions_in(whole):
        minor = version.rpartition(".")[0]
        if int(minor.partition(".")[2]) <= KNOWN:
            newest[minor] = version
    if own in SpecifierSet(whole):
        newest.pop(own.rpartition(".")[0], None)
        return [own, *reversed(newest.values())][:TRIED]
    return list(reversed(newest.values()))[:TRIED]


def disjoint(ranges: Sequence[PythonRange], own: str) -> tuple[PythonRange, ...]:
    """The fewest ranges that have no version in common; empty where all of them have one."""
    if common(ranges, own):
        return ()
    return minimal_conflict(ranges, lambda chosen: bool(common(chosen, own)))
