"""The check of a build before each use: it starts no Python and takes some system calls, one for each package.

It sees a moved environment, a missing or replaced interpreter, a missing program, and packages that were added,
removed or installed again. It doesn't see a changed byte inside a package.
"""

import os
from collections.abc import Iterable
from pathlib import Path

from pipeline.envs.build import Build, FileStatus, Fingerprint


def problem(build: Build) -> str | None:
    """Why a build isn't what it was; ``None`` where nothing is wrong. Raises nothing."""
    expected = build.own_marker
    prefix = str(build.prefix)
    if prefix != expected.prefix:
        return f"it was built as {expected.prefix} and has been moved, which breaks its scripts"
    if reason := interpreter_problem(build):
        return reason
    for file, status in expected.files.items():
        if _status(f"{prefix}/{file}") != status:
            return f"its file {file} is missing or has changed"
    try:
        changed = _has_changed(f"{prefix}/{expected.site_packages}", expected.fingerprint)
    except OSError as error:
        return f"its packages can't be read: {error.strerror}"
    return "its packages have changed since it was built" if changed else None


def interpreter_problem(build: Build) -> str | None:
    """As ``problem``, for the interpreter alone."""
    python = str(build.python)
    try:
        base = os.stat(python)
    except OSError:
        return f"its interpreter {python} is gone"
    if (base.st_size, base.st_mtime_ns) != build.own_marker.interpreter:
        return "the Python that it was built on has been replaced"
    return None if os.access(python, os.X_OK) else f"its interpreter {python} can't be executed"


def files(prefix: Path, programs: Iterable[Path]) -> dict[str, FileStatus | None]:
    """The files that an environment depends on beside its packages, by path in it: its configuration and programs.

    Each with its size, time and permission to be executed; ``None`` for a file that is missing.
    """
    paths = (prefix / "pyvenv.cfg", *programs)
    return {path.relative_to(prefix).as_posix(): _status(str(path)) for path in paths}


def fingerprint(site_packages: Path) -> Fingerprint:
    """Sizes and times that change whenever a package does: of the folder itself, and of each package's ``RECORD``.

    Raises ``OSError`` where one can't be read.
    """
    records = {}
    with os.scandir(site_packages) as entries:
        for entry in entries:
            if entry.name.endswith(".dist-info"):
                record = os.stat(os.path.join(entry.path, "RECORD"))
                records[entry.name] = (record.st_size, record.st_mtime_ns)
    return Fingerprint(folder=os.stat(site_packages).st_mtime_ns, records=dict(sorted(records.items())))


def _has_changed(site_packages: str, expected: Fingerprint) -> bool:
    """The folder's names aren't listed: a name that comes or goes changes the folder's time."""
    stat = os.stat
    if stat(site_packages).st_mtime_ns != expected.folder:
        return True
    for name, status in expected.records.items():
        status_now = stat(f"{site_packages}/{name}/RECORD")
        if (status_now.st_size, status_now.st_mtime_ns) != status:
            return True
    return False


def _status(path: str) -> FileStatus | None:
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns, status.st_mode & 0o111
