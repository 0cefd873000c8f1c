"""Building an environment: each key by one process at a time, at its final place, proved before it counts.

The ready marker is written last and by one rename. A folder without it is no environment, and is removed by the next
build.
"""

import contextlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pipeline import permissions
from pipeline.envs import build_inheritance, interpreters, keys
from pipeline.envs.build import Build
from pipeline.envs.builder import proof
from pipeline.envs.builder.installer import Deadline, Installer, PackageSources
from pipeline.envs.builder.interrupted_builds import remove_half_built
from pipeline.envs.builder.marker import Proof, marker_of
from pipeline.envs.definition import Definition
from pipeline.envs.interpreters import BaseInterpreter
from pipeline.envs.keys import KeyInput
from pipeline.envs.lockfiles import agreement, package_settings
from pipeline.envs.notes import BuildNotes
from pipeline.envs.platform.removal import remove_tree
from pipeline.envs.registry import MARKER, Registry, build_problem
from pipeline.envs.shared_builds import adopt, names_project
from pipeline.envs.variables import OwnVariables, no_variables
from pipeline.errors import NotReady
from pipeline.files import dump_json, write_whole
from pipeline.locks import exclusive
from pipeline.progress import Progress
from pipeline.text import printable
from pipeline.values import plain

OLD_LOGS = 5  # beside the latest
OTHER_STORE = "set XDG_DATA_HOME to a folder that you can write to, or write store: project into config/pipeline.yaml"


@dataclass(frozen=True)
class BuildRecipe:
    """What a definition's build is made from on this machine."""

    interpreter: BaseInterpreter
    key_input: KeyInput

    @property
    def key(self) -> str:
        return keys.key_of(self.key_input)


@dataclass(frozen=True)
class Builder:
    registry: Registry
    uv: Path
    logs: Path
    time_limit: float  # seconds, for a whole build
    sources: PackageSources = field(default_factory=PackageSources)
    own: OwnVariables = no_variables

    def ensure(self, definition: Definition, progress: Progress, force: bool = False) -> Build:
        """The healthy live build, made now if need be; with ``force`` always made now.

        Raises ``NotReady`` with uv's own explanation, or where the lock doesn't fit its requirements.
        """
        if not force and (build := self.usable(definition)):
            return build
        if not force and adopt(self.registry, definition) and (build := self.usable(definition)):
            return build
        with self.name_held(definition.name, progress):
            if not force and (build := self.usable(definition)):
                return build
            return self.build(definition, progress, force)

    @contextlib.contextmanager
    def name_held(self, name: str, progress: Progress) -> Iterator[None]:
        """Meanwhile no other process decides what the name stands for in this project.

        Waits for one that does. Raises ``NotReady`` where the folders can't be made or have no locks.
        """
        self._make_folders()
        with exclusive(self.registry.name_lock(name), _waiting(progress)):
            yield

    @contextlib.contextmanager
    def key_held(self, key: str, name: str, progress: Progress) -> Iterator[None]:
        """Meanwhile no other process makes, repairs or removes a build of this key, for whichever name and project.

        Waits for one that does, and tells for what it has the key. ``name``: of the environment that needs the build;
        the caller holds that name's lock.
        """
        projects = self.registry.projects
        place = f" of the project in {printable(str(projects.own.root))}" if projects else ""
        purpose = f"environment '{name}'{place}"
        with exclusive(self.registry.key_lock(key), _waiting(progress), purpose):
            yield

    def usable(self, definition: Definition) -> Build | None:
        """The live build, where it is healthy and fits the definition."""
        build = None if self.registry.problem(definition) else self.registry.live(definition.name)
        return build if build is None or self._has_inherited(build) else None

    def _has_inherited(self, build: Build) -> bool:
        """Whether its packages were built with the caller's variables, where they should be."""
        wanted = build_inheritance.digest_of_all(os.environ) if self.sources.inherits else ""
        return not wanted or build.own_marker.key_input.inherited == wanted

    def build(self, definition: Definition, progress: Progress, force: bool) -> Build:
        """A whole build, or without ``force`` an earlier one that fits. The caller holds the name's lock.

        Raises ``NotReady`` where something else is in the name's place, where the lock doesn't fit its requirements,
        where no Python fits, and where installing or proving fails.
        """
        recipe = self.recipe(definition, progress)
        with self.key_held(recipe.key, definition.name, progress):
            earlier = None if force else self._earlier(definition, recipe.key)
            if earlier is None:
                return self.make_whole(definition, recipe, progress)
            self.registry.point(definition.name, earlier.prefix)
            return earlier

    def recipe(self, definition: Definition, progress: Progress) -> BuildRecipe:
        """What its build would be made from. Raises ``NotReady`` where none can be made, as ``build`` does."""
        if reason := self.registry.place_problem(definition.name):
            next_step = f"move it away, and then\nbootstrap --env {definition.name}"
            raise NotReady(f"environment '{definition.name}' can't be built: {reason}", next_step)
        agreement.require(definition)
        progress("choosing Python")
        base = interpreters.find(definition, self.uv)
        return BuildRecipe(base, keys.key_input(definition, base, os.environ, self.sources.inherits))

    def _earlier(self, definition: Definition, key: str) -> Build | None:
        """A build of the key that fits: of this name, or of another one here or in another project."""
        if self.registry.projects is not None and names_project(definition):
            return None
        builds = self.registry.all_with_key(definition.name, key)
        return next((build for build in builds if build_problem(definition, build) is None), None)

    def make_whole(self, definition: Definition, recipe: BuildRecipe, progress: Progress) -> Build:
        """A new live build, with every package installed. The caller holds the name's lock and the key's."""
        self.remove_half_built(definition.name, recipe.key)
        return self.make(
            definition, recipe.key_input, progress, lambda installer: proof.install(installer, recipe.interpreter)
        )

    def make(
        self,
        definition: Definition,
        key_input: KeyInput,
        progress: Progress,
        fill: Callable[[Installer], Proof],
        before_live: Callable[[], None] = lambda: None,
    ) -> Build:
        """A new live build: ``fill`` installs and proves it, then its marker is written. The caller holds both locks.

        ``before_live`` is called when the build is complete and its name doesn't point to it yet. What ``fill`` raises
        goes through; the folder is then removed.
        """
        key = keys.key_of(key_input)
        prefix = self.registry.new_place(key)
        log = fresh_log(self.logs, definition.name)
        deadline = Deadline(self.time_limit)
        own = self.own(definition, prefix)
        installer = Installer(
            uv=self.uv,
            definition=definition,
            prefix=prefix,
            log=log,
            deadline=deadline,
            progress=progress,
            sources=self.sources,
            settings=package_settings.for_lock(
                definition, os.environ, own, self.sources.offline, self.sources.inherits
            ),
            own=own,
        )
        try:
            marker = marker_of(definition, key_input, prefix, fill(installer), deadline.spent())
            write_whole(prefix / MARKER, dump_json(plain(marker)))
            permissions.share(prefix / MARKER)
        except BaseException:
            with contextlib.suppress(NotReady, OSError):  # the next build removes what can't be removed now
                remove_tree(prefix)
            raise
        before_live()
        self.registry.point(definition.name, prefix)
        BuildNotes(self.registry.store).built(definition.name, prefix, deadline.spent())
        return Build(definition.name, prefix, key, marker)

    def remove_half_built(self, name: str, key: str) -> None:
        """Remove what interrupted builds left. The caller holds this name's lock and this key's."""
        remove_half_built(self.registry, {self.registry.name_lock(name), self.registry.key_lock(key)})

    def _make_folders(self) -> None:
        registry = self.registry
        for folder in (registry.root, registry.store, registry.builds, registry.locks, self.logs):
            is_new = not folder.exists()
            try:
                folder.mkdir(parents=True, exist_ok=True)
                if is_new and folder != self.logs:
                    permissions.share_folder(folder)
            except (FileExistsError, NotADirectoryError) as error:
                raise NotReady(f"{folder} can't be made: {error.strerror}", "move away what is in its place") from error
            except OSError as error:
                if self.registry.projects is None:
                    raise
                is_own = folder in {
                    registry.root,
                    registry.locks,
                    self.logs,
                }  # of the project, which no other store helps
                step = f"get the permission to write there; this shows who has it\nls -ld {folder.parent}"
                raise NotReady(f"{folder} can't be made: {error.strerror}", step if is_own else OTHER_STORE) from error
        if self.registry.projects and not os.access(self.registry.builds, os.W_OK):
            raise NotReady(f"{self.registry.builds}, the user's store, can't be written to", OTHER_STORE)


def fresh_log(folder: Path, name: str) -> Path:
    """Where the next build writes: NAME.log. The one before becomes NAME.1.log, and so on.

    The caller holds the name's lock.
    """
    latest = folder / f"{name}.log"
    for number in range(OLD_LOGS, 0, -1):
        older = folder / f"{name}.{number}.log"
        newer = folder / f"{name}.{number - 1}.log" if number > 1 else latest
        with contextlib.suppress(FileNotFoundError):
            os.replace(newer, older)
    return latest


def _waiting(progress: Progress) -> Callable[[str], None]:
    return lambda holder: progress(f"waiting for {holder}")
