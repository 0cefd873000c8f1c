"""What every command needs of ``config/pipeline.yaml``: ``paths``, a project's folders on other disks, ``shared``,
whether a group works on it, ``extends``, what it uses by name, and ``store``, what it shares with other projects.

Loading YAML takes longer than a small job, so the file is parsed only where it has one of the words in another line
than the plain ones that most projects have: ``extends: media`` and ``store: user``.
"""

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline import extensions
from pipeline.envs.platform.user_folders import data_folder
from pipeline.errors import UsageError
from pipeline.project import MARKER, PLACES, ProjectFolder
from pipeline.values import replace

if TYPE_CHECKING:
    from pipeline.config.source import ConfigurationSource

KEY = "paths"
SHARED = "shared"
EXTENDS = "extends"
STORE = "store"
STORES = ("user", "project")
PLAIN = rb"(extends|store): *([a-z]+) *(?:#.*)?"  # a line that YAML reads in the same way


def with_settings(project: ProjectFolder) -> ProjectFolder:
    """The project as its settings describe it. Raises ``ConfigurationError`` with file, line and key."""
    plain = _plain_words(project.root / MARKER)
    if plain is not None:
        return _with_sets(project, plain)
    from pipeline.config.source import load_yaml

    source = load_yaml(project.root / MARKER, project.root, "settings")
    folders = tuple(_folders(source, project.root))
    found = replace(project, elsewhere=folders, shared=bool(source.value.get(SHARED, False)))
    _check(source, found)
    _check_store(source)
    try:
        return _with_sets(found, source.value)
    except UsageError as error:
        raise source.error((STORE,), error.message, error.next_step) from error


def _with_sets(project: ProjectFolder, value: Mapping[str, Any]) -> ProjectFolder:
    """The project with what it uses by name, and the folder that it shares with the user's other projects."""
    if EXTENDS in value:
        project = replace(project, extended=extensions.folder_of(value[EXTENDS], project.root))
    return replace(project, store=user_store()) if value.get(STORE) == "user" else project


def user_store() -> Path:
    """Where all projects of this user have builds and models. Raises ``UsageError`` where there is no such place."""
    store = data_folder()
    reason = _unusable(store) if store.is_absolute() else "isn't a full path"
    if reason:
        raise UsageError(f"the user's store would be {str(store)!r}, which {reason}", "set XDG_DATA_HOME to a folder")
    return store


def _plain_words(settings: Path) -> dict[str, str] | None:
    """What the file says in plain lines. ``None`` where one of the words is in another line that isn't a comment."""
    try:
        lines = settings.read_bytes().splitlines()
    except OSError:
        return None  # to load it says what is wrong
    words = [word.encode() for word in (KEY, SHARED, EXTENDS, STORE)]
    telling = [line for line in lines if not line.lstrip().startswith(b"#") and any(word in line for word in words)]
    plain = [match for line in telling if (match := re.fullmatch(PLAIN, line))]
    found = {match[1].decode(): match[2].decode() for match in plain}
    is_known = found.get(EXTENDS, extensions.MEDIA) in extensions.NAMES and found.get(STORE, STORES[0]) in STORES
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


def _check_store(source: "ConfigurationSource") -> None:
    if source.value.get(STORE) != "user":
        return
    if "environments" in source.value.get(KEY, {}):
        raise source.error((KEY, "environments"), "builds are in the user's store (store: user); leave one of them out")
    if source.value.get(SHARED):
        raise source.error((STORE,), "a group shares the project, and nobody else can use a user's store; leave it out")


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
