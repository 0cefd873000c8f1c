"""The project that a command, or a program in Python, works on. Without click, so that ``run-pipeline`` starts fast."""

import os
import sys
from pathlib import Path

from pipeline.config.paths import with_settings
from pipeline.errors import UsageError
from pipeline.project import MARKER, ROOT_VARIABLE, ProjectFolder, find

CHECKOUT = Path(__file__).resolve().parents[1]  # from which these commands were installed


def locate(named: Path | None) -> ProjectFolder:
    """The project that the command line or ``PIPELINE_ROOT`` names, or else the first of these that there is: the one
    whose ``.venv`` is active, the one that the current folder lies in, the one that these commands are installed in.

    So a person can use a project's commands in a folder of movies. A project that is only found around the current
    folder is used where nobody but this user and root can change it.

    Raises ``UsageError`` where there is no project, ``UntrustedProject``, and ``ConfigurationError`` for its settings.
    """
    project, is_chosen = _search(named or _from_environment())
    found = with_settings(project) if is_chosen else trusted(project)
    if found.store:
        _enter(found, found.store)
    return found


def _enter(project: ProjectFolder, store: Path) -> None:
    """Let the user's other projects know of this one, which may be new there or have been moved.

    Raises ``UsageError`` for another user's store: what stands there would run as this one.
    """
    from pipeline.environments import registry_of

    if hasattr(os, "geteuid") and store.exists() and (owner := store.stat().st_uid) not in {0, os.geteuid()}:
        step = "set XDG_DATA_HOME to a folder of yours, or write store: project into config/pipeline.yaml"
        raise UsageError(f"the store {store} belongs to user {owner}, and what stands there would run as you", step)
    if (projects := registry_of(project).projects) is not None:
        projects.register()


def trusted(project: ProjectFolder) -> ProjectFolder:
    """A project that nobody has named, with its settings. Raises ``UntrustedProject``, ``ConfigurationError``."""
    from pipeline.ownership import require_trusted

    require_trusted(project)  # before its settings say where its folders are
    found = with_settings(project)
    if found.elsewhere or found.store:
        require_trusted(found)
    return found


def _search(named: Path | None) -> tuple[ProjectFolder, bool]:
    """The project, and whether a person chose it."""
    if named is None and _is_installed_in(CHECKOUT) and _is_active():
        return find(CHECKOUT), True
    try:
        project = find(_current_folder(), named)
    except UsageError:
        if named or not _is_installed_in(CHECKOUT):
            raise
        return find(CHECKOUT), True
    return project, named is not None or _runs_already(project)


def _runs_already(project: ProjectFolder) -> bool:
    """Whether this command is that project's own: then a person chose to run its code."""
    return _is_installed_in(CHECKOUT) and project.root == CHECKOUT


def _is_installed_in(folder: Path) -> bool:
    return Path(sys.prefix) == folder / ".venv" and (folder / MARKER).is_file()


def _is_active() -> bool:
    """Whether a shell has activated the environment that this command runs in."""
    active = os.environ.get("VIRTUAL_ENV")
    return active is not None and os.path.realpath(active) == os.path.realpath(sys.prefix)


def _current_folder() -> Path:
    try:
        return Path.cwd()
    except FileNotFoundError:  # it was removed
        return Path(os.path.abspath(os.sep))


def _from_environment() -> Path | None:
    value = os.environ.get(ROOT_VARIABLE)
    return Path(value) if value else None
