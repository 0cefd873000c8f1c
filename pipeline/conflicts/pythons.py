"""The Python that sides are compared on."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pipeline.conflicts.lines import Side
from pipeline.conflicts.minimal_conflict import minimal
from pipeline.envs.lockfiles.ranges import versions_in

TRIED = 6  # the newest minor versions of a range
KNOWN = 14  # the newest minor version that packages are published for


@dataclass(frozen=True)
class PythonRange:
    """A range that an environment asks for, and where."""

    text: str
    where: str

    def __str__(self) -> str:
        return f"Python {self.text} ({self.where})"


def ranges_of(sides: Iterable[Side]) -> list[PythonRange]:
    return [PythonRange(side.python, side.python_where) for side in sides if side.python]


def common(ranges: Iterable[PythonRange], own: str) -> list[str]:
    """One version for each minor one that all ranges allow: our own first, as a build has it, then the newest."""
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
    """The fewest ranges that have no version in common; none where all have one."""
    if common(ranges, own):
        return ()
    return minimal(ranges, lambda chosen: bool(common(chosen, own)))
