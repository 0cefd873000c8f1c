"""A bisection in a project: which Python the locks are for, and where the throwaway environments are made."""

from collections.abc import Callable
from pathlib import Path

from pipeline.envs import interpreters, uv
from pipeline.envs.definition import Definition
from pipeline.envs.explaining.bisect import Finding, bisect
from pipeline.envs.explaining.lock_changes import between
from pipeline.envs.explaining.trial import Command, Workshop, workshop_folder
from pipeline.errors import ConfigurationError, UsageError
from pipeline.files import write_at_once
from pipeline.spec.catalog import Catalog

LOG = "env-bisect.log"


def run(
    catalog: Catalog, locks: tuple[Path, Path], command: Command, python: str | None, tell: Callable[[str], None]
) -> Finding:
    """``locks`` are the good one and the bad one; ``python`` is a range, else that of the environment that has one
    of these locks, else any.

    Raises ``UsageError`` where the locks aren't what they are said to be, and ``NotReady``, ``ConfigurationError``.
    """
    project = catalog.project
    installer = uv.find()
    interpreter = interpreters.find(Definition("bisect", _range(catalog, locks, python), lock=None), installer)
    good, bad = locks
    apart = between(_text(good), _text(bad), interpreter.version, (str(good), str(bad)))
    log = project.logs / LOG
    log.parent.mkdir(parents=True, exist_ok=True)
    write_at_once(log, b"")
    with workshop_folder(project.cache / "bisect") as folder:
        workshop = Workshop(folder, installer, interpreter.executable, catalog.settings.build_seconds, log)
        return bisect(apart, command, workshop, tell)


def _range(catalog: Catalog, locks: tuple[Path, Path], python: str | None) -> str:
    if python is not None:
        return _checked(python)
    for name in catalog.environment_names:
        try:
            definition = catalog.environment(name)
        except ConfigurationError:  # one that is broken isn't what the command is about
            continue
        if definition.lock and any(lock.resolve() == definition.lock.resolve() for lock in locks):
            return definition.python
    return ""


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
