"""What every command needs of ``config/pipeline.yaml``: ``paths``, a project's folders on other disks, ``shared``,
whether a group works on it, and ``extends``, what it uses by name.

Loading YAML takes longer than a small job, so the file is parsed only where it has one of the words in another line
than the plain one that most projects have: ``extends: media``.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline import extensions
from pipeline.project import MARKER, PLACES, ProjectFolder
from pipeline.values import replace

if TYPE_CHECKING:
    from pipeline.config.source import ConfigurationSource

KEY = "paths"
SHARED = "shared"
EXTENDS = "extends"
PLAIN = re.compile(rb"(extends): *([a-z]+) *(?:#.*)?")  # a line that YAML reads in the same way, wherever it stands


def with_settings(project: ProjectFolder) -> ProjectFolder:
    """The project as its settings describe it. Raises ``ConfigurationError`` with file, line and key."""
    plain = _plain_words(project.root / MARKER)
    if plain is not None:
        return _extended(project, plain.get(EXTENDS))
    from pipeline.config.source import load_yaml

    source = load_yaml(project.root / MARKER, project.root, "settings")
    folders = tuple(_folders(source, project.root))
    found = replace(project, elsewhere=folders, shared=bool(source.value.get(SHARED, False)))
    _check(source, found)
    return _extended(found, source.value.get(EXTENDS))


def _extended(project: ProjectFolder, name: str | None) -> ProjectFolder:
    return replace(project, extended=extensions.folder_of(name, project.root)) if name else project


def _plain_words(settings: Path) -> dict[str, str] | None:
    """What the file says in plain lines. ``None`` where one of the words is in another line that isn't a comment."""
    try:
        lines = settings.read_bytes().splitlines()
    except OSError:
        return None  # to load it says what is wrong
    words = (KEY.encode(), SHARED.encode(), EXTENDS.encode())
    telling = [line for line in lines if not line.lstrip().startswith(b"#") and any(word in line for word in words)]
    plain = [match for line in telling if (match := PLAIN.fullmatch(line))]
    found = {match[1].decode(): match[2].decode() for match in plain}
    is_known = found.get(EXTENDS, extensions.MEDIA) in extensions.NAMES
    return found if is_known and len(found) == len(telling) else None


def _folders(source: "ConfigurationSource", root: Path) -> Iterator[tuple[str, Path]]:
    for name, text in source.value.get(KEY, {}).items():
        try:
            yield name, root / _filled(text)
        except ValueError as error:
            raise source.error((KEY, name), str(error)) from error


def _filled(text: str) -> Path:
    """The path with ``~`` and variables replaced. Raises ``ValueError`` with a sentence."""
    from string import Template

    # A variable that is empty counts as none: "$SCRATCH/jobs" must not become a folder of the system.
    known = {name: value for name, value in os.environ.items() if value}
    try:
        filled = Template(text).substitute(known)
    except KeyError as error:
        raise ValueError(f"{text!r} needs the variable {error.args[0]}, which isn't set") from error
    except ValueError as error:
        raise ValueError(
            f"{text!r} has a $ without a variable's name after it; write $$ for the sign itself"
        ) from error
    try:
        return Path(filled).expanduser()
    except RuntimeError as error:
        raise ValueError(f"{text!r}: there is no such home folder") from error


def _check(source: "ConfigurationSource", project: ProjectFolder) -> None:
    """Refuses folders that can't work. Here the message can name the line; later it would name an unknown file."""
    folders = {name: os.path.realpath(project.place(name)) for name in PLACES}
    written = {os.path.realpath(folder): folder.name for folder in _written_by_people(project)}
    for name, _ in project.elsewhere:
        shown = project.place(name)
        others = [other for other in PLACES if other != name and folders[other] == folders[name]]
        if reason := _unusable(shown):
            raise source.error((KEY, name), f"{str(shown)!r} {reason}")
        if others:
            raise source.error((KEY, name), f"{shown} is also the folder of {others[0]}; name another one for {name}")
        if folders[name] in written:
            raise source.error((KEY, name), f"{shown} has files that people write, so it can't be the folder of {name}")


def _written_by_people(project: ProjectFolder) -> tuple[Path, ...]:
    return (project.root, project.config, project.requirements, project.stages)


def _unusable(folder: Path) -> str | None:
    if "\n" in str(folder):
        return "contains a line break"
    if os.pathsep in str(folder):
        return f"can't be on PATH, since it contains {os.pathsep!r}"
    return "isn't a folder" if os.path.exists(folder) and not os.path.isdir(folder) else None  # noqa: PTH112
