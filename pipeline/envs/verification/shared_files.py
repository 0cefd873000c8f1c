"""Files that several packages of an environment install, each with its own content.

No resolver sees that: which content is there depends on which package was installed last, and installers work in
parallel. Pure.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from pipeline.envs.package_records import CODE, STRAY

SHOWN = 5  # groups of packages in one message
FOR_PEOPLE = {"doc", "info", "man"}  # folders in ``share`` that no program reads

PackageFiles = Mapping[
    str, Mapping[str, str]
]  # by canonical name: each file, as in RECORD, and what stands for its content


@dataclass(frozen=True)
class SharedFile:
    file: str  # relative to site-packages, as in RECORD
    contents: Mapping[str, str]  # by each package that installs it, in alphabetical order

    @property
    def matters(self) -> bool:
        """Whether a program may read it. Licenses and stray tests lie in many packages by mistake."""
        parts = PurePosixPath(self.file).parts
        inside = [part for part in parts if part != ".."]
        if parts[0] == "..":
            is_for_people = inside[0] == "share" and inside[1:2] and inside[1] in FOR_PEOPLE
            return not is_for_people and (len(inside) > 1 or _is_read(inside[0]))
        return inside[0].partition(".")[0] not in STRAY and (len(inside) > 1 or _is_read(inside[0]))

    def first(self, preferred: Sequence[str]) -> str:
        """The package whose content counts: the first that is ``preferred``, else the first of the alphabet."""
        return min(self.contents, key=lambda name: rank(name, preferred))

    def is_decided(self, preferred: Sequence[str]) -> bool:
        return not self.matters or not self.contents.keys().isdisjoint(preferred)


def rank(package: str, preferred: Sequence[str]) -> tuple[int, str]:
    """The lowest rank wins."""
    return (preferred.index(package) if package in preferred else len(preferred), package)


def shared_files(packages: PackageFiles) -> tuple[SharedFile, ...]:
    """The files that differ between the packages that install them, by name."""
    owners: dict[str, dict[str, str]] = {}
    for package in sorted(packages):
        for file, content in packages[package].items():
            owners.setdefault(file, {})[package] = content
    return tuple(
        SharedFile(file, contents)
        for file, contents in sorted(owners.items())
        if len(contents) > 1 and len(set(contents.values())) > 1
    )


def undecided(shared: Iterable[SharedFile], preferred: Sequence[str]) -> str | None:
    """Which packages install the same file where nobody says which one wins, in a sentence; ``None`` for none."""
    groups: dict[tuple[str, ...], list[str]] = {}
    for each in shared:
        if not each.is_decided(preferred):
            groups.setdefault(tuple(each.contents), []).append(each.file)
    if not groups:
        return None
    sentences = [_sentence(packages, files) for packages, files in groups.items()]
    more = [f"and {len(sentences) - SHOWN} more such groups"] if len(sentences) > SHOWN else []
    return "; ".join([*sentences[:SHOWN], *more])


def owners_of(shared: Iterable[SharedFile], preferred: Sequence[str]) -> tuple[str, ...]:
    """The packages of the first undecided file; those among which a person must choose."""
    return next((tuple(each.contents) for each in shared if not each.is_decided(preferred)), ())


def last_installed(shared: Iterable[SharedFile], preferred: Sequence[str]) -> list[str]:
    """The packages to install again, in this order, so that each file has the content that counts."""
    winners = {each.first(preferred) for each in shared}
    return sorted(winners, key=lambda name: rank(name, preferred), reverse=True)


def _sentence(packages: Sequence[str], files: Sequence[str]) -> str:
    names = f"{', '.join(packages[:-1])} and {packages[-1]}"
    shortest = min(files, key=lambda file: (len(file), file)).rpartition("../")[2]
    more = f" and {len(files) - 1} more" if len(files) > 1 else ""
    both = "both" if len(packages) == 2 else "all"
    return f"{names} {both} install {shortest}{more}, with different content"


def _is_read(name: str) -> bool:
    return PurePosixPath(name).suffix in {*CODE, ".pth"}
