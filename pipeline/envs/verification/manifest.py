"""The list of an environment's files, written when it is built: the size, time and digest of each.

With it, bytecode, the ``RECORD``s themselves and the installer's own files can be checked, too, and all files at the
speed of BLAKE3. Where a ``RECORD`` has a digest of a file, the list gets its own digest only from the same reading in
which the file was compared with the ``RECORD``. Without such a reading, the list has no digest of that file, and the
``RECORD`` decides: a file that is already damaged must not be listed as whole.

The list is a file of its own, ordered by folder, since a large environment has 40,000 files; the ready marker has its
digest.
"""

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pipeline.digests import sha256_of_bytes
from pipeline.envs import package_records
from pipeline.envs.package_records import UNREADABLE
from pipeline.envs.verification import content as deep
from pipeline.envs.verification.file_digests import FAST, Content, Reader
from pipeline.files import write_at_once

NAME = ".pipeline-manifest.json"
SCHEMA = 2
READABLE = (1, SCHEMA)  # in schema 1, the digests are SHA-256, and only of files that no RECORD has a digest of
OURS = ".pipeline-"  # begins the names of our own files in a build's folder, which aren't in the list
LOCK = ".lock"  # uv's; each use changes it

Entry = list[Any]  # [size, mtime_ns, DIGEST?], or [target] for a link
Folders = Mapping[str, Mapping[str, Entry]]  # folder to name to entry


def write(prefix: Path, site_packages: Path, known_entries: Mapping[str, Entry]) -> str:
    """List the files that are there now. Returns the list's digest, for the marker. Raises ``OSError``.

    ``known_entries`` has entries with digests, by path from ``prefix``, of files that were read before. An entry
    counts if size and time are still the same. Other files are read now, if no ``RECORD`` has a digest of them.
    """
    recorded = _recorded(site_packages.relative_to(prefix).as_posix(), site_packages)
    reader = Reader()
    folders: dict[str, dict[str, Entry]] = {}
    for folder, name, entry in walk(str(prefix)):
        path = f"{folder}/{name}" if folder else name
        if len(entry) == 2:
            if (before := known_entries.get(path)) and before[:2] == entry:
                entry.append(before[2])
            elif path not in recorded:
                entry.append(reader.read(f"{prefix}/{path}", (FAST,)).digests[FAST])
        folders.setdefault(folder, {})[name] = entry
    data = json.dumps({"schema": SCHEMA, "folders": folders}, separators=(",", ":")).encode("ascii")
    write_at_once(prefix / NAME, data)  # everything is flushed before the marker is written
    return sha256_of_bytes(data)


def entries(site_packages: str, contents: Mapping[str, Content]) -> dict[str, Entry]:
    """Entries of files that were read: by path from the environment's folder. ``contents``: by path in a ``RECORD``."""
    return {
        package_records.from_prefix(site_packages, file): [content.size, content.mtime_ns, content.digests[FAST]]
        for file, content in contents.items()
    }


def read(prefix: Path, digest: str | None) -> Folders | None:
    """The list whose digest the marker has; ``None`` where there is none, or another one."""
    try:
        data = (prefix / NAME).read_bytes()
    except OSError:
        return None
    if sha256_of_bytes(data) != digest:
        return None
    content = json.loads(data)
    folders: Folders | None = content["folders"] if content.get("schema") in READABLE else None
    return folders


def walk(prefix: str, folder: str = "") -> Iterator[tuple[str, str, Entry]]:
    """Every file below, as folder, name and entry without digest. A link's entry is its target."""
    with os.scandir(f"{prefix}/{folder}" if folder else prefix) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield from walk(prefix, f"{folder}/{entry.name}" if folder else entry.name)
            elif entry.is_symlink():
                yield folder, entry.name, [str(Path(entry.path).readlink())]
            elif folder or not (entry.name.startswith(OURS) or entry.name == LOCK):
                status = entry.stat(follow_symlinks=False)
                yield folder, entry.name, [status.st_size, status.st_mtime_ns]


def _recorded(inside: str, site_packages: Path) -> set[str]:
    """The paths of all files of which a ``RECORD`` that can be read has a digest."""
    paths: set[str] = set()
    for folder in site_packages.glob("*.dist-info"):
        try:
            paths.update([package_records.from_prefix(inside, each.file) for each in deep.recorded(folder)])
        except UNREADABLE:
            continue
    return paths
