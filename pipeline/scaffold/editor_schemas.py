"""Schemas for editors, in ``config/.schemas``: copies of those that the commands check files with.

A file names its schema in its first line, by a path from the file itself, which the YAML language server (of VS Code,
Neovim, Helix and others) and JetBrains' editors understand without a network. A path into the installed tool would be
another one on each machine; a link isn't possible everywhere. So the schemas are copied, kept out of version control,
and written again where the tool has newer ones.
"""

from pathlib import Path

from pipeline.files import write_at_once
from pipeline.project import MARKER, ProjectFolder
from pipeline.scaffold.new_files import FOLDER_MODE, NewFile

SOURCE = Path(__file__).parents[1] / "schemas"
FOLDER = "config/.schemas"
LINE = "# yaml-language-server: $schema="


def files() -> tuple[NewFile, ...]:
    """The schemas as files of a project, and a file that keeps them out of version control."""
    copies = [NewFile(f"{FOLDER}/{path.name}", path.read_bytes()) for path in sorted(SOURCE.glob("*.json"))]
    return (*copies, NewFile(f"{FOLDER}/.gitignore", b"*\n"))


def refresh(project: ProjectFolder) -> bool:
    """Write those that are missing or older. Returns whether there were any. Raises ``OSError``."""
    outdated = [each for each in files() if not _has(project.root / each.path, each.content)]
    for each in outdated:
        place = project.root / each.path
        place.parent.mkdir(FOLDER_MODE, exist_ok=True)
        write_at_once(place, each.content)
    return bool(outdated)


def refresh_if_used(project: ProjectFolder) -> None:
    """As ``refresh``, where the project's settings name their schema, and where the project can be written to."""
    try:
        with (project.root / MARKER).open(encoding="utf-8", errors="replace") as file:
            is_used = file.readline().startswith(LINE)
        if is_used:
            refresh(project)
    except OSError:
        return


def _has(path: Path, content: bytes) -> bool:
    try:
        return path.read_bytes() == content
    except OSError:
        return False
