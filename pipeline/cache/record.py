"""An entry's ``record.json``: the record of a result, with a checksum, by which a damaged one is known.

``{"crc":N,"record":{…}}`` is written in one canonical form, so that the checksum is over bytes and reading costs no
second encoding.
"""

import json
import os
import stat
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline.digests import canonical_json, content_digest

RECORD = "record.json"
OUTPUTS = "outputs"
KEY_PREFIX = "sha256:"
OUTPUT_FIELDS = {"file", "size", "mtime_ns", "digest"}
_BETWEEN = b',"record":'


class DamagedEntry(Exception):
    """An entry isn't what was stored; the message says how."""


def folder_of(root: Path, key: str) -> Path:
    name = key.removeprefix(KEY_PREFIX)
    return root / name[:2] / name


def encode(record: Mapping[str, Any]) -> bytes:
    body = canonical_json(record)
    return b'{"crc":%d%b%b}' % (zlib.crc32(body), _BETWEEN, body)


def read(entry: Path, key: str) -> dict[str, Any]:
    """The record of an entry that exists. Raises ``DamagedEntry``, and ``OSError`` where it can't be read."""
    try:
        record = _decode((entry / RECORD).read_bytes())
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError) as error:
        raise DamagedEntry("its record isn't there") from error
    if record is None or not _is_whole(record, key):
        raise DamagedEntry("its record isn't what was written")
    return record


def check(file: Path, output: Mapping[str, Any]) -> None:
    """Raises ``DamagedEntry`` where an entry's file isn't there, or its size or time differs. Its bytes aren't read."""
    try:
        status = os.lstat(file)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise DamagedEntry(f"its file {file.name} isn't there") from error
    if not stat.S_ISREG(status.st_mode):
        raise DamagedEntry(f"its file {file.name} isn't a regular file")
    if [status.st_size, status.st_mtime_ns] != [output["size"], output["mtime_ns"]]:
        raise DamagedEntry(f"its file {file.name} was changed")


def check_bytes(file: Path, output: Mapping[str, Any]) -> None:
    """Raises ``DamagedEntry`` where the digest of the file's bytes isn't the recorded one."""
    if content_digest(file) != output["digest"]:
        raise DamagedEntry(f"the bytes of its file {file.name} aren't those that were put there")


def problem(entry: Path, key: str) -> str | None:
    """Why an entry is damaged; all of it is read. ``None`` where it isn't, and where there is no entry."""
    before = _identity(entry)
    damage = _damage(entry, key) if before else None
    return damage if _identity(entry) == before else None  # else another process removed or replaced it


def _damage(entry: Path, key: str) -> str | None:
    try:
        for output in read(entry, key)["outputs"].values():
            check(entry / OUTPUTS / output["file"], output)
            check_bytes(entry / OUTPUTS / output["file"], output)
    except DamagedEntry as damage:
        return str(damage)
    except OSError as error:
        return f"it can't be read: {error.strerror}"
    return None


def _identity(entry: Path) -> tuple[int, int] | None:
    """Differs from that of a later entry with the same name, also where that gets the same inode."""
    try:
        status = os.lstat(entry)
    except OSError:
        return None
    return status.st_ino, status.st_ctime_ns


def _decode(data: bytes) -> dict[str, Any] | None:
    """``None`` for bytes that ``encode`` hasn't made."""
    head, _, rest = data.partition(_BETWEEN)
    body = rest[:-1]
    if head != b'{"crc":%d' % zlib.crc32(body) or rest[-1:] != b"}":
        return None
    record: dict[str, Any] = json.loads(body)
    return record


def _is_whole(record: Mapping[str, Any], key: str) -> bool:
    """Whether it is this key's record, has the fields that are read, and names no file outside its folder."""
    try:
        outputs = record["outputs"].values()
        return record["key"] == key and all(
            each.keys() >= OUTPUT_FIELDS and _is_plain(each["file"]) for each in outputs
        )
    except (LookupError, TypeError, AttributeError):
        return False


def _is_plain(name: str) -> bool:
    return os.path.basename(name) == name and name not in ("", ".", "..")
