"""Where a file stands in a damaged build, and where in the one that is made beside it."""

import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.envs import package_records


class Unsalvageable(Exception):
    """Nothing of the damaged build can be used for a new one; the message says why."""


@dataclass(frozen=True)
class RepairPaths:
    """Paths are text here: for a few thousand files, making ``Path``s takes longer than linking the files.

    ``file`` is a path as a ``RECORD`` has it: from site-packages. Methods that take one raise ``Unsalvageable`` where
    it lies outside of the environment.
    """

    old_prefix: str
    prefix: str
    site_packages: str  # from either prefix
    _made: set[str] = field(default_factory=set)  # folders

    def inside(self, file: str) -> str:
        """The path from the environment's folder."""
        path = package_records.from_prefix(self.site_packages, file)
        if path.startswith(("..", "/")) or os.path.isabs(path):
            raise Unsalvageable(f"{file} lies outside of the environment")
        return path

    def old(self, file: str) -> str:
        """The path in the damaged build."""
        return f"{self.old_prefix}/{self.inside(file)}"

    def new(self, file: str) -> str:
        """The path in the new build, whose folder is made."""
        path = f"{self.prefix}/{self.inside(file)}"
        folder = path.rpartition("/")[0]
        if folder not in self._made:
            Path(folder).mkdir(parents=True, exist_ok=True)
            self._made.add(folder)
        return path

    def forget_folders(self) -> None:
        """Make folders again where they are gone: another process may have removed some."""
        self._made.clear()

    def put(self, file: str, link: bool) -> None:
        """Bring a file into the new build: as a hard link, or as a copy where links aren't wanted or can't be made.

        Raises ``OSError``.
        """
        source, target = self.old(file), self.new(file)
        if link:
            try:
                os.link(source, target, follow_symlinks=False)
                return
            except FileExistsError:  # two packages have it
                return
            except FileNotFoundError:
                raise
            except (OSError, NotImplementedError):  # no links here, or too many of this file
                pass
        shutil.copy2(source, target, follow_symlinks=False)
