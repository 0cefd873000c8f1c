"""The builds on the disk, and which of them a name stands for.

``venv/NAME`` points to a build in ``venv/.builds``. The pointer is replaced in one step, so a run that has resolved it
keeps its build while a repair makes another. A name is a label; the key is the identity: names with the same key, in
one project or in several that share a store, stand for one build.

Two kinds of lock files follow from this. A project has one for each name: who holds it decides what the name stands
for there. A store has one for each key: who holds it builds, repairs or removes builds of that key. Who needs both
takes the name's first and waits for the key's; who has the key's never waits for a name's.
"""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.envs import folder_names, keys
from pipeline.envs.build import Build, Marker
from pipeline.envs.pointers import Pointers, targets
from pipeline.envs.verification import health
from pipeline.files import replaced
from pipeline.values import decode

if TYPE_CHECKING:
    from pipeline.envs.definition import Definition
    from pipeline.envs.store_projects import StoreProjects

MARKER = ".pipeline-ready.json"
RETIRED = ".pipeline-damaged.json"  # the marker's name in a build that was found damaged
KEY_LOCKS = ".key.lock"  # ends the names of their lock files; no environment has a dot in its name


class Registry:
    def __init__(self, root: Path, store: Path | None = None, projects: "StoreProjects | None" = None) -> None:
        """``root`` has the pointers. ``store``: where the builds and the notes on them are, if not there, too;
        ``projects``: those that share it.
        """
        self.root = root
        self.store = store or root
        self.builds = self.store / ".builds"
        self.locks = self.builds if self.store == root else root / ".locks"  # of the names
        self.projects = projects

    def pointer(self, name: str) -> Path:
        return self.root / name

    def name_lock(self, name: str) -> Path:
        """The lock file for deciding what a name stands for in this project."""
        return self.locks / f"{name}.lock"

    def key_lock(self, key: str) -> Path:
        """The lock file for building, repairing or removing builds of a key, which may be shortened."""
        return self.builds / f"{folder_names.short(key)}{KEY_LOCKS}"

    def key_locks(self) -> list[Path]:
        return sorted(self.builds.glob(f"*{KEY_LOCKS}"))

    def folder_locks(self, folder: Path) -> tuple[Path, ...]:
        """The lock files for removing a build's folder. Earlier versions build under the lock file of a name."""
        name = folder_names.parsed(folder.name)
        if name is None:
            return ()
        older = (self.builds / f"{name.environment}.lock",) if name.environment else ()
        return *older, self.key_lock(name.short_key)

    def new_place(self, key: str) -> Path:
        """The path of a new build, which no build has had."""
        # The real path: health.py compares it with the build's place, to see whether the build was moved.
        return Path(os.path.realpath(self.builds), folder_names.new_name(key))

    def live(self, name: str) -> Build | None:
        """The finished build that the name points to, healthy or not; ``None`` where there is none."""
        return self._read(name, self.pointer(name))

    def at(self, name: str, prefix: Path) -> Build | None:
        """The finished build in this folder, for this name; ``None`` where there is none."""
        return self._read(name, prefix)

    def with_key(self, name: str, key: str) -> Build | None:
        """The live build if it has this key, else an older one that has it; ``None`` where there is none."""
        return next(self.all_with_key(name, key), None)

    def all_with_key(self, name: str, key: str) -> Iterator[Build]:
        """The finished builds that have this key, whichever name they were made for: the live one, those that were
        made for this name, and the others.
        """
        live = self.live(name)
        if live is not None and live.key == key:
            yield live
        # The others are looked for only where the live build isn't the one.
        builds = [build for each in self.folders(key) if (build := self._read(name, each)) and build.key == key]
        yield from sorted(builds, key=lambda build: build.own_marker.name != name)

    def folders(self, key: str) -> list[Path]:
        """The folders of builds whose keys begin like this one, finished or not."""
        found = self.builds.glob(f"*{folder_names.short(key)}.*")
        return sorted(folder for folder in found if folder_names.parsed(folder.name))

    def problem(self, definition: "Definition") -> str | None:
        """Why the live build can't be used for this definition; ``None`` where it can."""
        build = self.live(definition.name)
        return build_problem(definition, build) if build else "it isn't built"

    def place_problem(self, name: str) -> str | None:
        """Why the name can't point to a build: something that we haven't made has the name. ``None`` where it can."""
        pointer = self.pointer(name)
        in_the_way = pointer.exists() and not pointer.is_symlink()
        return f"{pointer} is in the way: it isn't something that bootstrap made" if in_the_way else None

    def point(self, name: str, prefix: Path) -> None:
        """Let the name stand for another build, in one step. The caller holds the name's lock and the key's."""
        pointer = self.pointer(name)
        for left in self.root.glob(f".{name}.*.pointer"):  # by a process that was killed here
            left.unlink()
        target = os.path.realpath(prefix)
        if self.projects:
            self.projects.register()  # before the link, which counts only for a project that the others know
        else:  # a project may be moved with its builds
            target = os.path.relpath(target, os.path.realpath(self.root))
        with replaced(pointer, flush=False, temporary=f".{name}.{os.getpid()}.pointer") as beside:
            beside.symlink_to(target, target_is_directory=True)

    def pointers(self) -> Pointers:
        """What every name stands for, here and in the store's other projects."""
        others = self.projects.others() if self.projects else ()
        return Pointers.read(self.root, {each.root: each.environments for each in others})

    def names_of(self, prefix: Path) -> list[str]:
        """The names of this project that stand for a build."""
        return [name for name, target in targets(self.root) if target == str(prefix)]

    def other_user(self, prefix: Path) -> Path | None:
        """The folder of another project in which a name stands for this build."""
        others = self.projects.others() if self.projects else ()
        return next((each.root for each in others if each.uses(prefix)), None)

    def retire(self, prefix: Path) -> None:
        """Let a damaged build count no more. It stays: stages that run in it may not need its damaged files."""
        with contextlib.suppress(FileNotFoundError):  # another process has done it
            os.replace(prefix / MARKER, prefix / RETIRED)

    def _read(self, name: str, folder: Path) -> Build | None:
        try:
            # Resolved once: from here on the build is the same, also when the pointer changes.
            prefix = Path(os.path.realpath(folder))
            marker = decode((prefix / MARKER).read_bytes(), Marker)
        except (OSError, ValueError):
            return None
        return Build(name, prefix, marker.key, marker) if _is_unedited(marker) else None


def build_problem(definition: "Definition", build: Build) -> str | None:
    """Why a finished build doesn't fit the definition, or isn't what it was; ``None`` where nothing is wrong."""
    marker = build.own_marker
    built_for, variant = marker.key_input.accelerator, definition.variant or "any"
    if built_for != variant:  # before the lock, which differs for the same reason
        return f"it was built for {built_for} hardware, and here it has to be for {variant}"
    if marker.key_input.lock != definition.lock_digest():
        return f"its lock {definition.locked.name} has changed since it was built"
    if marker.acceptance_criteria != definition.acceptance_criteria():
        changed = "its imports, smoke script, variables, overlaps or programs"
        return f"{changed} have changed in {definition.file} since it was built"
    return _lock_problem(definition, build) or definition.python_problem(build.python_version) or health.problem(build)


def _is_unedited(marker: Marker) -> bool:
    """Whether a marker was written by us and wasn't edited: its key is the digest of its input."""
    return marker.key == keys.key_of(marker.key_input)


def _lock_problem(definition: "Definition", build: Build) -> str | None:
    """Why the lock doesn't fit its requirements, where these have changed since the build; ``None`` where it does.

    An old marker has no digest of the requirements, so the lock is checked each time.
    """
    from pipeline.envs.lockfiles import requirements

    if requirements.digest(definition.requirements) == build.own_marker.requirements:
        return None
    from pipeline.envs.lockfiles import agreement

    return agreement.problem(definition)
