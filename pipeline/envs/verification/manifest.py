"""The list of an environment's files, written when it is built: size, time, and the digest of what was there.

So bytecode, the ``RECORD``s themselves and what the installer made beside the packages can be proved, too, and all of
it at the speed of BLAKE3. The digest of a file that a ``RECORD`` vouches for comes from the very reading that held it
against that; where there is none, the ``RECORD`` goes on vouching: the list never takes a file's word for itself.
It is a file of its own, by folder, since a large environment has 40,000 files; the ready marker has its digest.
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
READABLE = (1, SCHEMA)  # in the first, the digests are SHA-256, and only of what no RECORD vouches for
OURS = ".pipeline-"  # begins the names of what we write into a build's folder, of which the list can't speak
LOCK = ".lock"  # the installer's, which whoever uses it touches

Entry = list[Any]  # [size, mtime_ns, DIGEST?], or [target] for a link
Folders = Mapping[str, Mapping[str, Entry]]  # folder to name to entry


def write(prefix: Path, site_packages: Path, known: Mapping[str, Entry]) -> str:
    """List what is there now, and return the list's digest for the marker.

    ``known``: entries with digests by path, of files that were read before; they count while size and time are the
    same. Of the rest, what no ``RECORD`` vouches for is read now.
    """
    recorded = _recorded(site_packages.relative_to(prefix).as_posix(), site_packages)
    reader = Reader()
    folders: dict[str, dict[str, Entry]] = {}
    for folder, name, entry in walk(str(prefix)):
        path = f"{folder}/{name}" if folder else name
        if len(entry) == 2:
            if (before := known.get(path)) and before[:2] == entry:
                entry.append(before[2])
            elif path not in recorded:
                entry.append(reader.read(f"{prefix}/{path}", (FAST,)).digests[FAST])
        folders.setdefault(folder, {})[name] = entry
    data = json.dumps({"schema": SCHEMA, "folders": folders}, separators=(",", ":")).encode("ascii")
    write_at_once(prefix / NAME, data)  # whoever writes the marker flushes everything before
    return sha256_of_bytes(data)


def entries(site_packages: str, contents: Mapping[str, Content]) -> dict[str, Entry]:
    """What was read, by file as a ``RECORD`` writes it, as it is known here."""
    return {
        package_records.from_prefix(site_packages, file): [content.size, content.mtime_ns, content.digests[FAST]]
        for file, content in contents.items()
    }


def read(prefix: Path, digest: object) -> Folders | None:
    """The list that the marker vouches for; ``None`` where there is none or it isn't that one."""
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


def _recorded(inside: str, site_packages: Path) -> set[str]:
    """The paths of all files of which a ``RECORD`` that can be read has a digest."""
    paths: set[str] = set()
    for folder in site_packages.glob("*.dist-info"):
        try:
            paths.update([package_records.from_prefix(inside, each.file) for each in deep.recorded(folder)])
        except UNREADABLE:
            continue
    return paths
