"""Adding a stage with its own environment to the project: it is checked and locked before anything is written."""

import ast
import platform
import re
import shlex
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline.config import blocks, environments, settings, stages
from pipeline.config.source import names_in, read_text
from pipeline.environments import ProjectVariables
from pipeline.envs.builder.package_conflicts import Operation
from pipeline.envs.definition import Definition
from pipeline.errors import ConfigurationError, InputError, NotReady, UsageError
from pipeline.files import write_new, write_whole
from pipeline.permissions import share
from pipeline.progress import Progress, quiet
from pipeline.project import ProjectFolder
from pipeline.setup.lock import resolver_for
from pipeline.setup.lock_check import LockCheck
from pipeline.text import shortened

# One that a stage and an environment can both have.
NAME = re.compile(rf"[a-z][a-z0-9_]{{0,{environments.LONGEST_NAME - 1}}}")

REGISTRATION = Operation("registered", "pipeline env register {name}")


@dataclass(frozen=True)
class Registration:
    """What was written."""

    name: str
    stage: Path
    lock: Path


def register(project: ProjectFolder, file: Path, name: str | None, note: Progress = quiet) -> Registration:
    """Copy the file into ``stages/`` and write its lock into ``requirements/``.

    The stage's file is written last, in one step. A process that is killed before that leaves a lock that nothing
    uses; the next call replaces it.

    Raises ``ConfigurationError`` with the file's line, ``UsageError`` where the name can't be used or is taken,
    ``InputError`` where the file can't be read, and ``NotReady`` where its requirements have no solution, or one that
    can't be built. ``note`` is told what a person should know of the lock.
    """
    name = name or file.stem
    _require_free(project, name)
    try:
        data = file.read_bytes()
    except OSError as error:
        raise InputError(f"{file} can't be read: {error.strerror}") from error
    definition = _checked(project, file, name)
    lock = _lock(project, definition, file, note)
    target = project.stages / f"{name}.py"
    for folder in (target.parent, definition.locked.parent):
        folder.mkdir(exist_ok=True)
    _require_free(project, name)  # resolving takes a while; another process may have taken the name
    write_whole(definition.locked, lock)
    share(definition.locked)
    try:
        write_new(target, data)
        share(target)
    except FileExistsError:
        raise _taken(name, target, project) from None
    return Registration(name, target, definition.locked)


def _checked(project: ProjectFolder, file: Path, name: str) -> Definition:
    """The environment that the file defines. Everything that can be checked without running the file is checked."""
    block = blocks.read(file, project.root)
    if not block.brings_environment:
        raise ConfigurationError(
            f"{block.shown_as}:{block.line}: the block has no dependencies, so there is no environment to register",
            f"add requires-python and dependencies, or copy the file to stages/{name}.py if it names an environment",
        )
    stages.of_block(block, project, name)
    definition = environments.of_block(project, block, name).definitions[0]
    _require_run(file, block.shown_as, definition.python)
    return definition


def _require_run(file: Path, shown_as: str, python: str) -> None:
    from packaging.specifiers import SpecifierSet

    if platform.python_version() not in SpecifierSet(python):
        return  # another version of Python may have another syntax
    try:
        tree = ast.parse(read_text(file, shown_as))
    except (SyntaxError, ValueError) as error:
        line = f":{error.lineno}" if isinstance(error, SyntaxError) else ""
        raise ConfigurationError(f"{shown_as}{line}: not valid Python: {error}") from error
    if not any(isinstance(node, ast.FunctionDef) and node.name == "run" for node in tree.body):
        raise ConfigurationError(f"{shown_as}: a stage needs a function 'run(stage)', and there is none")


def _lock(project: ProjectFolder, definition: Definition, file: Path, note: Progress) -> bytes:
    """Checked as ``pipeline env lock`` does."""
    resolver = resolver_for(project, settings.load(project).build_seconds)
    again = replace(REGISTRATION, target=shlex.quote(str(file)))
    try:
        lock = resolver.resolved(definition, before=None)
    except NotReady as error:  # its next step names an environment that isn't there yet
        step = f"change {file} or wait for the index, and then\n{again.command(definition)}"
        raise NotReady(error.message, step) from error
    check = LockCheck(resolver.uv, resolver.time_limit, ProjectVariables(project), again, note)
    check(definition, lock)
    return lock


def _require_free(project: ProjectFolder, name: str) -> None:
    if not NAME.fullmatch(name):
        raise UsageError(
            f"{shortened(name)!r} can't be the name of a stage with its own environment: "
            f"lower-case letters, digits and _, a letter first, and at most {environments.LONGEST_NAME} characters",
            "pipeline env register FILE --name NAME",
        )
    if name in names_in(project.config / "environments"):
        raise _taken(name, project.config / "environments" / f"{name}.yaml", project)
    for taken in (project.stages / f"{name}.py", project.stages / f"{name}.yaml", project.requirements / f"{name}.txt"):
        if taken.exists():
            raise _taken(name, taken, project)


def _taken(name: str, file: Path, project: ProjectFolder) -> UsageError:
    return UsageError(
        f"the name '{name}' is taken: there is {file.relative_to(project.root)}, which isn't overwritten",
        "pipeline env register FILE --name OTHER",
    )
