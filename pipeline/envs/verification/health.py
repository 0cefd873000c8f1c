"""Is an environment what was built? Answers come as a reason, or ``None`` where nothing is wrong.

``damage`` is for every use: it starts no Python and takes some system calls, one for each package. It sees a moved
environment, a missing or replaced interpreter, a missing program, and packages added, removed or reinstalled; it
doesn't see a changed byte inside a package, which probes may.
"""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pipeline.envs.build import Build


def damage(build: Build) -> str | None:
    expected = build.record
    prefix = str(build.prefix)
    if prefix != expected["prefix"]:
        return f"it was built as {expected['prefix']} and has been moved, which breaks its scripts"
    if reason := interpreter_damage(build):
        return reason
    for file, status in expected["files"].items():
        if _status(f"{prefix}/{file}") != status:
            return f"its file {file} is missing or has changed"
    try:
        changed = _has_changed(f"{prefix}/{expected['site_packages']}", expected["fingerprint"])
    except OSError as error:
        return f"its packages can't be read: {error.strerror}"
    return "its packages have changed since it was built" if changed else None


def interpreter_damage(build: Build) -> str | None:
    python = str(build.python)
    try:
        base = os.stat(python)
    except OSError:
        return f"its interpreter {python} is gone"
    if [base.st_size, base.st_mtime_ns] != build.record["interpreter"]:
        return "the Python that it was built on has been replaced"
    return None if os.access(python, os.X_OK) else f"its interpreter {python} can't be executed"


def files(prefix: Path, programs: Iterable[Path]) -> dict[str, list[int] | None]:
    """What an environment depends on beside its packages, by path in it: what makes it one, and what it provides."""
    paths = (prefix / "pyvenv.cfg", *programs)
    return {path.relative_to(prefix).as_posix(): _status(str(path)) for path in paths}


def fingerprint(site_packages: Path) -> dict[str, Any]:
    """Names and times of what an installer touches: the folder itself, and each package's ``RECORD``."""
    records = {}
    with os.scandir(site_packages) as entries:
        for entry in entries:
            if entry.name.endswith(".dist-info"):
                record = os.stat(os.path.join(entry.path, "RECORD"))
                records[entry.name] = [record.st_size, record.st_mtime_ns]
    return {"folder": os.stat(site_packages).st_mtime_ns, "records": dict(sorted(records.items()))}


def _has_changed(site_packages: str, expected: Mapping[str, Any]) -> bool:
    """The folder isn't listed: a name that comes or goes changes its time."""
    stat = os.stat
    if stat(site_packages).st_mtime_ns != expected.get("folder"):
        return True
    for name, status in expected["records"].items():
        found = stat(f"{site_packages}/{name}/RECORD")
        if [found.st_size, found.st_mtime_ns] != status:
            return True
    return False


def _status(path: str) -> list[int] | None:
    try:
        status = os.stat(path)
    except OSError:
        return None
    return [status.st_size, status.st_mtime_ns, status.st_mode & 0o111]
