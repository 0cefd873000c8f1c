"""An entry's ``record.json``: the record of a result, with a checksum, by which a damaged one is known.

``{"crc":N,"record":{…}}``: the checksum is over the record's bytes, so that reading costs no second encoding.
"""

import os
import stat
import zlib
from pathlib import Path

from pipeline import values
from pipeline.cache.damage import DamagedEntry
from pipeline.digests import content_digest, is_tree
from pipeline.jobs.records import OutputRecord, StoredResult

RECORD = "record.json"
OUTPUTS = "outputs"
KEY_PREFIX = "sha256:"
_BETWEEN = b',"record":'


def folder_of(root: Path, key: str) -> Path:
    name = key.removeprefix(KEY_PREFIX)
    return root / name[:2] / name


def encode(record: StoredResult) -> bytes:
    return with_checksum(values.encode(record))


def with_checksum(body: bytes) -> bytes:
    return b'{"crc":%d%b%b}' % (zlib.crc32(body), _BETWEEN, body)


def read(entry: Path, key: str) -> StoredResult:
    """The record of an entry that exists. Raises ``DamagedEntry``, and ``OSError`` where it can't be read."""
    try:
        record = _decode((entry / RECORD).read_bytes())
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError) as error:
        raise DamagedEntry("its record isn't there") from error
    if record is None or record.key != key or not all(map(_is_plain, record.outputs.values())):
        raise DamagedEntry("its record is damaged")
    return record


def check(file: Path, output: OutputRecord) -> None:
    """Raises ``DamagedEntry`` where an entry's file isn't there, or its size or time differs. Its bytes aren't
    read. Not for a directory."""
    try:
        status = os.lstat(file)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise DamagedEntry(f"its file {file.name} isn't there") from error
    if not stat.S_ISREG(status.st_mode):
        raise DamagedEntry(f"its file {file.name} isn't a regular file")
    if (status.st_size, status.st_mtime_ns) != (output.size, output.mtime_ns):
        raise DamagedEntry(f"its file {file.name} was changed")


def check_bytes(file: Path, output: OutputRecord) -> None:
    """Raises ``DamagedEntry`` where the digest of the file's bytes isn't the recorded one."""
    if content_digest(file) != output.digest:
        raise DamagedEntry(f"the bytes of its file {file.name} aren't those that were put there")


def problem(entry: Path, key: str) -> str | None:
    """Why an entry is damaged; all of it is read. ``None`` where it isn't, and where there is no entry."""
    before = _identity(entry)
    damage = _damage(entry, key) if before else None
    return damage if _identity(entry) == before else None  # else another process removed or replaced it


def _damage(entry: Path, key: str) -> str | None:
    try:
        for output in read(entry, key).outputs.values():
            file = entry / OUTPUTS / output.file
            if is_tree(output.digest):
                from pipeline.cache.stored_directories import check_all

                check_all(file, output.digest)
                continue
            check(file, output)
            check_bytes(file, output)
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


def _decode(data: bytes) -> StoredResult | None:
    """``None`` for bytes that ``encode`` hasn't made, and for a record of a form that this version doesn't read."""
    head, _, rest = data.partition(_BETWEEN)
    body = rest[:-1]
    if head != b'{"crc":%d' % zlib.crc32(body) or rest[-1:] != b"}":
        return None
    try:
        return values.decode(body, StoredResult)
    except (values.ValidationError, ValueError):
        return None


def _is_plain(output: OutputRecord) -> bool:
    """Whether it names a file in its own folder."""
    return os.path.basename(output.file) == output.file and output.file not in ("", ".", "..")
