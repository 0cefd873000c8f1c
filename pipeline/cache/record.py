"""An entry's ``record.json``: the record of a result, and a checksum that tells a torn or flipped one.

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


class Damaged(Exception):
    """An entry isn't what was put there; says how."""


def folder_of(root: Path, key: str) -> Path:
    name = key.removeprefix(KEY_PREFIX)
    return root / name[:2] / name


def encode(record: Mapping[str, Any]) -> bytes:
    body = canonical_json(record)
    return b'{"crc":%d%b%b}' % (zlib.crc32(body), _BETWEEN, body)


def read(entry: Path, key: str) -> dict[str, Any]:
    """The record of an entry that exists. Raises ``Damaged``, and ``OSError`` where the record can't be reached."""
    try:
        record = _decode((entry / RECORD).read_bytes())
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError) as error:
        raise Damaged("its record isn't there") from error
    if record is None or not _is_whole(record, key):
        raise Damaged("its record isn't what was written")
    return record


def check(file: Path, output: Mapping[str, Any]) -> None:
    """Raises ``Damaged`` where a file of an entry can't be the one that was put there, by all but its bytes."""
    try:
        status = os.lstat(file)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise Damaged(f"its file {file.name} isn't there") from error
    if not stat.S_ISREG(status.st_mode):
        raise Damaged(f"its file {file.name} isn't a regular file")
    if [status.st_size, status.st_mtime_ns] != [output["size"], output["mtime_ns"]]:
        raise Damaged(f"its file {file.name} was changed")


def check_bytes(file: Path, output: Mapping[str, Any]) -> None:
    """Raises ``Damaged`` where the file's bytes haven't the digest that the record has."""
    if content_digest(file) != output["digest"]:
        raise Damaged(f"the bytes of its file {file.name} aren't those that were put there")


def problem(entry: Path, key: str) -> str | None:
    """Why a whole entry can't be handed on, having read all of it; ``None`` where it can, or isn't there."""
    before = _identity(entry)
    damage = _damage(entry, key) if before else None
    return damage if _identity(entry) == before else None  # somebody removed it, or put another, meanwhile


def _damage(entry: Path, key: str) -> str | None:
    try:
        for output in read(entry, key)["outputs"].values():
            check(entry / OUTPUTS / output["file"], output)
            check_bytes(entry / OUTPUTS / output["file"], output)
    except Damaged as damage:
        return str(damage)
    except OSError as error:
        return f"it can't be read: {error.strerror}"
    return None


def _identity(entry: Path) -> tuple[int, int] | None:
    """Tells an entry from a later one with the same name, even where its inode is used again."""
    try:
        status = os.lstat(entry)
    except OSError:
        return None
    return status.st_ino, status.st_ctime_ns


def _decode(data: bytes) -> dict[str, Any] | None:
    """``None`` for bytes that ``encode`` didn't make."""
    head, _, rest = data.partition(_BETWEEN)
    body = rest[:-1]
    if head != b'{"crc":%d' % zlib.crc32(body) or rest[-1:] != b"}":
        return None
    record: dict[str, Any] = json.loads(body)
    return record


def _is_whole(record: Mapping[str, Any], key: str) -> bool:
    """Whether it is this key's record, of a form that this version reads, and names no file outside its folder."""
    try:
        outputs = record["outputs"].values()
        return record["key"] == key and all(
            each.keys() >= OUTPUT_FIELDS and _is_plain(each["file"]) for each in outputs
        )
    except (LookupError, TypeError, AttributeError):
        return False


def _is_plain(name: str) -> bool:
    return os.path.basename(name) == name and name not in ("", ".", "..")
