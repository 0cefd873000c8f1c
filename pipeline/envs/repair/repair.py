"""Repairing an environment: a look at every byte, and beside the damaged build one in which that is mended.

Stages that run in the damaged build keep it; from now on nobody else gets it.
"""

import errno
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline.envs import interpreters, keys
from pipeline.envs.build import Build
from pipeline.envs.builder.ahead import Ahead
from pipeline.envs.builder.builder import Builder
from pipeline.envs.definition import Definition
from pipeline.envs.lockfiles import agreement
from pipeline.envs.registry import misfit
from pipeline.envs.repair.partial_rebuild import Exact, Missed
from pipeline.envs.repair.paths import Unsalvageable
from pipeline.envs.verification import health, tiers
from pipeline.envs.verification.tiers import Look
from pipeline.errors import NotReady
from pipeline.progress import Progress

NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EROFS}  # a whole build would meet it, too


@dataclass(frozen=True)
class Repair:
    """What became of it; ``damage`` is empty where there was none."""

    build: Build
    damage: tuple[str, ...] = ()
    reinstalled: tuple[str, ...] = ()  # packages
    rebuilt_because: str | None = None  # why all of it was built anew

    @property
    def told(self) -> str:
        """What was done, for a person."""
        if self.rebuilt_because:
            return f"built anew as a whole, since {self.rebuilt_because}"
        if not self.damage:
            return "nothing is damaged"
        if self.reinstalled:
            return f"repaired: {', '.join(self.reinstalled)} installed anew"
        return "repaired: no package had to be installed anew"


def repair(builder: Builder, definition: Definition, progress: Progress, failed: Path | None = None) -> Repair:
    """Make the environment whole, and do nothing where it is. ``failed``: the build's folder where a stage failed.

    Raises ``NotReady``, and ``OSError``; then the damaged build stands for the name as before.
    """
    with builder.alone(definition.name, progress):
        usable = builder.usable(definition)
        if failed and usable and usable.prefix != failed:
            builder.registry.retire(failed)
            return Repair(usable)  # somebody else was here
        return _Work(builder, definition, progress).on(failed or builder.registry.pointer(definition.name))


@dataclass(frozen=True)
class _Work:
    """One environment's repair, by who holds its lock."""

    builder: Builder
    definition: Definition
    progress: Progress

    def on(self, folder: Path) -> Repair:
        old = self.builder.registry.at(self.definition.name, folder)
        if old is None:
            # Perhaps one that was finished by a repair that was killed before it could be made live.
            done = self.on(self.builder.build(self.definition, self.progress, force=False).prefix)
            return done if done.damage else replace(done, rebuilt_because="there was no finished build of it")
        self.progress("checking every file")
        # Sizes and times say at once where to begin; nothing counts before every byte was read, too.
        whole = Ahead(lambda: tiers.thorough(old))
        try:
            look = tiers.quick(old)
            look = whole.result() if look.is_clean else look
        except OSError as error:
            return self._rebuilt(old, _words(old, None), f"its files can't be read: {error.strerror}")
        if look.is_clean and misfit(self.definition, old) is None:
            return Repair(old)
        return self._mended(old, look, whole)

    def _mended(self, old: Build, look: Look, whole: Ahead[Look]) -> Repair:
        damage = _words(old, look) or (misfit(self.definition, old) or "it isn't what it was",)
        self.progress(f"repairing: {damage[0]}{f', and {len(damage) - 1} more' if len(damage) > 1 else ''}")
        if misfit(self.definition, old) != health.damage(old):
            agreement.require(self.definition)  # its requirements have been edited, which a repair mustn't hide
        interpreter = interpreters.find(self.definition, self.builder.uv)
        if reason := self._too_much(old, look, interpreter):
            return self._rebuilt(old, damage, reason)
        self.builder.sweep(self.definition.name)
        try:
            build = self._exact(old, look, whole).make(interpreter)
        except Missed as missed:
            return self._mended(old, missed.look, whole)
        except (Unsalvageable, NotReady, OSError) as error:
            if isinstance(error, OSError) and error.errno in NO_ROOM:
                raise
            return self._rebuilt(old, damage, f"a repair of its packages alone failed: {error}")
        return Repair(build, damage, tuple(sorted(look.to_reinstall)))

    def _exact(self, old: Build, look: Look, whole: Ahead[Look]) -> Exact:
        return Exact(
            builder=self.builder,
            definition=self.definition,
            old=old,
            look=look,
            whole=whole,
            progress=self.progress,
        )

    def _too_much(self, old: Build, look: Look, interpreter: interpreters.BaseInterpreter) -> str | None:
        """Why it takes a whole new build; ``None`` where the packages that are whole can be kept."""
        if not look.is_listed:
            return "the list of its files is gone or has changed"
        if keys.key_of(keys.key_input(self.definition, interpreter)) != old.key:
            return "its lock, Python or accelerator has changed since it was built"
        return None

    def _rebuilt(self, old: Build, damage: tuple[str, ...], reason: str) -> Repair:
        self.progress(f"building all of it anew, since {reason}")
        build = self.builder.build(self.definition, self.progress, force=True)
        self.builder.registry.retire(old.prefix)
        return Repair(build, damage, rebuilt_because=reason)


def _words(build: Build, look: Look | None) -> tuple[str, ...]:
    return tiers.in_words(build, look) if look else ("its files can't be read",)
