"""The list of an environment's files, written when it is built: size, time, and a digest where no ``RECORD`` has one.

So bytecode, the ``RECORD``s themselves and what the installer made beside the packages can be proved, too. It is a file
of its own, by folder, since a large environment has 40,000 files; the ready marker has its digest.
"""

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pipeline.digests import sha256_of_bytes
from pipeline.envs import records
from pipeline.envs.records import UNREADABLE
from pipeline.files import write_at_once

NAME = ".pipeline-manifest.json"
SCHEMA = 1
OURS = ".pipeline-"  # begins the names of what we write into a build's folder, of which the list can't speak
LOCK = ".lock"  # the installer's, which whoever uses it touches

Folders = Mapping[str, Mapping[str, list[Any]]]  # folder to name to [size, mtime_ns, DIGEST?], or [target] for a link


def write(prefix: Path, site_packages: Path) -> str:
    """List what is there now, and return the list's digest for the marker. Reads what no ``RECORD`` vouches for."""
    inside = site_packages.relative_to(prefix).as_posix()
    recorded = {
        records.from_prefix(inside, file) for folder in site_packages.glob("*.dist-info") for file in _vouched(folder)
    }
    folders: dict[str, dict[str, list[Any]]] = {}
    for folder, name, entry in walk(str(prefix)):
        path = f"{folder}/{name}" if folder else name
        if len(entry) == 2 and path not in recorded:
            entry.append(records.digest_of(f"{prefix}/{path}"))
        folders.setdefault(folder, {})[name] = entry
    data = json.dumps({"schema": SCHEMA, "folders": folders}, separators=(",", ":")).encode("ascii")
    write_at_once(prefix / NAME, data)  # whoever writes the marker flushes everything before
    return sha256_of_bytes(data)


def read(prefix: Path, digest: object) -> Folders | None:
    """The list that the marker vouches for; ``None`` where there is none or it isn't that one."""
    try:
        data = (prefix / NAME).read_bytes()
    except OSError:
        return None
    if sha256_of_bytes(data) != digest:
        return None
    content = json.loads(data)
    folders: Folders | None = content["folders"] if content.get("schema") == SCHEMA else None
    return folders


def walk(prefix: str, folder: str = "") -> Iterator[tuple[str, str, list[Any]]]:
    """Every file below, as folder, name and entry. Links are told by their target and not followed."""
    with os.scandir(f"{prefix}/{folder}" if folder else prefix) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield from walk(prefix, f"{folder}/{entry.name}" if folder else entry.name)
            elif entry.is_symlink():
                yield folder, entry.name, [str(Path(entry.path).readlink())]
            elif folder or not (entry.name.startswith(OURS) or entry.name == LOCK):
                status = entry.stat(follow_symlinks=False)
                yield folder, entry.name, [status.st_size, status.st_mtime_ns]


def _vouched(folder: Path) -> list[str]:
    """The files of which a package's ``RECORD`` has a digest; none where it can't be read."""
    try:
        return [
            file
            for file, digest, _ in records.rows(folder / "RECORD")
            if records.is_digest(digest) and not file.endswith(".pyc")
        ]
    except UNREADABLE:
        return []
