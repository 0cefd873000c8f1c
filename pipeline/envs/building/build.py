"""Building an environment: single-flight, at its final place, proved before it counts.

The ready marker is written last and by one rename; a folder without it is nobody's environment and is
removed by whoever builds next.
"""

import contextlib
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.envs import interpreters, keys
from pipeline.envs.building import logs, proof, sharing, unfinished
from pipeline.envs.building.deadline import Deadline
from pipeline.envs.building.installer import Installer, Sources
from pipeline.envs.building.record import record
from pipeline.envs.definition import Build, Definition
from pipeline.envs.keeping.notes import Notes
from pipeline.envs.platform import remove_tree
from pipeline.envs.registry import MARKER, Registry, label, misfit
from pipeline.errors import NotReady
from pipeline.files import dump_json, write_whole
from pipeline.locks import exclusive

Tell = Callable[[str], None]  # what is being done now, for a person who waits


@dataclass(frozen=True)
class Builder:
    registry: Registry
    uv: Path
    logs: Path
    time_limit: float  # seconds, for a whole build
    sources: Sources = field(default_factory=Sources)

    def ensure(self, definition: Definition, tell: Tell, force: bool = False) -> Build:
        """The healthy live build, made now if need be. Raises ``NotReady`` with the installer's own words."""
        if not force and (build := self._usable(definition)):
            return build
        with self._alone(definition.name, tell):
            if not force and (build := self._usable(definition)):
                return build
            return self._build(definition, tell, force)

    def repair(self, definition: Definition, damaged: Path, tell: Tell) -> Build:
        """A whole build in place of the damaged one at this prefix, which somebody else may have made meanwhile.

        Its damaged packages are installed from their source where uv's cache shares the damage.
        Raises ``NotReady``.
        """
        with self._alone(definition.name, tell):
            live = self._usable(definition)
            build = live if live and live.prefix != damaged else self._build(definition, tell, force=True)
            self.registry.retire(damaged)
            return build

    @contextlib.contextmanager
    def _alone(self, name: str, tell: Tell) -> Iterator[None]:
        self._make_folders()
        with exclusive(self.registry.builds / f"{name}.lock", lambda who: tell(f"waiting for {who}")):
            yield

    def _usable(self, definition: Definition) -> Build | None:
        return None if self.registry.problem(definition) else self.registry.live(definition.name)

    def _build(self, definition: Definition, tell: Tell, force: bool) -> Build:
        if reason := self.registry.obstacle(definition.name):
            raise NotReady(f"environment '{definition.name}' can't be built: {reason}", "move it away")
        tell("choosing Python")
        interpreter = interpreters.find(definition, self.uv)
        key_input = keys.key_input(definition, interpreter)
        key = keys.key_of(key_input)
        unfinished.remove(self.registry.builds, definition.name)
        earlier = () if force else self.registry.all_with_key(definition.name, key)
        if fitting := next((build for build in earlier if misfit(definition, build) is None), None):
            self.registry.point(definition.name, fitting.prefix)
            return fitting
        prefix = self._new_place(definition.name, key)
        deadline = Deadline(self.time_limit)
        log = logs.fresh(self.logs, definition.name)
        installer = Installer(self.uv, definition, log, deadline, tell, self.sources)
        try:
            otherwise = proof.install(installer, interpreter, prefix)
            marker = record(definition, key_input, prefix, otherwise, deadline.spent())
            write_whole(prefix / MARKER, dump_json(marker))
            sharing.share(prefix / MARKER)
        except BaseException:
            with contextlib.suppress(NotReady, OSError):  # the next build removes what can't be removed now
                remove_tree(prefix)
            raise
        self.registry.point(definition.name, prefix)
        Notes(self.registry.root).built(definition.name, prefix, deadline.spent())
        return Build(definition.name, prefix, key, json.loads((prefix / MARKER).read_bytes()))

    def _make_folders(self) -> None:
        for folder in (self.registry.builds, self.logs):
            try:
                folder.mkdir(parents=True, exist_ok=True)
            except (FileExistsError, NotADirectoryError) as error:
                raise NotReady(f"{folder} can't be made: {error.strerror}", "move away what is in its place") from error

    def _new_place(self, name: str, key: str) -> Path:
        """A place that was never used: an older build stays with its jobs."""
        # The real path, which is the one that is compared when somebody asks whether the build was moved.
        return Path(os.path.realpath(self.registry.builds), f"{label(name, key)}.{os.urandom(4).hex()}")
