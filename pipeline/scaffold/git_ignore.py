"""Lines for a project's ``.gitignore``: what is made and not written by people."""

import os
from pathlib import Path
from shlex import quote

from pipeline.errors import UsageError
from pipeline.project import PLACES
from pipeline.scaffold.new_files import NewFile
from pipeline.text import printable

NAME = ".gitignore"
LINES = (
    "__pycache__/",
    *(f"/{place}/" for place in PLACES.values()),
    "/uploads/",  # what was dropped on the page of `pipeline ui`
    "/config/hardware_cache.json",
    "/config/.hardware_cache.json.*",
)
HEAD = "# made by pipeline, and made again where it is missing"


def addition(root: Path) -> NewFile | None:
    """The lines that the file doesn't have yet; ``None`` where it has all.

    Raises ``UsageError`` for a file that lines can't be added to.
    """
    there = _lines(root / NAME)
    known = {line.strip().strip("/") for line in there}
    missing = [line for line in LINES if line.strip("/") not in known]
    if not missing:
        return None
    head = [HEAD] if HEAD not in there else []
    gap = "\n" if there and there[-1].strip() else ""
    return NewFile(NAME, (gap + "\n".join([*head, *missing]) + "\n").encode())


def _lines(path: Path) -> list[str]:
    shown = printable(str(path))
    if path.is_symlink() and not path.resolve().is_relative_to(path.parent.resolve()):
        raise UsageError(f"{shown} is a link that leads out of the folder", "replace the link with a file")
    if path.is_file() and not os.access(path, os.W_OK):
        raise UsageError(f"{shown} can't be written, and lines have to be added to it", f"chmod u+w {quote(str(path))}")
    try:
        return path.read_bytes().decode("utf-8", "surrogateescape").splitlines()
    except FileNotFoundError:
        return []
    except IsADirectoryError as error:
        raise UsageError(f"{shown} is a folder, where a file is needed", "move it away") from error
