"""Building an environment: single-flight, at its final place, proved before it counts.

The ready marker is written last and by one rename; a folder without it is nobody's environment and is
removed by whoever builds next.
"""

import contextlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipeline.envs import interpreters, keys
from pipeline.envs.build import Build
from pipeline.envs.builder import leftovers, logs, permissions, proof
from pipeline.envs.builder.deadline import Deadline
from pipeline.envs.builder.installer import Installer, Sources
from pipeline.envs.builder.marker import Proof, record
from pipeline.envs.definition import Definition
from pipeline.envs.lockfiles import agreement
from pipeline.envs.notes import Notes
from pipeline.envs.platform.removal import remove_tree
from pipeline.envs.registry import MARKER, Registry, misfit
from pipeline.envs.variables import OwnVariables, no_variables
from pipeline.errors import NotReady
from pipeline.files import dump_json, write_whole
from pipeline.locks import exclusive
from pipeline.progress import Progress

Fill = Callable[[Installer], Proof]


@dataclass(frozen=True)
class Builder:
    registry: Registry
    uv: Path
    logs: Path
    time_limit: float  # seconds, for a whole build
    sources: Sources = field(default_factory=Sources)
    own: OwnVariables = no_variables

    def ensure(self, definition: Definition, progress: Progress, force: bool = False) -> Build:
        """The healthy live build, made now if need be. Raises ``NotReady`` with the installer's own words."""
        if not force and (build := self.usable(definition)):
            return build
        with self.alone(definition.name, progress):
            if not force and (build := self.usable(definition)):
                return build
            return self.build(definition, progress, force)

    @contextlib.contextmanager
    def alone(self, name: str, progress: Progress) -> Iterator[None]:
        """Nobody else makes or repairs this environment meanwhile."""
        self._make_folders()
        with exclusive(self.registry.lock(name), lambda who: progress(f"waiting for {who}")):
            yield

    def usable(self, definition: Definition) -> Build | None:
        return None if self.registry.problem(definition) else self.registry.live(definition.name)

    def build(self, definition: Definition, progress: Progress, force: bool) -> Build:
        """A whole build, or without ``force`` an earlier one that fits. The caller holds the lock."""
        if reason := self.registry.obstacle(definition.name):
            step = f"move it away, then: bootstrap --env {definition.name}"
            raise NotReady(f"environment '{definition.name}' can't be built: {reason}", step)
        agreement.require(definition)
        progress("choosing Python")
        interpreter = interpreters.find(definition, self.uv)
        key_input = keys.key_input(definition, interpreter)
        self.sweep(definition.name)
        earlier = () if force else self.registry.all_with_key(definition.name, keys.key_of(key_input))
        if fitting := next((build for build in earlier if misfit(definition, build) is None), None):
            self.registry.point(definition.name, fitting.prefix)
            return fitting
        return self.make(definition, key_input, progress, lambda installer: proof.install(installer, interpreter))

    def make(
        self,
        definition: Definition,
        key_input: Mapping[str, Any],
        progress: Progress,
        fill: Fill,
        before_live: Callable[[], None] = lambda: None,
    ) -> Build:
        """A new live build: a place, what ``fill`` puts there and proves, the marker. The caller holds the lock."""
        key = keys.key_of(dict(key_input))
        prefix = self.registry.new_place(definition.name, key)
        log = logs.fresh(self.logs, definition.name)
        deadline = Deadline(self.time_limit)
        installer = Installer(
            uv=self.uv,
            definition=definition,
            prefix=prefix,
            log=log,
            deadline=deadline,
            progress=progress,
            sources=self.sources,
            own=self.own(definition, prefix),
        )
        try:
            marker = record(definition, key_input, prefix, fill(installer), deadline.spent())
            write_whole(prefix / MARKER, dump_json(marker))
            permissions.share(prefix / MARKER)
        except BaseException:
            with contextlib.suppress(NotReady, OSError):  # the next build removes what can't be removed now
                remove_tree(prefix)
            raise
        before_live()
        self.registry.point(definition.name, prefix)
        Notes(self.registry.root).built(definition.name, prefix, deadline.spent())
        return Build(definition.name, prefix, key, json.loads((prefix / MARKER).read_bytes()))

    def sweep(self, name: str) -> None:
        """Remove what interrupted builds of this name left. The caller holds the lock."""
        leftovers.remove(self.registry.builds, name)

    def _make_folders(self) -> None:
        for folder in (self.registry.builds, self.logs):
            try:
                folder.mkdir(parents=True, exist_ok=True)
            except (FileExistsError, NotADirectoryError) as error:
                raise NotReady(f"{folder} can't be made: {error.strerror}", "move away what is in its place") from error
