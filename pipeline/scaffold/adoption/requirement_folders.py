"""Folders with a ``requirements.txt`` each: an environment and the skeleton of a stage for each of them."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement

from pipeline.config.source import read_text
from pipeline.errors import UsageError
from pipeline.scaffold import definitions
from pipeline.scaffold.adoption.values import AdoptedProject, LeftOut
from pipeline.scaffold.portable_names import problem

FILE = "requirements.txt"
COMMENT = re.compile(r"(^|\s)#.*$")


def adopted(folder: Path) -> AdoptedProject:
    """From the folders right below ``folder``. Raises ``UsageError`` where none has a ``requirements.txt``."""
    found = sorted(path for path in folder.glob(f"*/{FILE}") if path.is_file() and not path.parent.name.startswith("."))
    if not found:
        raise UsageError(
            f"{folder} has neither a Snakefile nor a folder with a {FILE}", "pipeline init --from FILE   (a Snakefile)"
        )
    return of_files(found, folder)


def of_files(found: Sequence[Path], folder: Path) -> AdoptedProject:
    """From files that are each in a folder of its own; paths are shown relative to ``folder``."""
    files, left, locked = [], [], []
    for path in found:
        shown_as = str(path.relative_to(folder)) if path.is_relative_to(folder) else str(path)
        name = re.sub(r"[^a-z0-9_]+", "_", path.parent.resolve().name.casefold()).strip("_")
        if not definitions.FORMS["stage"][0].fullmatch(name) or problem(name) or name in locked:
            left.append(LeftOut(shown_as, 1, f"no environment can be called {name!r}, after its folder"))
            continue
        requirements, unread = _requirements(path, shown_as)
        left += unread
        files += [*definitions.environment(name, definitions.ANY_PYTHON, requirements), *definitions.stage(name, name)]
        locked.append(name)
    return AdoptedProject(tuple(files), tuple(left), tuple(locked))


def _requirements(path: Path, shown_as: str) -> tuple[list[str], list[LeftOut]]:
    requirements, left = [], []
    for number, text in _logical_lines(read_text(path, shown_as)):
        requirement = re.split(r"\s--hash[=\s]", text, maxsplit=1)[0].strip()  # our lock has its own
        if _is_requirement(requirement):
            requirements.append(requirement)
        else:
            left.append(LeftOut(shown_as, number, f"not read: {text}"))
    return requirements, left


def _is_requirement(text: str) -> bool:
    """Whether every machine can have it: a file of this one is none."""
    try:
        url = Requirement(text).url
    except InvalidRequirement:
        return False
    return url is None or url.startswith(("https:", "http:", "git+http"))


def _logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """Without comments and empty lines; a backslash at the end goes on in the next one."""
    begun, first = "", 0
    for number, line in enumerate(text.splitlines(), 1):
        first = first if begun else number
        begun += COMMENT.sub("", line)
        if begun.endswith("\\"):
            begun = begun[:-1] + " "
            continue
        if begun.strip():
            yield first, begun.strip()
        begun = ""
    if begun.strip():
        yield first, begun.strip()
