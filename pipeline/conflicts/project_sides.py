"""What of a project is compared with what: environments by name, requirements files, and requirements as typed."""

import platform
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from pipeline.config.catalog import Catalog
from pipeline.conflicts import installed_modules, lines, module_clashes
from pipeline.conflicts.explanation import Explanation, explain, options_of
from pipeline.conflicts.lines import Side
from pipeline.conflicts.resolver import UvResolver
from pipeline.envs import uv
from pipeline.envs.definition import Definition
from pipeline.envs.registry import Registry
from pipeline.errors import ConfigurationError, UsageError, did_you_mean
from pipeline.project import Project

PYTHON_KEYS = re.compile(r"^#?\s*\"?(python|requires-python)\"?\s*[:=]")
FILE = re.compile(r".*(\.txt|\.in|[/\\].*)")  # what can only be meant as a file


def sides(catalog: Catalog, words: Sequence[str], folder: Path) -> list[Side]:
    """``folder`` is where relative files are looked for. Raises ``UsageError`` for a word that is none of the three."""
    return [_side(catalog, word, f"argument {number}", folder) for number, word in enumerate(words, 1)]


def side_of(project: Project, definition: Definition) -> Side:
    if definition.lock is None:
        raise UsageError(
            f"environment '{definition.name}' is made by somebody else (interpreter:), so its packages can't be chosen",
            "pipeline env list",
        )
    file = definition.requirements or definition.lock.with_suffix(".txt")
    where = _python_place(project, definition.name, file)
    return lines.from_file(definition.name, file, definition.python, where, definition.index)


def compare(compared: Sequence[Side]) -> Explanation:
    return explain(compared, resolver_for(compared), platform.python_version())


def resolver_for(compared: Iterable[Side]) -> UvResolver:
    sides = list(compared)
    indexes = list(dict.fromkeys(side.index for side in sides if side.index))
    return UvResolver(uv.find(), options_of(sides), indexes)


def installed_bytes(project: Project, explanation: Explanation) -> int | None:
    """What the shared packages take on the disk now beyond the first time; ``None`` where not all sides are built."""
    registry = Registry(project.environments)
    builds = [registry.live(side.name) for side in explanation.sides]
    if any(build is None for build in builds):
        return None
    contents = [installed_modules.packages(build) for build in builds if build]
    shared = {each.name for each in explanation.shared}
    sizes = [[sum(file.size for file in each[name]) for each in contents if name in each] for name in shared]
    return sum(sum(of_one) - max(of_one) for of_one in sizes if of_one)


def rivalries(catalog: Catalog, names: Sequence[str]) -> tuple[list[str], list[str]]:
    """Why environments mustn't be one although they could be resolved, and those that tell nothing: not built."""
    registry = Registry(catalog.project.environments)
    builds = {name: registry.live(name) for name in names}
    contents = [installed_modules.packages(build) for build in builds.values() if build]
    reasons = module_clashes.of_definitions([catalog.declared_environment(name) for name in names])
    return [*reasons, *module_clashes.of_files(contents)], [name for name, build in builds.items() if build is None]


def _side(catalog: Catalog, word: str, where: str, folder: Path) -> Side:
    if word in catalog.environment_names:
        # Its lock may be missing: what can't be locked is what a person wants explained.
        return side_of(catalog.project, catalog.declared_environment(word))
    file = folder / word
    if FILE.fullmatch(word) and "://" not in word:
        if not file.is_file():
            raise UsageError(
                f"{where}: there is no file {word}", "name an environment, a file, or a quoted requirement"
            )
        return lines.from_file(word, file)
    try:
        return lines.from_words(word, where)
    except ConfigurationError as error:
        hint = did_you_mean(word, catalog.environment_names)
        raise UsageError(
            f"{where}: {word!r} is no environment, no file and no requirement{hint}",
            "quote a requirement: pipeline env explain 'numpy>=2' whisper",
        ) from error


def _python_place(project: Project, name: str, requirements: Path) -> str:
    """Where the range of an environment stands: in its own file, or in the block of its stage."""
    for file in (project.config / "environments" / f"{name}.yaml", requirements):
        text = file.read_text(encoding="utf-8", errors="replace") if file.is_file() else ""
        for number, line in enumerate(text.splitlines(), 1):
            if PYTHON_KEYS.match(line):
                return f"{file.relative_to(project.root).as_posix()}:{number}"
    return f"environment {name}"
