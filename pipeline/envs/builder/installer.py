"""uv at work on one build: from its cache alone where that has everything, else from the network, with patience."""

import contextlib
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pipeline import process
from pipeline.envs import uv
from pipeline.envs.builder import installer_faults, progress
from pipeline.envs.builder.deadline import Deadline
from pipeline.envs.builder.installer_faults import Fault
from pipeline.envs.builder.marker import site_packages
from pipeline.envs.builder.permissions import mask_of
from pipeline.envs.builder.uv_output import Watch, said
from pipeline.envs.definition import Definition
from pipeline.envs.platform.layout import interpreter
from pipeline.envs.variables import with_own
from pipeline.errors import NotReady
from pipeline.progress import Progress

# Seconds before what may have been a passing fault is tried again; uv itself has tried a few times by then.
PAUSES = (1.0, 5.0)

# What the network wouldn't mend.
HOPELESS = {Fault.NO_ROOM, Fault.NO_PERMISSION}


@dataclass(frozen=True)
class Sources:
    """Where packages come from beside the index, and how their files get into an environment."""

    offline: bool = False
    wheels: Path | None = None  # a folder of wheels that were fetched before
    link_mode: str = "auto"
    pauses: tuple[float, ...] = PAUSES


@dataclass(kw_only=True)
class Installer:
    uv: Path
    definition: Definition
    prefix: Path  # of the build that is being made
    log: Path
    deadline: Deadline
    progress: Progress
    sources: Sources
    own: Mapping[str, str] = field(default_factory=dict)  # the environment's variables, the same as a stage's
    _told: str = field(default="", init=False)
    _compiles: bool = field(default=True, init=False)

    def create(self, interpreter: Path) -> None:
        self._now("creating")
        self._carry_out(("venv", "--no-project", "--python", interpreter, self.prefix), offline=True)

    def acquaint(self) -> None:
        """Let uv ask the new environment's Python what it is, which else it does when it installs."""
        words = ("python", "find", "--no-project", interpreter(self.prefix))
        with contextlib.suppress(process.TimedOut):
            process.run([self.uv, *words], self._variables(offline=True), self.deadline.left())

    def sync(
        self, installed: Callable[[], None] = lambda: None, bytecode: bool = True, anew: Sequence[str] = ()
    ) -> None:
        """Let the environment have exactly the packages of the lock; ``anew`` are installed although they are there.

        ``installed`` is called when all files are there, while their bytecode is still being made. Raises ``NotReady``.
        """
        self._now("installing")
        self._compiles = bytecode
        arguments = (*self._sync_arguments(bytecode), *(f"--reinstall-package={package}" for package in anew))
        if not self.sources.offline:
            # What is in the cache was verified when it came; asking the index about it takes longer than installing it.
            words = self._attempt(arguments, offline=True, installed=installed)
            if words is None:
                return
            if (fault := installer_faults.fault_of(words)) in HOPELESS:
                raise self._failure(fault, words, 1)
        self._carry_out(arguments, self.sources.offline, installed)

    def forget(self, packages: Sequence[str]) -> None:
        """Remove packages from uv's cache, where a file that is a link from there was damaged."""
        self.progress(f"forgetting the damaged {', '.join(packages)} in uv's cache")
        self._carry_out(("cache", "clean", *packages), offline=True)

    def _sync_arguments(self, bytecode: bool) -> tuple[str | Path, ...]:
        python = interpreter(self.prefix)
        options = ("--require-hashes", "--allow-empty-requirements", *(("--compile-bytecode",) if bytecode else ()))
        found = ("--find-links", self.sources.wheels) if self.sources.wheels and self.sources.wheels.is_dir() else ()
        extra = uv.index_options(self.definition.index)
        return ("pip", "sync", *options, *found, *extra, "--python", python, self.definition.locked)

    def _carry_out(
        self,
        arguments: Sequence[str | Path],
        offline: bool,
        installed: Callable[[], None] = lambda: None,
    ) -> None:
        """Try, and try again what may have been a passing fault. Raises ``NotReady``."""
        pauses = self.sources.pauses
        for number, pause in enumerate([*pauses, None], start=1):
            words = self._attempt(arguments, offline, installed)
            if words is None:
                return
            fault = installer_faults.fault_of(words)
            if pause is None or not fault.is_transient or pause > self.deadline.left():
                raise self._failure(fault, words, number)
            self.progress(f"trying again in {pause:g} s, because of {fault.value}")
            time.sleep(pause)

    def _attempt(
        self, arguments: Sequence[str | Path], offline: bool, installed: Callable[[], None] = lambda: None
    ) -> str | None:
        """One run of uv; what it said, where that failed."""
        with open(self.log, "ab") as log:
            log.write(os.fsencode(f"$ uv {' '.join(map(str, arguments))}{' (offline)' if offline else ''}\n"))
            log.flush()
            start = log.tell()
            with Watch(self.log, start, lambda words: self._look(words, installed)):
                try:
                    done = process.run(
                        [self.uv, *arguments],
                        self._variables(offline),
                        self.deadline.left(),
                        log,
                        mask_of(self.prefix.parent),
                    )
                except process.TimedOut as error:
                    raise self._late(said(self.log, start)) from error
        return said(self.log, start) if done.returncode else None

    def _look(self, words: str, installed: Callable[[], None]) -> None:
        if progress.is_installed(words):
            installed()
        if not progress.has_begun(words) or (progress.is_installed(words) and not self._compiles):
            return
        self._now(self._stage(words))

    def _now(self, step: str) -> None:
        if step != self._told:
            self._told = step
            self.progress(step)

    def _stage(self, words: str) -> str:
        try:
            present = sum(name.endswith(".dist-info") for name in os.listdir(site_packages(self.prefix)))
        except OSError:
            present = 0
        return progress.stage(words, present)

    def _variables(self, offline: bool) -> dict[str, str]:
        # uv's own cache is the machine's: what one project has fetched, another needn't.
        own = {name: text for name, text in self.own.items() if name != "XDG_CACHE_HOME"}
        chosen = uv.variables(with_own(os.environ, own), uv.link_mode(self.sources.link_mode, self.prefix.parent))
        return {**chosen, "UV_OFFLINE": "1"} if offline else chosen

    def _late(self, words: str) -> NotReady:
        name = self.definition.name
        return NotReady(
            f"environment '{name}': the build took longer than {self.deadline}; it stood at: {self._told}"
            + (f"\n{installer_faults.explanation(words)}" if installer_faults.explanation(words) else ""),
            f"read {self.log}   or raise build_minutes in config/pipeline.yaml",
        )

    def _failure(self, fault: Fault, words: str, attempts: int) -> NotReady:
        name = self.definition.name
        offline = fault is Fault.NOT_CACHED and self.sources.offline
        times = f" (tried {attempts} times, because of {fault.value})" if fault.is_transient and attempts > 1 else ""
        headline = f"environment '{name}' can't be built{' offline' if offline else ''}{times}:"
        steps = {
            Fault.NOT_CACHED: f"bootstrap --env {name}   or bootstrap --prefetch --env {name}, with a network",
            Fault.NO_ROOM: f"make room, then bootstrap --env {name}",
            Fault.NETWORK: f"bootstrap --env {name}   when the network is back",
            # Locking takes in what the index serves now, which must be a person's decision.
            Fault.WRONG_HASH: f"pipeline env lock {name}   if {self.definition.locked.name} was edited by hand; "
            "if it wasn't, the index serves another file than the one that was locked",
        }
        more = f"\n{steps[fault]}" if fault in steps else ""
        return NotReady(f"{headline}\n{installer_faults.explanation(words)}", f"read {self.log}{more}")
