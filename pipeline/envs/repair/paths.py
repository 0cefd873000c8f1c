"""Where a file stands in a damaged build, and where in the one that is made beside it."""

import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.envs import package_records


class Unsalvageable(Exception):
    """Why only a whole new build will do."""


@dataclass(frozen=True)
class Places:
    """Paths are text here: of a few thousand files, taking ``Path`` apart would take longer than linking them."""

    old_prefix: str
    prefix: str
    site_packages: str  # from either
    _made: set[str] = field(default_factory=set)  # folders

    def inside(self, file: str) -> str:
        """A file's path from the environment's folder; ``file`` as a RECORD writes it. Raises ``Unsalvageable``."""
        path = package_records.from_prefix(self.site_packages, file)
        if path.startswith(("..", "/")) or os.path.isabs(path):
            raise Unsalvageable(f"{file} lies outside of the environment")
        return path

    def old(self, file: str) -> str:
        return f"{self.old_prefix}/{self.inside(file)}"

    def new(self, file: str) -> str:
        """Its folder is there then."""
        path = f"{self.prefix}/{self.inside(file)}"
        folder = path.rpartition("/")[0]
        if folder not in self._made:
            Path(folder).mkdir(parents=True, exist_ok=True)
            self._made.add(folder)
        return path

    def forget_folders(self) -> None:
        """Somebody else may have removed what was made."""
        self._made.clear()

    def put(self, file: str, link: bool) -> None:
        """A hard link; a copy where that isn't wanted or can't be."""
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
