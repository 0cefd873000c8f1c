"""What the names of environments stand for: symbolic links in a project's folder of environments."""

import contextlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from pipeline.values import Struct


class Pointers(Struct, frozen=True):
    """By the real path of a build."""

    own: Mapping[str, tuple[str, ...]]  # the project's names that stand for it
    others: Mapping[str, Path]  # another project of the store in which a name stands for it

    @classmethod
    def read(cls, environments: Path, others: Mapping[Path, Path]) -> "Pointers":
        """``others``: each further project's folder to its folder of environments."""
        own: dict[str, tuple[str, ...]] = {}
        for name, target in targets(environments):
            own[target] = (*own.get(target, ()), name)
        elsewhere = {target: root for root, folder in others.items() for _, target in targets(folder)}
        return cls(own, elsewhere)

    def names(self, build: Path) -> tuple[str, ...]:
        return self.own.get(str(build), ())

    def is_live(self, build: Path) -> bool:
        """Whether a name stands for the build, in any project that uses it."""
        return str(build) in self.own or str(build) in self.others


def targets(environments: Path) -> Iterator[tuple[str, str]]:
    """Each name in a project's folder of environments, with the real path that it stands for, by name."""
    with contextlib.suppress(OSError), os.scandir(environments) as entries:
        links = [entry for entry in entries if not entry.name.startswith(".") and entry.is_symlink()]
        for link in sorted(links, key=lambda each: each.name):
            yield link.name, os.path.realpath(link.path)
