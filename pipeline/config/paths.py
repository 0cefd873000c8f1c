"""``paths`` in ``config/pipeline.yaml``: a project's folders on other disks.

Every command needs to know them, also those that load no YAML because that takes longer than a small job; so the
file is searched for the word, and parsed only where it has it.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.project import MARKER, PLACES, Project
from pipeline.values import replace

if TYPE_CHECKING:
    from pipeline.config.source import Source

KEY = "paths"


def placed(project: Project) -> Project:
    """The project with its folders where its settings put them. Raises ``ConfigurationError`` with the line."""
    if not _has_paths(project.root / MARKER):
        return project
    from pipeline.config.source import load_yaml

    source = load_yaml(project.root / MARKER, project.root, "settings")
    found = replace(project, elsewhere=tuple(_folders(source, project.root)))
    _check(source, found)
    return found


def _has_paths(settings: Path) -> bool:
    """Whether the word stands anywhere but in a comment line."""
    try:
        lines = settings.read_bytes().splitlines()
    except OSError:
        return True  # loading it says what is wrong
    return any(KEY.encode() in line and not line.lstrip().startswith(b"#") for line in lines)


def _folders(source: "Source", root: Path) -> Iterator[tuple[str, Path]]:
    for name, text in source.value.get(KEY, {}).items():
        try:
            yield name, root / _filled(text)
        except ValueError as error:
            raise source.error((KEY, name), str(error)) from error


def _filled(text: str) -> Path:
    """``~`` and variables filled in. Raises ``ValueError`` with a sentence."""
    from string import Template

    # A variable that is empty counts as none: "$SCRATCH/jobs" must not become a folder of the system.
    known = {name: value for name, value in os.environ.items() if value}
    try:
        filled = Template(text).substitute(known)
    except KeyError as error:
        raise ValueError(f"{text!r} needs the variable {error.args[0]}, which isn't set") from error
    except ValueError as error:
        raise ValueError(f"{text!r} has a $ that begins no variable; write $$ for the sign itself") from error
    try:
        return Path(filled).expanduser()
    except RuntimeError as error:
        raise ValueError(f"{text!r}: there is no such home folder") from error


def _check(source: "Source", project: Project) -> None:
    """What is found out now names its line; what is found out later names a file that nobody knows."""
    folders = {name: os.path.realpath(project.place(name)) for name in PLACES}
    written = {os.path.realpath(folder): folder.name for folder in _written_by_people(project)}
    for name, _ in project.elsewhere:
        shown = project.place(name)
        others = [other for other in PLACES if other != name and folders[other] == folders[name]]
        if reason := _unusable(shown):
            raise source.error((KEY, name), f"{str(shown)!r} {reason}")
        if others:
            raise source.error((KEY, name), f"{shown} is the folder for {others[0]}, too; each needs one of its own")
        if folders[name] in written:
            raise source.error((KEY, name), f"{shown} holds what people write; {name} need a folder of their own")


def _written_by_people(project: Project) -> tuple[Path, ...]:
    return (project.root, project.config, project.requirements, project.stages)


def _unusable(folder: Path) -> str | None:
    if "\n" in str(folder):
        return "holds a line break"
    if os.pathsep in str(folder):
        return f"can't stand on PATH, since it has a {os.pathsep!r}"
    return "isn't a folder" if os.path.exists(folder) and not os.path.isdir(folder) else None  # noqa: PTH112
