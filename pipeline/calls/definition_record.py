"""What a definition says to who calls its environment, kept for the programs of this user that come next.

To read and check YAML takes as long as a worker's start. A record counts while each file that it was made of is what it
was. It says for which build the definition was right: whether that build is whole is looked at each time.
"""

import os
from collections.abc import Iterable
from pathlib import Path

from pipeline.digests import sha256_of_bytes
from pipeline.envs.platform.user_folders import cache_folder
from pipeline.executors import WorkerLimits
from pipeline.files import write_at_once
from pipeline.project import MARKER, ProjectFolder
from pipeline.signatures import Signature, signature_of
from pipeline.values import Struct, decode, encode

SCHEMA = 2
FOLDER = "calls"
MOST_KEPT = 200


class DefinitionRecord(Struct, frozen=True, kw_only=True):
    schema: int = SCHEMA
    program: Signature | None  # of this file, which an installation of another version replaces
    files: dict[str, Signature | None]  # by path; None: there was none
    read_at_ns: int  # from before the first of them was read
    key: str  # of the build
    variables: tuple[tuple[str, str], ...]  # templates
    passed: tuple[str, ...]  # the caller's variables that the environment gets
    limits: WorkerLimits

    @property
    def is_current(self) -> bool:
        is_of_this_program = (self.schema, self.program) == (SCHEMA, signature(Path(__file__)))
        return is_of_this_program and signatures(map(Path, self.files)) == self.files

    @property
    def is_settled(self) -> bool:
        """Whether a change since they were read is sure to be seen."""
        return all(each.is_settled(self.read_at_ns) for each in self.files.values() if each)


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
    """Where one of its files is so new that it could change unseen, or there is no place for it, nothing is kept."""
    path = _path(project, name)
    if not path.is_absolute() or not record.is_settled:
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


def signatures(paths: Iterable[Path]) -> dict[str, Signature | None]:
    return {str(path): signature(path) for path in paths}


def signature(path: Path) -> Signature | None:
    try:
        return signature_of(path)
    except OSError:
        return None


def _make_room(folder: Path) -> None:
    """Of projects that are gone, too, there is a record."""
    oldest_last = sorted(folder.iterdir(), key=lambda each: each.stat().st_mtime_ns, reverse=True)
    for path in oldest_last[MOST_KEPT:]:
        path.unlink(missing_ok=True)


def _path(project: ProjectFolder, name: str) -> Path:
    place = sha256_of_bytes(f"{os.path.realpath(project.root)} {name}".encode(errors="surrogateescape"))
    return cache_folder() / FOLDER / f"{place.partition(':')[2]}.json"
