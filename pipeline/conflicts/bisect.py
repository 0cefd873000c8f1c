"""Which package's change broke a command: sets of the changes between a good and a bad lock are tried.

Each set is tried in a throwaway environment; the project's own environments aren't touched.
"""

import os
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline.config.catalog import Catalog
from pipeline.conflicts.lock_changes import LockDifference, PinChange, difference
from pipeline.conflicts.minimal_subsets import Verdict, minimal_cause
from pipeline.conflicts.trial_environment import Command, Trial, TrialEnvironment, own_folder
from pipeline.environments import ProjectVariables
from pipeline.envs import interpreters, uv
from pipeline.envs.definition import Definition
from pipeline.envs.interpreters import BaseInterpreter
from pipeline.envs.lockfiles import package_settings
from pipeline.errors import ConfigurationError, NotReady, UsageError
from pipeline.files import write_at_once
from pipeline.progress import Progress

LOG = "env-bisect.log"


@dataclass(frozen=True)
class BisectStep:
    changes: tuple[PinChange, ...]  # that the good lock was tried with
    trial: Trial


@dataclass(frozen=True)
class BisectResult:
    culprits: tuple[PinChange, ...]  # with them alone the command fails
    is_minimal: bool  # whether the command succeeds without any one of them; else some set couldn't be judged
    changes: tuple[PinChange, ...]  # all between the two locks
    steps: tuple[BisectStep, ...]  # in their order, the good and the bad lock first
    last_lines: tuple[str, ...]  # of the command, with the culprits


def bisect_in_project(
    catalog: Catalog, locks: tuple[Path, Path], command: Command, python: str | None, progress: Progress
) -> BisectResult:
    """``locks`` are the files of the good and the bad one. ``python`` is a range; where it is None, that of the
    environment that has one of these locks, else any. What is tried lies in the project's cache meanwhile.

    Raises as ``bisect`` does, and ``NotReady`` where there is no such Python, ``ConfigurationError`` where a file isn't
    a lock with hashes.
    """
    project, installer = catalog.project, uv.find()
    definition = _definition(catalog, locks, python)
    interpreter = _interpreter(definition, installer)
    good, bad = locks
    changes = difference(_text(good), _text(bad), interpreter.version, (str(good), str(bad)))
    log = project.logs / LOG
    log.parent.mkdir(parents=True, exist_ok=True)
    write_at_once(log, b"")
    with own_folder(project.cache / "bisect") as folder:
        environment = TrialEnvironment(
            folder=folder,
            uv=installer,
            python=interpreter.executable,
            install_seconds=catalog.settings.build_seconds,
            log=log,
            settings=package_settings.for_lock(definition, os.environ),
        )
        own = ProjectVariables(project)(definition, environment.prefix)
        return bisect(changes, command, replace(environment, own=own), progress)


def bisect(locks: LockDifference, command: Command, environment: TrialEnvironment, progress: Progress) -> BisectResult:
    """Find the changes that break a command. Each step is reported to ``progress``.

    Raises ``UsageError`` where the command fails with the good lock or succeeds with the bad one, and ``NotReady``
    where one of the two can't be judged.
    """
    if not locks.changes:
        raise UsageError("the two locks install the same packages here", "name two locks that differ")
    steps: list[BisectStep] = []

    def attempt(changes: tuple[PinChange, ...], tolerated: frozenset[str] | None) -> Trial:
        trial = environment.attempt(locks.lock(changes), command, tolerated)
        steps.append(BisectStep(changes, trial))
        progress(f"{_which(changes, locks)}: {trial.verdict}, {trial.reason} ({trial.seconds:.1f} s)")
        return trial

    good = _expected(attempt((), None), Verdict.GOOD)
    bad = _expected(attempt(locks.changes, None), Verdict.BAD)
    tolerated = good.complaints | bad.complaints
    found, is_minimal = minimal_cause(locks.changes, lambda chosen: attempt(chosen, tolerated).verdict)
    shown = next(each.trial for each in reversed(steps) if set(each.changes) == set(found))
    return BisectResult(found, is_minimal, locks.changes, tuple(steps), shown.last_lines)


def _expected(trial: Trial, verdict: Verdict) -> Trial:
    """The trial of one of the two locks. Raises as ``bisect`` does where its verdict is another one."""
    if trial.verdict is verdict:
        return trial
    words = "".join(f"\n  {line}" for line in trial.last_lines)
    which = "good" if verdict is Verdict.GOOD else "bad"
    if trial.verdict is Verdict.UNKNOWN:
        raise NotReady(f"the {which} lock can't be judged: {trial.reason}{words}", "make it one that can be tried")
    other = "the command fails with it" if verdict is Verdict.GOOD else "the command succeeds with it"
    raise UsageError(
        f"the {which} lock isn't {which}: {other} ({trial.reason}){words}",
        "look at the command, or name other locks; --repeat N where it fails only sometimes",
    )


def _which(changes: tuple[PinChange, ...], locks: LockDifference) -> str:
    if not changes:
        return "the good lock"
    if len(changes) == len(locks.changes):
        return "the bad lock"
    return f"{len(changes)} of {len(locks.changes)} changes" if len(changes) > 3 else ", ".join(map(str, changes))


def _definition(catalog: Catalog, locks: tuple[Path, Path], python: str | None) -> Definition:
    """The environment that has one of the locks, else one that allows any Python."""
    files = {lock.resolve() for lock in locks}
    definitions = (each for name in catalog.environment_names for each in _variants(catalog, name))
    having = (each for each in definitions if each.lock and each.lock.resolve() in files)
    found = next(having, Definition("bisect", "", lock=None))
    return found if python is None else replace(found, python=_checked(python))


def _variants(catalog: Catalog, name: str) -> tuple[Definition, ...]:
    try:
        return catalog.variants(name)
    except ConfigurationError:  # a broken definition of another environment is no obstacle
        return ()


def _interpreter(definition: Definition, installer: Path) -> BaseInterpreter:
    try:
        return interpreters.find(definition, installer)
    except NotReady as error:
        raise NotReady(f"the locks can't be tried: {error.message}", "name another with --python RANGE") from error


def _checked(python: str) -> str:
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    try:
        return str(SpecifierSet(python))
    except InvalidSpecifier as error:
        raise UsageError(f"{python!r} isn't a range of Python versions", "--python '>=3.11,<3.13'") from error


def _text(lock: Path) -> str:
    try:
        return lock.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{lock}: not UTF-8 text", "name locks that uv made, with hashes") from error
