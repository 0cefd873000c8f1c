"""What a definition says to who calls its environment, kept for the programs of this user that come next.

To read and check YAML takes as long as a worker's start. A record counts while each file that it was made of is what it
was. It says for which build the definition was right: whether that build is whole is looked at each time.
"""

import os
import time
from collections.abc import Iterable
from pathlib import Path

from pipeline.digests import sha256_of_bytes
from pipeline.envs.platform.user_folders import cache_folder
from pipeline.executors import WorkerLimits
from pipeline.files import write_at_once
from pipeline.project import MARKER, ProjectFolder
from pipeline.values import Struct, decode, encode

SCHEMA = 1
FOLDER = "calls"
MOST_KEPT = 200
YOUNG_SECONDS = 2.0  # in which a file may change again, and its times stay the same
FileState = tuple[int, int, int, int, int]  # as in ``state``


class DefinitionRecord(Struct, frozen=True, kw_only=True):
    schema: int = SCHEMA
    program: FileState | None  # this file, which an installation of another version replaces
    files: dict[str, FileState | None]  # by path; None: there was none
    key: str  # of the build
    variables: tuple[tuple[str, str], ...]  # templates
    passed: tuple[str, ...]  # the caller's variables that the environment gets
    limits: WorkerLimits

    @property
    def is_current(self) -> bool:
        is_of_this_program = (self.schema, self.program) == (SCHEMA, state(Path(__file__)))
        return is_of_this_program and all(state(Path(path)) == then for path, then in self.files.items())


def read(project: ProjectFolder, name: str) -> DefinitionRecord | None:
    """The record of an environment, where it counts: one of another user could say with what variables this one's
    programs run."""
    path = _path(project, name)
    if not path.is_absolute():
        return None
    try:
        with path.open("rb") as file:
            if hasattr(os, "geteuid") and os.fstat(file.fileno()).st_uid != os.geteuid():
                return None
            record = decode(file.read(), DefinitionRecord)
    except (OSError, ValueError):
        return None
    return record if record.is_current else None


def write(project: ProjectFolder, name: str, record: DefinitionRecord) -> None:
    """Where one of its files is so new that it could change unseen, or there is no place for it, nothing is kept.

    ``record.files`` have the states from before they were read.
    """
    path, now = _path(project, name), time.time()
    changes = [each[3] / 1e9 for each in record.files.values() if each]
    if not path.is_absolute() or any(now - change < YOUNG_SECONDS for change in changes):
        return
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_at_once(path, encode(record))
        _make_room(path.parent)
    except OSError:
        return  # the next program reads the definition, too


def places(project: ProjectFolder, name: str) -> list[Path]:
    """Where a project may say something of an environment, whether it does or not."""
    files = [project.root / MARKER, project.config / "environments" / f"{name}.yaml", *project.scripts(name)]
    return [*files, *(project.requirements / f"{name}.{suffix}" for suffix in ("txt", "lock"))]


def states(paths: Iterable[Path]) -> dict[str, FileState | None]:
    return {str(path): state(path) for path in paths}


def state(path: Path) -> FileState | None:
    """What tells that a file is the same as before. Nobody can set the time of its last change (ctime)."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_dev, status.st_ino, status.st_mtime_ns, status.st_ctime_ns, status.st_size


def _make_room(folder: Path) -> None:
    """Of projects that are gone, too, there is a record."""
    oldest_last = sorted(folder.iterdir(), key=lambda each: each.stat().st_mtime_ns, reverse=True)
    for path in oldest_last[MOST_KEPT:]:
        path.unlink(missing_ok=True)


def _path(project: ProjectFolder, name: str) -> Path:
    place = sha256_of_bytes(f"{os.path.realpath(project.root)} {name}".encode(errors="surrogateescape"))
    return cache_folder() / FOLDER / f"{place.partition(':')[2]}.json"
