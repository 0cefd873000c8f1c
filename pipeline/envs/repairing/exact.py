"""A new build in which only the damaged packages are installed: the others come from the damaged build."""

from collections.abc import Mapping
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from pipeline.envs.building import proof
from pipeline.envs.building.build import Builder, Tell
from pipeline.envs.building.installer import Installer
from pipeline.envs.definition import Build, Definition
from pipeline.envs.interpreters import BaseInterpreter
from pipeline.envs.proving import deep, manifest
from pipeline.envs.proving.tiers import Look
from pipeline.envs.repairing.salvage import Salvage, Unsalvageable
from pipeline.errors import NotReady


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
            self.tell,
            partial(self._fill, interpreter),
            before_live=lambda: self.builder.registry.retire(self.old.prefix),
        )

    def _fill(self, interpreter: BaseInterpreter, installer: Installer, *, prefix: Path) -> Mapping[str, str | None]:
        folders = manifest.read(self.old.prefix, self.old.record.get("manifest"))
        if folders is None:
            raise Unsalvageable("the list of its files is gone or has changed")
        salvage = Salvage(self.old, folders, self.look, prefix)
        installer.create(interpreter.executable, prefix)
        self.tell("linking what is whole")
        salvage.put_whole()
        self._install(salvage, installer)
        otherwise = self._proved(salvage, installer, interpreter.version)
        if not self.whole.result().says_the_same(self.look):
            raise Missed(self.whole.result())
        return otherwise

    def _install(self, salvage: Salvage, installer: Installer, *options: str) -> None:
        if self.look.to_reinstall:
            installer.sync(salvage.prefix, options=options)
        if not salvage.reuse_bytecode():
            installer.sync(salvage.prefix)

    def _proved(self, salvage: Salvage, installer: Installer, version: str) -> Mapping[str, str | None]:
        """What publishers made otherwise than they recorded. What was linked is being read where it was linked from."""
        packages = sorted(self.look.to_reinstall)
        known: dict[str, str | None] = dict(self.old.record.get("otherwise") or {})
        reading = self.aside.submit(deep.damaged_of, salvage.site_packages, packages, known)
        try:
            proof.finish(installer, salvage.prefix, version)
        except NotReady:
            if not reading.result():
                raise
        if reading.result():
            # uv may link files from its cache: what damaged an environment has damaged the cache, and uv trusts it.
            self.tell(f"forgetting the damaged {', '.join(packages)} in uv's cache")
            installer.forget(packages, salvage.prefix)
            self._install(salvage, installer, *(f"--reinstall-package={package}" for package in packages))
            known.update((each.file, each.digest) for each in deep.damaged_of(salvage.site_packages, packages, known))
            proof.finish(installer, salvage.prefix, version)
        return known
