"""A command is tried on a lock, in an environment that is made for it and removed afterwards."""

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from pipeline import child_process, process, process_tree
from pipeline.conflicts.minimal_subsets import Verdict
from pipeline.envs import uv
from pipeline.envs.platform.layout import interpreter
from pipeline.envs.uv_settings import UvSettings
from pipeline.envs.variables import stage_variables
from pipeline.files import tail, try_remove_tree
from pipeline.locks import exclusive, is_held

SKIP = 125  # the exit code that says "can't be judged", as git bisect has it
NOT_FOUND = 127  # as a shell has it
LAST_LINES = 12


@dataclass(frozen=True)
class Command:
    argv: tuple[str, ...]
    time_limit: float  # seconds; one that takes longer has failed
    repeat: int = 1  # it must succeed each time


@dataclass(frozen=True)
class Trial:
    verdict: Verdict
    reason: str  # in a few words
    seconds: float
    last_lines: tuple[str, ...] = ()  # of the log: what the command, or the installer, wrote
    complaints: frozenset[str] = frozenset()  # the installer's, about packages that don't fit each other


@dataclass(frozen=True, kw_only=True)
class TrialEnvironment:
    """Made from one lock after the other, in a ``folder`` for this process alone. All output is appended to ``log``."""

    folder: Path
    uv: Path
    python: Path
    install_seconds: float
    log: Path
    settings: UvSettings = field(default_factory=UvSettings)
    own: Mapping[str, str] = field(default_factory=dict)  # more variables for the command

    def attempt(self, lock: str, command: Command, tolerated: frozenset[str] | None = None) -> Trial:
        """Make the environment from a lock's text, and run the command in it.

        The verdict is ``UNKNOWN`` where the lock can't be installed, and where the installer has a complaint that isn't
        ``tolerated``; with ``None``, all are.
        """
        try:
            return self._attempt(lock, command, tolerated)
        except BaseException:
            process_tree.kill_children()
            raise

    def _attempt(self, lock: str, command: Command, tolerated: frozenset[str] | None) -> Trial:
        started = time.monotonic()
        try_remove_tree(self.prefix)
        with self.log.open("ab") as log:
            begin = log.tell()
            if reason := self._install(lock, log):
                return self._trial(Verdict.UNKNOWN, reason, started, begin)
            complaints = self._complaints()
            if tolerated is not None and (new := sorted(complaints - tolerated)):
                return self._trial(Verdict.UNKNOWN, f"inconsistent: {new[0]}", started, begin)
            begin = log.tell()
            verdict, reason = self._run(command, log)
        return self._trial(verdict, reason, started, begin, complaints)

    def _trial(
        self, verdict: Verdict, reason: str, started: float, begin: int, complaints: frozenset[str] = frozenset()
    ) -> Trial:
        lines = tuple(tail(self.log, LAST_LINES, begin))
        return Trial(verdict, reason, time.monotonic() - started, lines, complaints)

    @property
    def prefix(self) -> Path:
        return self.folder / "env"

    @property
    def _python(self) -> Path:
        return interpreter(self.prefix)

    def _install(self, lock: str, log: IO[bytes]) -> str | None:
        """Returns why the lock can't be installed."""
        file = self.folder / "trial.lock"
        file.write_text(lock, encoding="utf-8")
        venv: list[str | Path] = ["venv", "--no-project", "--python", self.python, self.prefix]
        sync: list[str | Path] = ["pip", "sync", "--require-hashes", "--allow-empty-requirements", "--python"]
        sync += [self._python, file]
        for step in (venv, sync):
            try:
                with self.settings.options() as configured:
                    done = process.run([self.uv, *configured, *step], self._variables(), self.install_seconds, log)
            except process.TimedOut as error:
                return str(error)
            if done.returncode:
                return "can't be installed"
        return None

    def _complaints(self) -> frozenset[str]:
        check: list[str | Path] = [self.uv, "pip", "check", "--python", self._python]
        try:
            done = process.run(check, self._variables(), self.install_seconds)
        except process.TimedOut:
            return frozenset()  # the command's own verdict is worth more than none
        return frozenset(line for line in done.error_text.splitlines() if line.startswith("The package"))

    def _variables(self) -> dict[str, str]:
        # Copies, no links: a command may write into its environment, and that mustn't reach uv's cache.
        return uv.variables(os.environ, uv.link_mode("copy", self.folder))

    def _run(self, command: Command, log: IO[bytes]) -> tuple[Verdict, str]:
        for number in range(1, command.repeat + 1):
            which = f" in run {number} of {command.repeat}" if command.repeat > 1 else ""
            code = self._exit_code(command, log)
            if code == SKIP:
                return Verdict.UNKNOWN, f"the command says so (exit code {SKIP}){which}"
            if code is None:
                return Verdict.BAD, f"took longer than {command.time_limit:g} s{which}"
            if code != 0:
                return Verdict.BAD, f"{_how(code)}{which}"
        return Verdict.GOOD, "exit code 0"

    def _exit_code(self, command: Command, log: IO[bytes]) -> int | None:
        """``None`` where it takes too long. Processes that it leaves are killed."""
        variables = stage_variables(self.prefix, os.environ, own=self.own)
        with open(os.devnull, "rb") as nothing:
            try:
                child = process.spawn(command.argv, variables, nothing.fileno(), log.fileno(), log.fileno())
            except (FileNotFoundError, PermissionError) as error:
                log.write(f"{command.argv[0]}: {error.strerror}\n".encode())
                log.flush()
                return NOT_FOUND
        try:
            if not child_process.ends_within(child, command.time_limit):
                return None
        finally:
            # The whole tree, before the process is collected: after that, another process can get its number.
            process_tree.stop([child], grace=0)
        return child.returncode


@contextmanager
def own_folder(parent: Path) -> Iterator[Path]:
    """A folder for this process alone, removed afterwards; those that killed processes left are removed first."""
    parent.mkdir(parents=True, exist_ok=True)
    for left in parent.iterdir():
        if left.is_dir() and not is_held(_lock_of(left)):
            try_remove_tree(left)
            _lock_of(left).unlink(missing_ok=True)
    folder = parent / f"trial-{os.urandom(6).hex()}"
    with exclusive(_lock_of(folder)):  # before the folder, or another process would take it for one that was left
        folder.mkdir()
        try:
            yield folder
        finally:
            try_remove_tree(folder)
            _lock_of(folder).unlink(missing_ok=True)


def _lock_of(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}.lock")


def _how(code: int) -> str:
    return f"exit code {code}" if code >= 0 else f"killed by signal {-code}"
