"""Modules that stages share: ``stages/modules/NAME.py``, or a package ``stages/modules/NAME/``.

A stage names those that it imports (``modules = ["NAME"]`` in its block) and gets exactly those, loaded by path. What
is in them is a part of the stage, as its own file is.
"""

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pipeline.digests import sha256_of_bytes, tagged_digest
from pipeline.errors import ConfigurationError, did_you_mean
from pipeline.project import ProjectFolder
from pipeline.script import reads_stage_name

RESERVED = {
    "command_words",
    "stage",
    "stagekit",
    "stageprotocol",
    "stageserver",
}  # modules of this project in a stage's process


@dataclass(frozen=True)
class SharedModule:
    """A shared module as it is now."""

    path: Path  # a file, or a package's folder
    digest: str  # of the content of its files, code and data, by name
    reads_stage_name: bool = False


def locate(project: ProjectFolder, name: str) -> Path:
    """The module's file or folder.

    Raises ``ConfigurationError`` where there is none, where there are two, and for a name that is reserved.
    """
    if name in RESERVED or name in sys.stdlib_module_names:
        owner = "the runner" if name in RESERVED else "Python itself"
        raise ConfigurationError(
            f"a shared module can't be named '{name}', which is the name of a module of {owner}", "rename it"
        )
    file, folder = _place(project, name)
    found = [path for path, proof in ((file, file), (folder, folder / "__init__.py")) if proof.is_file()]
    if len(found) == 2:
        raise ConfigurationError(f"the shared module '{name}' is there twice, as {name}.py and {name}/", "remove one")
    if not found:
        shown = project.shown(file)
        raise ConfigurationError(f"no shared module '{name}'{did_you_mean(name, _names(project))}", f"write {shown}")
    return found[0]


def read(project: ProjectFolder, name: str) -> SharedModule:
    """The module with its digest. Raises ``ConfigurationError`` as ``locate`` does, and where a file can't be read."""
    path = locate(project, name)
    files = {"": path} if path.is_file() else {str(file.relative_to(path)): file for file in _files(path)}
    try:
        sources = {shown: file.read_bytes() for shown, file in files.items()}
    except OSError as error:
        raise ConfigurationError(f"the shared module '{name}' can't be read: {error}") from error
    digests = {shown: sha256_of_bytes(source) for shown, source in sources.items()}
    return SharedModule(path, tagged_digest("module", digests), any(map(reads_stage_name, sources.values())))


def files_of(path: Path) -> list[Path]:
    """All that a module is made of, code and data. ``path``: as ``locate`` gives it."""
    return [path] if path.is_file() else list(_files(path))


def _place(project: ProjectFolder, name: str) -> tuple[Path, Path]:
    """Its file or its folder, where the project or what it extends has one of the two; the project's comes first."""
    places = [(layer.modules / f"{name}.py", layer.modules / name) for layer in project.layers]
    return next((place for place in places if any(path.exists() for path in place)), places[0])


def _files(folder: Path) -> Iterator[Path]:
    """A package's files, without bytecode and without hidden files, which are those of editors."""
    for parent, folders, names in os.walk(folder, followlinks=True):
        folders[:] = sorted(each for each in folders if each != "__pycache__" and not each.startswith("."))
        yield from (Path(parent, name) for name in sorted(names) if not name.startswith("."))


def _names(project: ProjectFolder) -> list[str]:
    folders = [layer.modules for layer in project.layers]
    files = [path.stem for folder in folders for path in folder.glob("*.py")]
    return sorted({*files, *(path.parent.name for folder in folders for path in folder.glob("*/__init__.py"))})
