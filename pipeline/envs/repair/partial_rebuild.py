"""A new build in which only the damaged packages are installed: the others come from the damaged build."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from pipeline.envs import package_records
from pipeline.envs.build import Build
from pipeline.envs.builder.ahead import Ahead
from pipeline.envs.builder.builder import Builder
from pipeline.envs.builder.installer import Installer
from pipeline.envs.builder.marker import Proof
from pipeline.envs.builder.proof import finish
from pipeline.envs.definition import Definition
from pipeline.envs.interpreters import BaseInterpreter
from pipeline.envs.repair.paths import Unsalvageable
from pipeline.envs.repair.salvage import Salvage
from pipeline.envs.verification import content, manifest
from pipeline.envs.verification.manifest import Entry
from pipeline.envs.verification.tiers import Look
from pipeline.errors import NotReady
from pipeline.progress import Progress


class Missed(Exception):
    """Reading every byte has shown more damage than the look that the repair began with."""

    def __init__(self, look: Look) -> None:
        super().__init__("more is damaged than it seemed")
        self.look = look


class Damaged(Exception):
    """What was installed anew isn't what its packages recorded."""


@dataclass(frozen=True, kw_only=True)
class Exact:
    builder: Builder
    definition: Definition
    old: Build
    look: Look  # at the old build, by which it is repaired
    whole: Ahead[Look]  # the look at every byte, which must say the same before the new build counts
    progress: Progress

    def make(self, interpreter: BaseInterpreter) -> Build:
        """The new live build; the old one counts no more from the moment before it is live.

        Raises ``Missed``, ``Unsalvageable``, ``NotReady``, and ``OSError``.
        """
        return self.builder.make(
            self.definition,
            self.old.record["key_input"],
            self.progress,
            lambda installer: self._fill(installer, interpreter),
            before_live=lambda: self.builder.registry.retire(self.old.prefix),
        )

    def _fill(self, installer: Installer, interpreter: BaseInterpreter) -> Proof:
        folders = manifest.read(self.old.prefix, self.old.record.get("manifest"))
        if folders is None:
            raise Unsalvageable("the list of its files is gone or has changed")
        salvage = Salvage(self.old, folders, self.look, installer.prefix)
        installer.create(interpreter.executable)
        self.progress("linking what is whole")
        acquainted = Ahead(installer.acquaint)
        acquainted.begin()
        try:
            salvage.put_whole()
        finally:
            acquainted.result()
        try:
            proof = self._installed(salvage, installer, interpreter)
        except NotReady:
            self._require_same_look()  # what was missed may be why
            raise
        self._require_same_look()
        return proof

    def _require_same_look(self) -> None:
        whole = self.whole.result()
        if not whole.says_the_same(self.look):
            raise Missed(whole)

    def _installed(self, salvage: Salvage, installer: Installer, interpreter: BaseInterpreter) -> Proof:
        """What is missing, held against its ``RECORD`` while it is tried; fetched again where that doesn't agree."""
        packages = sorted(self.look.to_reinstall)
        otherwise: dict[str, str | None] = dict(self.old.record.get("otherwise") or {})

        def known(again: bool) -> Mapping[str, Entry]:
            read = content.read_packages(salvage.site_packages, packages, otherwise)
            if read.damaged and not again:
                raise Damaged
            otherwise.update((each.file, each.digest) for each in read.damaged)  # it was published so
            salvage.learn(read.contents)
            return salvage.known

        def finished(again: bool) -> Proof:
            return finish(installer, interpreter.version, otherwise, partial(known, again), self._unproved(salvage))

        self._install(salvage, installer)
        try:
            return finished(again=False)
        except Damaged:
            installer.forget(packages)
            self._install(salvage, installer, anew=packages)
            return finished(again=True)

    def _unproved(self, salvage: Salvage) -> Definition:
        """What is whole is byte for byte what was proved when it was built: just what is new is tried again."""
        if self.definition.promises() != self.old.record["promises"]:
            return self.definition
        installed = salvage.site_packages.glob("*.dist-info")
        anew = [folder for folder in installed if package_records.package_of(folder.name) in self.look.to_reinstall]
        files = [file for folder in anew for file in package_records.files(folder / "RECORD")]
        new = {file.partition("/")[0].partition(".")[0] for file in files}
        imports = tuple(module for module in self.definition.imports if module.partition(".")[0] in new)
        return replace(self.definition, imports=imports, smoke=None)

    def _install(self, salvage: Salvage, installer: Installer, anew: Sequence[str] = ()) -> None:
        if packages := sorted(self.look.to_reinstall):
            self.progress(f"installing {', '.join(packages)}")
            self.whole.begin()  # from now on other processes work, which it doesn't slow down
            installer.sync(bytecode=False, anew=anew)
        if not salvage.reuse_bytecode():
            installer.sync()
