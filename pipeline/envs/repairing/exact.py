"""A new build in which only the damaged packages are installed: the others come from the damaged build."""

import os
from collections.abc import Mapping
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from pipeline.envs import provided
from pipeline.envs.building.build import Builder, Tell
from pipeline.envs.definition import Build, Definition
from pipeline.envs.interpreters import BaseInterpreter
from pipeline.envs.proving import deep, health, manifest
from pipeline.envs.proving.tiers import Look
from pipeline.envs.repairing.salvage import Salvage, Unsalvageable
from pipeline.errors import NotReady

SYNC = ("pip", "sync", "--require-hashes", "--allow-empty-requirements")


class Missed(Exception):
    """Reading every byte has shown more damage than the look that the repair began with."""

    def __init__(self, look: Look) -> None:
        super().__init__("more is damaged than it seemed")
        self.look = look


@dataclass(frozen=True)
class Exact:
    builder: Builder
    definition: Definition
    old: Build
    look: Look  # at the old build, by which it is repaired
    whole: Future[Look]  # the look at every byte, which must say the same before the new build counts
    aside: Executor  # for what is read while processes run
    tell: Tell

    def make(self, interpreter: BaseInterpreter) -> Build:
        """The new live build; the old one counts no more from the moment before it is live.

        Raises ``Missed``, ``Unsalvageable``, ``NotReady``, and ``OSError``.
        """
        return self.builder.make(
            self.definition,
            self.old.record["key_input"],
            lambda prefix: self._fill(interpreter, prefix),
            before_live=lambda: self.builder.registry.retire(self.old.prefix),
        )

    def _fill(self, interpreter: BaseInterpreter, prefix: Path) -> Mapping[str, str | None]:
        folders = manifest.read(self.old.prefix, self.old.record.get("manifest"))
        if folders is None:
            raise Unsalvageable("the list of its files is gone or has changed")
        salvage = Salvage(self.old, folders, self.look, prefix)
        log_path = self.builder.logs / f"{self.definition.name}.log"
        with log_path.open("wb") as log:
            self._run(log, "venv", "--no-project", "--python", interpreter.executable, prefix)
            self.tell("linking what is whole")
            salvage.put_whole()
            self._install(salvage, log)
            provided.place(self.definition, prefix, salvage.site_packages)
            otherwise = self._proved(salvage, log)
        if not self.whole.result().says_the_same(self.look):
            raise Missed(self.whole.result())
        return otherwise

    def _install(self, salvage: Salvage, log: IO[bytes], *arguments: str) -> None:
        if self.look.to_reinstall:
            self.tell(f"installing {', '.join(sorted(self.look.to_reinstall))}")
            self._sync(salvage.prefix, log, *arguments)
        if not salvage.reuse_bytecode():
            self._sync(salvage.prefix, log, "--compile-bytecode")

    def _proved(self, salvage: Salvage, log: IO[bytes]) -> Mapping[str, str | None]:
        """What publishers made otherwise than they recorded. What was linked is being read where it was linked from."""
        self.tell("proving")
        packages = sorted(self.look.to_reinstall)
        known: dict[str, str | None] = dict(self.old.record.get("otherwise") or {})
        reading = self.aside.submit(deep.damaged_of, salvage.site_packages, packages, known)
        reason = self._fails(salvage)
        if reading.result():
            # uv may link files from its cache: what damaged an environment has damaged the cache, and uv trusts it.
            self.tell(f"forgetting the damaged {', '.join(packages)} in uv's cache")
            self._run(log, "cache", "clean", *packages)
            self._install(salvage, log, *(f"--reinstall-package={package}" for package in packages))
            known.update((each.file, each.digest) for each in deep.damaged_of(salvage.site_packages, packages, known))
            provided.place(self.definition, salvage.prefix, salvage.site_packages)
            reason = self._fails(salvage)
        if reason:
            raise NotReady(f"environment '{self.definition.name}' was repaired, but {reason}", f"read {log.name}")
        return known

    def _fails(self, salvage: Salvage) -> str | None:
        return health.fails_to_import(self.definition, _python(salvage.prefix), salvage.prefix)

    def _sync(self, prefix: Path, log: IO[bytes], *arguments: str) -> None:
        self._run(log, *SYNC, *arguments, "--python", _python(prefix), self.definition.locked)

    def _run(self, log: IO[bytes], *arguments: str | os.PathLike[str]) -> None:
        self.builder.run_uv(self.definition, log, *map(str, arguments))


def _python(prefix: Path) -> Path:
    return Build("", prefix, "", {}).python
