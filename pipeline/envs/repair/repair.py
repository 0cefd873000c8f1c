"""Repairing an environment: every byte is checked, and a mended build is made beside the damaged one.

Stages that run in the damaged build keep it; from now on no other stage gets it.
"""

import errno
import os
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from pipeline.envs import interpreters, keys
from pipeline.envs.build import Build
from pipeline.envs.builder.builder import Builder
from pipeline.envs.definition import Definition
from pipeline.envs.lockfiles import agreement
from pipeline.envs.registry import build_problem
from pipeline.envs.repair.partial_rebuild import IncompleteCheck, PartialRebuild
from pipeline.envs.repair.paths import Unsalvageable
from pipeline.envs.verification import content, file_check, health
from pipeline.envs.verification.file_check import FileCheck
from pipeline.errors import NotReady
from pipeline.progress import Progress

NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EROFS}  # a whole build would fail for the same reason

FullCheck = Callable[[], Future[FileCheck]]  # begins the check of every byte where it hasn't begun


@dataclass(frozen=True)
class Repair:
    """What was done; ``problems`` is empty where nothing was damaged."""

    build: Build
    problems: tuple[str, ...] = ()
    reinstalled: tuple[str, ...] = ()  # packages
    rebuild_reason: str | None = None  # why all of it was built again
    is_taken_over: bool = False  # what another repair or build had made already

    @property
    def summary(self) -> str:
        """For a person."""
        if self.is_taken_over and not self.problems:
            return "a build that was made meanwhile stands for it now; nothing in that is damaged"
        if self.rebuild_reason:
            return f"built again as a whole, since {self.rebuild_reason}"
        if not self.problems:
            return "nothing is damaged"
        if self.reinstalled:
            return f"repaired: {', '.join(self.reinstalled)} installed again"
        return "repaired: no package had to be installed again"


@dataclass(frozen=True)
class WholeRebuild:
    """That a repair of some packages isn't enough."""

    old: Build
    problems: tuple[str, ...]
    reason: str


def repair(builder: Builder, definition: Definition, progress: Progress, failed: Path | None = None) -> Repair:
    """Make the environment whole; do nothing where it is. ``failed``: the folder of the build in which a stage failed.

    The damaged build counts no more for any name, here and in other projects; those take the new one when they need it.
    Raises ``NotReady``, and ``OSError``; then the damaged build stands for the name as before.
    """
    with builder.name_held(definition.name, progress):
        usable = builder.usable(definition)
        if failed and usable and usable.prefix != failed:
            builder.registry.retire(failed)
            return Repair(usable)  # another process has repaired it
        with ThreadPoolExecutor(1) as threads:
            work = _Repairer(builder, definition, progress, threads)
            return work.repair(failed or builder.registry.pointer(definition.name))


@dataclass(frozen=True)
class _Repairer:
    """Repairs one environment for the process that holds its name's lock."""

    builder: Builder
    definition: Definition
    progress: Progress
    threads: ThreadPoolExecutor

    def repair(self, folder: Path) -> Repair:
        old = self.builder.registry.at(self.definition.name, folder)
        if old is None:
            return self._without_old()
        with self.builder.key_held(old.key, self.definition.name, self.progress):
            is_there = self.builder.registry.at(self.definition.name, old.prefix) is not None
            done = self._looked_through(old) if is_there else None
            if isinstance(done, WholeRebuild):
                done = self._rebuilt(done)
        if isinstance(done, WholeRebuild):
            return self._rebuilt_with_other_key(done)
        return done or self._without_old()  # somebody who had the key has repaired or removed it

    def _without_old(self) -> Repair:
        """Perhaps there is a build that an earlier repair finished: for another name, or killed before it was live."""
        there = set(self.builder.registry.builds.iterdir())
        build = self.builder.build(self.definition, self.progress, force=False)
        done = self.repair(build.prefix)
        if build.prefix.name in {each.name for each in there}:
            return replace(done, is_taken_over=True)
        return done if done.problems else replace(done, rebuild_reason="there was no finished build of it")

    def _looked_through(self, old: Build) -> Repair | WholeRebuild:
        self.progress("checking every file")
        # Sizes and times say at once where to begin; no new build counts before every byte was read, too.
        full_check = cache(lambda: self.threads.submit(file_check.thorough, old))
        try:
            check = file_check.quick(old)
            check = full_check().result() if check.is_clean else check
        except OSError as error:
            return WholeRebuild(old, _problems(old, None), f"its files can't be read: {error.strerror}")
        if check.is_clean and build_problem(self.definition, old) is None:
            return Repair(old)
        return self._mended(old, check, full_check)

    def _mended(self, old: Build, check: FileCheck, full_check: FullCheck) -> Repair | WholeRebuild:
        problem = build_problem(self.definition, old)
        problems = _problems(old, check) or (problem or "it isn't what it was",)
        self.progress(f"repairing: {problems[0]}{f', and {len(problems) - 1} more' if len(problems) > 1 else ''}")
        if problem != health.problem(old):
            agreement.require(self.definition)  # its requirements have been edited, which a repair mustn't hide
        interpreter = interpreters.find(self.definition, self.builder.uv)
        if reason := self._rebuild_reason(old, check, interpreter):
            return WholeRebuild(old, problems, reason)
        self.builder.remove_half_built(self.definition.name, old.key)
        try:
            build = self._partial_rebuild(old, check, full_check).make(interpreter)
        except IncompleteCheck as error:
            return self._mended(old, error.check, full_check)
        except (Unsalvageable, NotReady, OSError) as error:
            if isinstance(error, OSError) and error.errno in NO_ROOM:
                raise
            return WholeRebuild(old, problems, f"a repair of its packages alone failed: {error}")
        return Repair(build, problems, tuple(sorted(check.to_reinstall)))

    def _partial_rebuild(self, old: Build, check: FileCheck, full_check: FullCheck) -> PartialRebuild:
        return PartialRebuild(
            builder=self.builder,
            definition=self.definition,
            old=old,
            check=check,
            full_check=full_check,
            progress=self.progress,
        )

    def _rebuild_reason(self, old: Build, check: FileCheck, interpreter: interpreters.BaseInterpreter) -> str | None:
        """Why it takes a whole new build; ``None`` where the packages that are whole can be kept."""
        if not check.is_listed:
            return "the list of its files is gone or has changed"
        if keys.key_of(keys.key_input(self.definition, interpreter, os.environ)) != old.key:
            return "its lock, Python, accelerator or what steers builds has changed since it was built"
        if _shares_files(old, check):
            return "a damaged package installs a file that another one installs, too"
        return None

    def _rebuilt(self, rebuild: WholeRebuild) -> Repair | WholeRebuild:
        """Under the old build's key, which the caller holds; what has another key by now is returned."""
        recipe = self.builder.recipe(self.definition, self.progress)
        if recipe.key != rebuild.old.key:
            return rebuild
        self._tell(rebuild)
        return self._replaced(rebuild, self.builder.make_whole(self.definition, recipe, self.progress))

    def _rebuilt_with_other_key(self, rebuild: WholeRebuild) -> Repair:
        """The old key isn't held meanwhile: who holds one key never waits for another."""
        self._tell(rebuild)
        return self._replaced(rebuild, self.builder.build(self.definition, self.progress, force=True))

    def _tell(self, rebuild: WholeRebuild) -> None:
        self.progress(f"building all of it again, since {rebuild.reason}")

    def _replaced(self, rebuild: WholeRebuild, build: Build) -> Repair:
        self.builder.registry.retire(rebuild.old.prefix)
        return Repair(build, rebuild.problems, rebuild_reason=rebuild.reason)


def _shares_files(old: Build, check: FileCheck) -> bool:
    """Whether installing the damaged packages could give a file the content of the wrong package."""
    from packaging.utils import canonicalize_name

    packages = content.by_package(old.site_packages)
    damaged = {canonicalize_name(name) for name in check.to_reinstall}
    if not damaged <= packages.keys() and old.own_marker.corrections:
        return True  # its RECORD is gone, and what isn't as a RECORD says may be another package's
    return any(not damaged.isdisjoint(each.contents) for each in content.shared(old.site_packages))


def _problems(build: Build, check: FileCheck | None) -> tuple[str, ...]:
    return file_check.problems(build, check) if check else ("its files can't be read",)
