"""A new build in which only the damaged packages are installed: the others come from the damaged build."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial

from pipeline.envs import package_records
from pipeline.envs.build import Build
from pipeline.envs.builder import bytecode
from pipeline.envs.builder.builder import Builder
from pipeline.envs.builder.installer import Installer
from pipeline.envs.builder.marker import Proof
from pipeline.envs.builder.proof import finish
from pipeline.envs.definition import Definition
from pipeline.envs.interpreters import BaseInterpreter
from pipeline.envs.repair.paths import Unsalvageable
from pipeline.envs.repair.salvage import Salvage
from pipeline.envs.verification import content, manifest
from pipeline.envs.verification.file_check import FileCheck
from pipeline.envs.verification.manifest import Entry
from pipeline.errors import NotReady
from pipeline.progress import Progress


class IncompleteCheck(Exception):
    """Reading every byte has shown more damage than the check that the repair began with."""

    def __init__(self, check: FileCheck) -> None:
        super().__init__("more is damaged than it seemed")
        self.check = check


class RecordMismatch(Exception):
    """A package that was just installed isn't what its ``RECORD`` says."""


@dataclass(frozen=True, kw_only=True)
class PartialRebuild:
    builder: Builder
    definition: Definition
    old: Build
    check: FileCheck  # of the old build, by which it is repaired
    full_check: Callable[[], Future[FileCheck]]  # of every byte; must agree before the new build counts. Begun on call
    progress: Progress

    def make(self, interpreter: BaseInterpreter) -> Build:
        """The new live build. The old one stops counting just before the new one is live.

        Raises ``IncompleteCheck``, ``Unsalvageable``, ``NotReady``, and ``OSError``.
        """
        return self.builder.make(
            self.definition,
            self.old.own_marker.key_input,
            self.progress,
            lambda installer: self._fill(installer, interpreter),
            before_live=lambda: self.builder.registry.retire(self.old.prefix),
        )

    def _fill(self, installer: Installer, interpreter: BaseInterpreter) -> Proof:
        folders = manifest.read(self.old.prefix, self.old.own_marker.manifest)
        if folders is None:
            raise Unsalvageable("the list of its files is gone or has changed")
        salvage = Salvage(self.old, folders, self.check, installer.prefix)
        installer.create(interpreter.executable)
        self.progress("taking over undamaged files")
        with ThreadPoolExecutor(1) as threads:
            warm_up = threads.submit(installer.warm_up)
            salvage.put_whole()
        warm_up.result()
        try:
            proof = self._installed(salvage, installer)
        except NotReady:
            self._require_same_check()  # damage that wasn't seen at first may be the reason
            raise
        self._require_same_check()
        return proof

    def _require_same_check(self) -> None:
        full = self.full_check().result()
        if not full.agrees_with(self.check):
            raise IncompleteCheck(full)

    def _installed(self, salvage: Salvage, installer: Installer) -> Proof:
        """Install the missing packages, and compare them with their ``RECORD``s while the imports are tried.

        Where a package differs, all of them are fetched and installed again; what differs even then was published so.
        """
        packages = sorted(self.check.to_reinstall)
        corrections: dict[str, str | None] = dict(self.old.own_marker.corrections)

        def known_entries(is_second: bool) -> Mapping[str, Entry]:
            comparison = content.read_packages(salvage.site_packages, packages, corrections)
            if comparison.damaged and not is_second:
                raise RecordMismatch
            corrections.update((each.file, each.digest) for each in comparison.damaged)
            salvage.learn(comparison.contents)
            return salvage.known_entries

        def finished(is_second: bool) -> Proof:
            entries = partial(known_entries, is_second)
            return finish(installer, corrections, entries, self._unproved(salvage))

        self._install(salvage, installer)
        try:
            return finished(is_second=False)
        except RecordMismatch:
            installer.forget(packages)
            self._install(salvage, installer, reinstall=packages)
            return finished(is_second=True)

    def _unproved(self, salvage: Salvage) -> Definition:
        """The definition with the probes that concern new packages: the rest is byte for byte what was proved."""
        if self.definition.acceptance_criteria() != self.old.own_marker.acceptance_criteria:
            return self.definition
        installed = salvage.site_packages.glob("*.dist-info")
        new = [folder for folder in installed if package_records.package_of(folder.name) in self.check.to_reinstall]
        files = [file for folder in new for file in package_records.files(folder / "RECORD")]
        modules = {file.partition("/")[0].partition(".")[0] for file in files}
        imports = tuple(name for name in self.definition.imports if name.partition(".")[0] in modules)
        return replace(self.definition, imports=imports, smoke=None)

    def _install(self, salvage: Salvage, installer: Installer, reinstall: Sequence[str] = ()) -> None:
        if packages := sorted(self.check.to_reinstall):
            self.progress(f"installing {', '.join(packages)}")
            self.full_check()  # begun now: from here on other processes work, which it doesn't slow down
            installer.sync(reinstall)
        if not salvage.reuse_bytecode():
            bytecode.make(installer)
