"""The project that a command works on. This module imports no click, so that ``run-pipeline`` starts fast."""

import os
import sys
from pathlib import Path

from pipeline.config.paths import with_configured_folders
from pipeline.errors import UsageError
from pipeline.project import MARKER, Project, find

CHECKOUT = Path(__file__).resolve().parents[2]  # from which these commands were installed
VARIABLE = "PIPELINE_ROOT"


def locate(named: Path | None) -> Project:
    """The project that the command line or ``PIPELINE_ROOT`` names; or else the one that the current folder lies in.

    Outside of any project, the commands in a project's ``.venv`` work on that project, so that a person can use them
    in a folder of movies. Raises ``UsageError`` where there is no project, and ``ConfigurationError`` for its settings.
    """
    return with_configured_folders(_search(named or _from_environment()))


def _search(named: Path | None) -> Project:
    try:
        return find(_current_folder(), named)
    except UsageError:
        if named or not _is_installed_in(CHECKOUT):
            raise
        return find(CHECKOUT)


def _is_installed_in(folder: Path) -> bool:
    return Path(sys.prefix) == folder / ".venv" and (folder / MARKER).is_file()


def _current_folder() -> Path:
    try:
        return Path.cwd()
    except FileNotFoundError:  # it was removed
        return Path(os.path.abspath(os.sep))


def _from_environment() -> Path | None:
    value = os.environ.get(VARIABLE)
    return Path(value) if value else None
