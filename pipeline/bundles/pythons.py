"""Interpreters that a bundle can carry: those that uv manages, which run in any folder.

An interpreter that the system installed has its files all over the system, and can't be carried.
"""

import os
import tarfile
from collections.abc import Container
from pathlib import Path, PurePosixPath

from pipeline import process
from pipeline.envs import uv
from pipeline.envs.interpreters import BaseInterpreter
from pipeline.errors import InputError
from pipeline.files import publish, try_remove_tree

ASK_SECONDS = 60


def managed_folder(installer: Path) -> Path | None:
    """uv's folder of interpreters; None where uv doesn't say."""
    argv: list[str | Path] = [installer, "python", "dir", "--no-config"]
    try:
        done = process.run(argv, uv.variables(os.environ), ASK_SECONDS)
    except process.TimedOut:
        return None
    return Path(os.fsdecode(done.stdout.strip())) if done.returncode == 0 and done.stdout.strip() else None


def home(python: BaseInterpreter, managed: Path | None) -> Path | None:
    """The interpreter's own folder; None where uv doesn't manage it, so that it can't be carried."""
    if managed is None:
        return None
    executable, parent = Path(os.path.realpath(python.executable)), Path(os.path.realpath(managed))
    return parent / executable.relative_to(parent).parts[0] if executable.is_relative_to(parent) else None


def pack(folder: Path, target: Path) -> None:
    """Write an interpreter's folder to a tar: with its links, without its bytecode, deterministically."""
    with tarfile.open(target, "w", format=tarfile.PAX_FORMAT) as archive:
        for path in sorted(folder.rglob("*")):
            if "__pycache__" not in path.parts:
                _add(archive, path, f"{folder.name}/{path.relative_to(folder).as_posix()}")


def unpack(packed: Path, name: str, managed: Path) -> Path:
    """Unpack an interpreter into uv's folder, unless it is there already. Returns its folder.

    Raises ``InputError`` where a member isn't inside of it.
    """
    target = managed / name
    if target.exists():
        return target
    managed.mkdir(parents=True, exist_ok=True)
    part = managed / f".{name}.{os.urandom(6).hex()}.part"
    try:
        with tarfile.open(packed, "r:") as archive:
            members = archive.getmembers()
            links = {each.name for each in members if each.issym()}
            for member in members:
                _require_inside(member, links)
            archive.extraction_filter = getattr(tarfile, "data_filter", None)  # Python 3.11.4 and later have it
            archive.extractall(part)  # noqa: S202  # each member was checked
        publish(part / name, target)  # unless another process was faster
    except tarfile.TarError as error:
        raise InputError(f"the bundle's interpreter {name} is refused: {error}") from error
    finally:
        try_remove_tree(part)
    return target


def _require_inside(member: tarfile.TarInfo, links: Container[str]) -> None:
    """Raises ``tarfile.TarError`` for what leads out or isn't a file, folder or link, as newer Pythons' filter does."""
    path, target = PurePosixPath(member.name), PurePosixPath(member.linkname)
    through_link = any(str(parent) in links for parent in path.parents)
    if not (member.isdir() or member.isreg() or member.issym()) or _climbs(path) or through_link:
        raise tarfile.ReadError(f"{member.name} leads out of it, or isn't a file, a folder or a link")
    ups = sum(part == ".." for part in target.parts)
    if member.issym() and (
        _climbs(PurePosixPath(*target.parts[ups:])) or target.is_absolute() or ups > len(path.parts) - 2
    ):
        raise tarfile.ReadError(f"the link {member.name} leads out of it, to {member.linkname}")


def _climbs(path: PurePosixPath) -> bool:
    return path.is_absolute() or ".." in path.parts


def _add(archive: tarfile.TarFile, path: Path, name: str) -> None:
    entry = tarfile.TarInfo(name)
    entry.mode = path.lstat().st_mode & 0o755 | 0o600
    if path.is_symlink():
        entry.type, entry.linkname = tarfile.SYMTYPE, str(path.readlink())
        archive.addfile(entry)
    elif path.is_dir():
        entry.type = tarfile.DIRTYPE
        archive.addfile(entry)
    elif path.is_file():
        entry.size = path.stat().st_size
        with path.open("rb") as file:
            archive.addfile(entry, file)
