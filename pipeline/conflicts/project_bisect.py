"""A bisection in a project: which Python the locks are for, and where the throwaway environments are made."""

from dataclasses import replace
from pathlib import Path

from pipeline.config.catalog import Catalog
from pipeline.conflicts.bisect import Finding, bisect
from pipeline.conflicts.lock_changes import between
from pipeline.conflicts.trial import Command, Workshop, workshop_folder
from pipeline.environments import ProjectVariables
from pipeline.envs import interpreters, uv
from pipeline.envs.definition import Definition
from pipeline.envs.interpreters import BaseInterpreter
from pipeline.errors import ConfigurationError, NotReady, UsageError
from pipeline.files import write_at_once
from pipeline.progress import Progress

LOG = "env-bisect.log"


def run(
    catalog: Catalog, locks: tuple[Path, Path], command: Command, python: str | None, progress: Progress
) -> Finding:
    """``locks`` are the good one and the bad one; ``python`` is a range, else that of the environment that has one
    of these locks, else any.

    Raises ``UsageError`` where the locks aren't what they are said to be, and ``NotReady``, ``ConfigurationError``.
    """
    project, installer = catalog.project, uv.find()
    definition = _definition(catalog, locks, python)
    interpreter = _interpreter(definition, installer)
    good, bad = locks
    apart = between(_text(good), _text(bad), interpreter.version, (str(good), str(bad)))
    log = project.logs / LOG
    log.parent.mkdir(parents=True, exist_ok=True)
    write_at_once(log, b"")
    with workshop_folder(project.cache / "bisect") as folder:
        workshop = Workshop(
            folder=folder,
            uv=installer,
            python=interpreter.executable,
            install_seconds=catalog.settings.build_seconds,
            log=log,
            indexes=tuple(uv.index_options(definition.index)),
        )
        own = ProjectVariables(project)(definition, workshop.prefix)
        return bisect(apart, command, replace(workshop, own=own), progress)


def _definition(catalog: Catalog, locks: tuple[Path, Path], python: str | None) -> Definition:
    """The environment that has one of the locks, else one that says nothing."""
    files = {lock.resolve() for lock in locks}
    definitions = (each for name in catalog.environment_names for each in _variants(catalog, name))
    having = (each for each in definitions if each.lock and each.lock.resolve() in files)
    found = next(having, Definition("bisect", "", lock=None))
    return found if python is None else replace(found, python=_checked(python))


def _variants(catalog: Catalog, name: str) -> tuple[Definition, ...]:
    try:
        return catalog.variants(name)
    except ConfigurationError:  # one that is broken isn't what the command is about
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
