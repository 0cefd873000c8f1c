"""Which projects use a store of builds: each has links there, to its folder and to its folder of environments.

A project that was removed or moved needs nothing any more, since its links lead nowhere; a moved one links itself again
with the next command that works on it. Nix keeps the roots of its garbage collection in the same way.
"""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from pipeline.digests import sha256_of_bytes
from pipeline.envs.pointers import targets
from pipeline.files import replaced
from pipeline.values import Struct

FOLDER = ".projects"
ROOT, ENVIRONMENTS = ".root", ".environments"  # end the names of links


class StoreProject(Struct, frozen=True):
    """A project that uses the store."""

    root: Path
    environments: Path  # its folder with a pointer for each environment

    def uses(self, build: Path) -> bool:
        """Whether a name stands for this build there."""
        return any(target == str(build) for _, target in targets(self.environments))


class StoreProjects:
    """The projects of one store, as one of them sees it."""

    def __init__(self, store: Path, own: StoreProject) -> None:
        self.own = own
        self._store = store
        self._folder = store / FOLDER

    def register(self) -> None:
        """Let the other projects know that this one uses the store, as well as the disk allows."""
        name = _name(self.own.root)
        for suffix, target in ((ROOT, self.own.root), (ENVIRONMENTS, self.own.environments)):
            self._link(self._folder / f"{name}{suffix}", os.path.realpath(target))

    def others(self) -> Iterator[StoreProject]:
        """Those that there still are, without the own one."""
        own = os.path.realpath(self.own.root)
        for link in sorted(self._folder.glob(f"*{ROOT}")):
            root = Path(os.path.realpath(link))
            if str(root) != own and root.is_dir():
                environments = Path(os.path.realpath(link.with_suffix(ENVIRONMENTS)))
                yield StoreProject(root, environments)

    def forget_lost(self) -> None:
        """Remove the links of projects that are gone, as well as the disk allows."""
        for link in list(self._folder.glob(f"*{ROOT}")):
            if not link.exists():
                for each in (link, link.with_suffix(ENVIRONMENTS)):
                    with contextlib.suppress(OSError):
                        each.unlink()

    def _link(self, link: Path, target: str) -> None:
        with contextlib.suppress(OSError):
            if str(link.readlink()) == target:
                return
        with contextlib.suppress(OSError):
            self._store.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._folder.mkdir(parents=True, exist_ok=True)
            with replaced(link, flush=False, temporary=f".{link.name}.{os.getpid()}") as beside:
                beside.symlink_to(target)


def _name(root: Path) -> str:
    return sha256_of_bytes(os.path.realpath(root).encode("utf-8", "surrogateescape")).removeprefix("sha256:")[:16]
