"""A new project: what is written, what would be in the way, and which commands come next."""

import contextlib
import os
from collections.abc import Sequence
from pathlib import Path
from shlex import quote

from pipeline.errors import UsageError
from pipeline.project import MARKER
from pipeline.scaffold import editor_schemas, git_ignore, new_files
from pipeline.scaffold.example_files import Example, files_of
from pipeline.scaffold.new_files import FOLDER_MODE, LOCKING, NewFile
from pipeline.scaffold.portable_names import problem
from pipeline.text import printable
from pipeline.values import Struct

NO_NESTING = "a project can't have another one inside"
DEEPEST = 4  # levels below a new project in which another one is looked for
MOST_FOLDERS = 2000
MADE_BY_TOOLS = ("node_modules", "venv", "__pycache__")
ELSEWHERE = "pipeline init FOLDER   (in a folder of its own)"


class ProjectDraft(Struct, frozen=True):
    """A project that could be written as it stands here."""

    root: Path
    example: Example
    files: tuple[NewFile, ...]
    ignored: NewFile | None  # what is added to .gitignore

    @property
    def shown_files(self) -> list[str]:
        """Paths of the files that a person may want to read."""
        return [each.path for each in self.files if not each.path.startswith(f"{editor_schemas.FOLDER}/")]


def draft(folder: Path, example: Example, own_files: Sequence[NewFile] = ()) -> ProjectDraft:
    """What ``write`` would write into ``folder``, which may have files already. Looks, and writes nothing.

    ``own_files``: further files, which nothing of the example has the name of.

    Raises ``UsageError`` for a folder that can't become a project, and for files that are in the way.
    """
    root = _absolute(folder)
    try:
        return _draft(root, example, own_files)
    except OSError as error:
        shown = printable(os.fsdecode(error.filename or root))
        raise UsageError(f"{shown} can't be read: {error.strerror}", ELSEWHERE) from error


def _draft(root: Path, example: Example, own_files: Sequence[NewFile]) -> ProjectDraft:
    _check_names(root)
    _check_place(root)
    settings_last = sorted((*files_of(example), *own_files), key=lambda each: each.path == MARKER.as_posix())
    # Schemas of an earlier time are in nobody's way: bootstrap brings them up to date.
    schemas = [each for each in editor_schemas.files() if not os.path.lexists(root / each.path)]
    files = (*schemas, *settings_last)
    new_files.require_room(root, files, ELSEWHERE)
    new_files.require_permission(root, files, ELSEWHERE)
    return ProjectDraft(root, example, files, git_ignore.addition(root))


def write(project: ProjectDraft) -> None:
    """All of it or nothing. Raises ``UsageError`` where the folder can't be written to."""
    missing = [each for each in (project.root, *project.root.parents) if not each.exists()]
    try:
        for folder in reversed(missing):
            folder.mkdir(FOLDER_MODE)
        new_files.write(project.root, project.files, project.ignored)
    except OSError as error:
        _remove_empty(missing)
        shown = printable(str(error.filename or project.root))
        raise UsageError(f"{shown} can't be written: {error.strerror}; nothing was written", ELSEWHERE) from error
    except BaseException:
        _remove_empty(missing)
        raise


def next_commands(example: Example) -> list[str]:
    """From a new project to its first result."""
    if not example.workflow:
        return ["pipeline env new NAME", "pipeline stage new NAME --environment NAME", "pipeline workflow new NAME"]
    run = f"pipeline run {example.workflow} {quote(example.input)}"
    if example.needs_locks:
        return [LOCKING, "bootstrap", run]
    return [f"{run} --build" if example.has_packages else run]


def _absolute(folder: Path) -> Path:
    try:
        return Path(os.path.abspath(folder))
    except FileNotFoundError as error:
        raise UsageError("the current folder was removed", "cd") from error


def _check_names(root: Path) -> None:
    """Of the folders that would be made, and what the path of no project may have."""
    for folder in (root, *root.parents):
        if not os.path.lexists(folder) and (reason := problem(folder.name)):
            raise UsageError(f"no folder is made with the name {folder.name!r}: {reason}", "choose another name")
    if "\n" in str(root) or os.pathsep in str(root):
        character = "line break" if "\n" in str(root) else repr(os.pathsep)
        raise UsageError(f"the path {str(root)!r} has a {character}, which no project's can have", ELSEWHERE)


def _check_place(root: Path) -> None:
    shown = printable(str(root))
    if root in (Path(root.anchor), _home()):
        raise UsageError(f"{shown} would be a project around every other one; {NO_NESTING}", ELSEWHERE)
    if (root / MARKER).is_file():
        raise UsageError(f"{shown} is a project already", f"cd {quote(str(root))}\npipeline stage new NAME")
    for folder in dict.fromkeys((*root.parents, *root.resolve().parents)):
        if folder.is_file():
            raise UsageError(f"{printable(str(folder))} is a file, where a folder is needed", ELSEWHERE)
        if (folder / MARKER).is_file():
            outer = printable(str(folder))
            raise UsageError(f"{shown} lies in the project {outer}; {NO_NESTING}", ELSEWHERE)
    if not root.is_dir():
        if os.path.lexists(root):
            raise UsageError(f"{shown} is a file, where a folder is needed", ELSEWHERE)
        return
    if inner := _project_inside(root):
        raise UsageError(f"{shown} has the project {printable(inner)} in it; {NO_NESTING}", ELSEWHERE)


def _project_inside(root: Path) -> str | None:
    """The path of a project below the folder. Looked for a few levels deep, and no longer than a moment."""
    level, looked_at = _folders_in(root), 1
    for _ in range(DEEPEST):
        if inner := next((each for each in level if (each / MARKER).is_file()), None):
            return inner.relative_to(root).as_posix()
        looked_at += len(level)
        if looked_at > MOST_FOLDERS:
            return None
        below: list[Path] = []
        for folder in level:
            with contextlib.suppress(OSError):  # somebody else's
                below += _folders_in(folder)
        level = below
    return None


def _folders_in(folder: Path) -> list[Path]:
    """Those that people make, sorted. Raises ``OSError``."""
    with os.scandir(folder) as entries:
        names = [entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]
    return [folder / name for name in sorted(names) if not name.startswith(".") and name not in MADE_BY_TOOLS]


def _home() -> Path | None:
    try:
        return Path.home()
    except RuntimeError:  # there is none
        return None


def _remove_empty(folders: Sequence[Path]) -> None:
    for folder in folders:
        try:
            folder.rmdir()
        except OSError:
            return
