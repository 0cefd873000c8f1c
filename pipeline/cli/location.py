"""Which project a command is about, found without click."""

import os
import sys
from pathlib import Path

from pipeline.config.paths import with_configured_folders
from pipeline.errors import UsageError
from pipeline.project import MARKER, Project, find

OWN = Path(__file__).resolve().parents[2]  # the checkout that these commands were installed from
VARIABLE = "PIPELINE_ROOT"


def locate(named: Path | None) -> Project:
    """The project that the command line names, else the one that the current folder lies in, else our own.

    The last lets a person work in a folder of movies: the commands in a project's ``.venv`` are that project's.
    """
    return with_configured_folders(_found(named or _from_environment()))


def _found(named: Path | None) -> Project:
    try:
        return find(_here(), named)
    except UsageError:
        if named or not _is_installed_in(OWN):
            raise
        return find(OWN)


def _is_installed_in(folder: Path) -> bool:
    return Path(sys.prefix) == folder / ".venv" and (folder / MARKER).is_file()


def _here() -> Path:
    try:
        return Path.cwd()
    except FileNotFoundError:  # somebody removed it
        return Path(os.path.abspath(os.sep))


def _from_environment() -> Path | None:
    value = os.environ.get(VARIABLE)
    return Path(value) if value else None
