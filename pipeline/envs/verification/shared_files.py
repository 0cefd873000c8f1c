"""Files that several packages of an environment install, each with its own content.

No resolver sees that: which content is there depends on which package was installed last, and installers work in
parallel. On a disk that ignores case, ``Tool.py`` and ``tool.py`` are one file, too. Pure.
"""

import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from pipeline.envs.package_records import CODE, STRAY

UNKNOWN = ""  # in place of what stands for a file's content
SHOWN = 5  # groups of packages in one message
FOR_PEOPLE = {"doc", "info", "man"}  # folders in ``share`` that no program reads

PackageFiles = Mapping[
    str, Mapping[str, str]
]  # by canonical name: each file, as in RECORD, and what stands for its content


@dataclass(frozen=True)
class SharedFile:
    file: str  # relative to site-packages, as in RECORD
    contents: Mapping[str, str]  # by each package that installs it, in alphabetical order
    spellings: tuple[str, ...]  # in alphabetical order; several where they are one file on this disk alone

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


def shared_files(packages: PackageFiles, ignores_case: bool = False) -> tuple[SharedFile, ...]:
    """The files that differ between the packages that install them, by name.

    ``ignores_case``: whether names that differ only by case are one file, as on most disks of macOS and Windows.
    """
    owners: dict[str, dict[str, str]] = {}
    spellings: dict[str, set[str]] = {}
    for package in sorted(packages):
        for file, content in packages[package].items():
            name = _without_case(file) if ignores_case else file
            owners.setdefault(name, {})[package] = content
            spellings.setdefault(name, set()).add(file)
    return tuple(
        SharedFile(min(spellings[name]), contents, tuple(sorted(spellings[name])))
        for name, contents in sorted(owners.items())
        if len(contents) > 1 and (len(set(contents.values())) > 1 or UNKNOWN in contents.values())
    )


def files_in_place_of_folders(packages: PackageFiles) -> str | None:
    """Which package installs a file where another one has a folder, in a sentence; ``None`` for none.

    Only one of them can be there, so that nobody can choose.
    """
    folders: dict[str, str] = {}
    for package in sorted(packages):
        for file in packages[package]:
            for folder in _folders(file):
                if folder in folders:
                    break
                folders[folder] = package
    clashes = [
        (file, package, folders[file]) for package in sorted(packages) for file in packages[package] if file in folders
    ]
    if not clashes:
        return None
    file, package, other = min(clashes)
    return f"{package} installs the file {file.rpartition('../')[2]}, which is a folder of {other}"


def differing_by_case(packages: PackageFiles, preferred: Sequence[str]) -> str | None:
    """Which packages install files that are one where case is ignored, in a sentence; ``None`` for none.

    As ``undecided``, for files that are several elsewhere.
    """
    shared = shared_files(packages, ignores_case=True)
    return undecided((each for each in shared if len(each.spellings) > 1), preferred)


def undecided(shared: Iterable[SharedFile], preferred: Sequence[str]) -> str | None:
    """Which packages install the same file where nobody says which one wins, in a sentence; ``None`` for none."""
    groups: dict[tuple[str, ...], list[SharedFile]] = {}
    for each in shared:
        if not each.is_decided(preferred):
            groups.setdefault(tuple(each.contents), []).append(each)
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


def _sentence(packages: Sequence[str], files: Sequence[SharedFile]) -> str:
    names = f"{', '.join(packages[:-1])} and {packages[-1]}"
    shortest = min(files, key=lambda each: (len(each.file), each.file))
    more = f" and {len(files) - 1} more" if len(files) > 1 else ""
    both = "both" if len(packages) == 2 else "all"
    shown = [each.rpartition("../")[2] for each in shortest.spellings]
    if len(shown) > 1:
        one_file = f"{' and '.join(shown)}, which are one file on a disk that ignores case"
        return f"{names} install {one_file}{f' ({len(files)} such files)' if more else ''}, with different content"
    return f"{names} {both} install {shown[0]}{more}, with different content"


def _folders(file: str) -> Iterator[str]:
    """Those that a file lies in, the innermost first."""
    while file := file.rpartition("/")[0]:
        yield file


def _without_case(file: str) -> str:
    """Such disks compare letters with accents by what they stand for, too."""
    return unicodedata.normalize("NFC", file).casefold()


def _is_read(name: str) -> bool:
    return PurePosixPath(name).suffix in {*CODE, ".pth"}
