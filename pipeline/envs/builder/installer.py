"""uv at work on one build: first from its cache alone, then from the network; passing failures are tried again."""

import contextlib
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pipeline import process
from pipeline.envs import uv
from pipeline.envs.builder import uv_output
from pipeline.envs.builder.marker import site_packages
from pipeline.envs.builder.uv_output import InstallFailure, LogWatcher, output_since
from pipeline.envs.definition import Definition
from pipeline.envs.lockfiles import package_settings
from pipeline.envs.platform.layout import interpreter
from pipeline.envs.uv_settings import UvSettings
from pipeline.errors import NotReady
from pipeline.permissions import mask_of
from pipeline.progress import Progress

# Seconds before a failure that may pass by itself is tried again; uv itself has tried a few times by then.
PAUSES = (1.0, 5.0)

# Failures that the network can't help with.
LOCAL_FAILURES = {InstallFailure.NO_ROOM, InstallFailure.NO_PERMISSION}


@dataclass(frozen=True)
class PackageSources:
    """Where packages come from beside the index, and how their files get into an environment."""

    offline: bool = False
    wheels: Path | None = None  # a folder of wheels that were fetched before
    link_mode: str = "auto"
    inherits: bool = False  # whether builds from source see all of the caller's variables
    pauses: tuple[float, ...] = PAUSES  # seconds before each further try


@dataclass(frozen=True)
class Deadline:
    """The time that a whole build may take, from the moment when this is made."""

    seconds: float
    _start: float = field(default_factory=time.monotonic)

    def left(self) -> float:
        """Seconds; never zero, since a process can't be started with no time at all."""
        return max(0.001, self._start + self.seconds - time.monotonic())

    def spent(self) -> float:
        """Seconds."""
        return time.monotonic() - self._start

    def __str__(self) -> str:
        return f"{self.seconds / 60:g} min" if self.seconds >= 60 else f"{self.seconds:g} s"


@dataclass(kw_only=True)
class Installer:
    """uv for one build. If not said otherwise, methods raise ``NotReady`` where uv fails or the deadline passes."""

    uv: Path
    definition: Definition
    prefix: Path  # of the build that is being made
    log: Path
    deadline: Deadline
    progress: Progress
    sources: PackageSources
    settings: UvSettings = field(default_factory=UvSettings)
    own: Mapping[str, str] = field(default_factory=dict)  # the environment's variables, the same as a stage's
    _step: str = field(default="", init=False)  # the last one that was shown

    def create(self, interpreter: Path) -> None:
        """Make an environment without packages."""
        self.show("creating")
        self._carry_out(("venv", "--no-project", "--python", interpreter, self.prefix), offline=True)

    def warm_up(self) -> None:
        """Let uv ask the new environment's Python what it is, so that it needn't when it installs. Raises nothing."""
        words = ("python", "find", "--no-project", interpreter(self.prefix))
        with contextlib.suppress(process.TimedOut):
            process.run([self.uv, *words], self.variables(offline=True), self.deadline.left())

    def sync(self, reinstall: Sequence[str] = ()) -> None:
        """Let the environment have exactly the packages of the lock, without bytecode.

        The packages in ``reinstall`` are installed again although they are there.
        """
        self.show("installing")
        arguments = (*self._sync_arguments(), *(f"--reinstall-package={package}" for package in reinstall))
        if not self.sources.offline:
            # What is in the cache was verified when it came; asking the index about it takes longer than installing it.
            output = self._attempt(arguments, offline=True)
            if output is None:
                return
            if (failure := uv_output.failure_of(output)) in LOCAL_FAILURES:
                raise self._error(failure, output, 1)
        self._carry_out(arguments, self.sources.offline)

    def forget(self, packages: Sequence[str]) -> None:
        """Remove packages from uv's cache: a file that is a link from there may have been damaged there, too."""
        self.progress(f"forgetting the damaged {', '.join(packages)} in uv's cache")
        self._carry_out(("cache", "clean", *packages), offline=True)

    def _sync_arguments(self) -> tuple[str | Path, ...]:
        python = interpreter(self.prefix)
        options = ("--require-hashes", "--allow-empty-requirements")
        return ("pip", "sync", *options, "--python", python, self.definition.locked)

    def _carry_out(self, arguments: Sequence[str | Path], offline: bool) -> None:
        """Run uv, and again after a failure that may pass by itself."""
        pauses = self.sources.pauses
        for number, pause in enumerate([*pauses, None], start=1):
            output = self._attempt(arguments, offline)
            if output is None:
                return
            failure = uv_output.failure_of(output)
            if pause is None or not failure.is_transient or pause > self.deadline.left():
                raise self._error(failure, output, number)
            self.progress(f"trying again in {pause:g} s, because of {failure.value}")
            time.sleep(pause)

    def _attempt(self, arguments: Sequence[str | Path], offline: bool) -> str | None:
        """Run uv once. Returns what it wrote where it failed, and ``None`` where it succeeded."""
        with open(self.log, "ab") as log:
            log.write(os.fsencode(f"$ uv {' '.join(map(str, arguments))}{' (offline)' if offline else ''}\n"))
            log.flush()
            start = log.tell()
            with (
                LogWatcher(self.log, start, self._follow),
                self.settings.options() as settings,
            ):
                try:
                    done = process.run(
                        [self.uv, *settings, *arguments],
                        self.variables(offline),
                        self.deadline.left(),
                        log,
                        mask_of(self.prefix.parent),
                    )
                except process.TimedOut as error:
                    self._mask(start)
                    raise self.too_late(output_since(self.log, start)) from error
        self._mask(start)
        return output_since(self.log, start) if done.returncode else None

    def _mask(self, start: int) -> None:
        """What uv has written into the log must name no token of an index's address."""
        with open(self.log, "r+b") as log:
            log.seek(start)
            text = log.read().decode("utf-8", "surrogateescape")
            masked = package_settings.masked(text, self.definition, os.environ)
            if masked != text:
                log.seek(start)
                log.write(masked.encode("utf-8", "surrogateescape"))
                log.truncate()

    def _follow(self, output: str) -> None:
        if uv_output.has_resolved(output):
            self.show(uv_output.step(output, self._installed_packages()))

    def show(self, step: str) -> None:
        """Tell a step, once."""
        if step != self._step:
            self._step = step
            self.progress(step)

    def _installed_packages(self) -> int:
        try:
            return sum(name.endswith(".dist-info") for name in os.listdir(site_packages(self.prefix)))
        except OSError:
            return 0

    def variables(self, offline: bool) -> dict[str, str]:
        """What uv gets, and what it starts."""
        # uv's own cache is the machine's: a file that one project has fetched serves all projects.
        own = {name: text for name, text in self.own.items() if name != "XDG_CACHE_HOME"}
        link_mode = uv.link_mode(self.sources.link_mode, self.prefix.parent)
        variables = {**uv.variables(os.environ, link_mode, own, inherits=self.sources.inherits)}
        if self.sources.wheels and self.sources.wheels.is_dir():  # as an option, it would hide the person's own folders
            folders = (variables.get("UV_FIND_LINKS"), self.sources.wheels.absolute().as_uri().replace(",", "%2C"))
            variables["UV_FIND_LINKS"] = ",".join(filter(None, folders))
        return {**variables, "UV_OFFLINE": "1"} if offline else variables

    def too_late(self, output: str) -> NotReady:
        """The error where the build's time is over. ``output``: what the last program wrote."""
        explanation = uv_output.explanation(output)
        return NotReady(
            f"environment '{self.definition.name}': the build took longer than {self.deadline};"
            f" it stood at: {self._step}" + (f"\n{explanation}" if explanation else ""),
            f"read {self.log}   or raise build_minutes in config/pipeline.yaml",
        )

    def _error(self, failure: InstallFailure, output: str, attempts: int) -> NotReady:
        name = self.definition.name
        offline = failure is InstallFailure.NOT_CACHED and self.sources.offline
        is_repeated = failure.is_transient and attempts > 1
        times = f" (tried {attempts} times, because of {failure.value})" if is_repeated else ""
        headline = f"environment '{name}' can't be built{' offline' if offline else ''}{times}:"
        steps = {
            InstallFailure.NOT_CACHED: f"with a network, run\nbootstrap --prefetch --env {name}\nand then\n"
            f"bootstrap --env {name}",
            InstallFailure.NO_ROOM: f"make room, and then\nbootstrap --env {name}",
            InstallFailure.NETWORK: f"bootstrap --env {name}   when the network is back",
            # A new lock takes the file that the index has now: only a person may decide that.
            InstallFailure.WRONG_HASH: f"pipeline env lock {name}   if {self.definition.locked.name} was edited by hand"
            "; if it wasn't, the index serves another file than the one that was locked",
        }
        more = f"\n{steps[failure]}" if failure in steps else ""
        return NotReady(f"{headline}\n{uv_output.explanation(output)}", f"read {self.log}{more}")
