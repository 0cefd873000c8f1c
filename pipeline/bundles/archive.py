"""The format of a bundle: an uncompressed tar of plain files, after a manifest with the SHA-256 of each.

The same content gives the same bytes. A bundle isn't trusted: the names of all members are checked before anything is
written, and each file is compared with the manifest while it is written.
"""

import contextlib
import hashlib
import io
import json
import tarfile
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any

from pipeline.bundles import tar_reader
from pipeline.digests import sha256_of_bytes, sha256_of_file
from pipeline.errors import InputError
from pipeline.files import DISK_ERRORS, dump_json, replaced, sync_folder
from pipeline.permissions import share
from pipeline.text import printable

MANIFEST = "manifest.json"
MANIFEST_LIMIT = 64 << 20  # bytes
CHUNK = 1 << 20
DEVICE_NAMES = {"con", "prn", "aux", "nul", *(f"{port}{number}" for port in ("com", "lpt") for number in range(10))}

Content = Path | bytes


@dataclass(frozen=True)
class Bundle:
    file: Path
    manifest: Mapping[str, Any]

    @property
    def size(self) -> int:
        """Bytes of all files together."""
        return sum(int(each["size"]) for each in self.manifest["files"].values())


def write(target: Path, heading: Mapping[str, Any], members: Mapping[str, Content]) -> None:
    """Write a bundle: ``heading`` is the manifest without its ``files``, ``members`` are contents by name.

    Raises ``OSError`` where it can't be written, and ``InputError`` where a file changes meanwhile; nothing is left
    then.
    """
    files = {name: _described(members[name]) for name in sorted(members)}
    manifest = dump_json({**heading, "files": files})
    with replaced(target) as beside, tarfile.open(beside, mode="x", format=tarfile.PAX_FORMAT) as archive:
        _add(archive, MANIFEST, manifest, {"size": len(manifest), "sha256": sha256_of_bytes(manifest)})
        for name, described in files.items():
            _add(archive, name, members[name], described)
    share(target)
    sync_folder(target.parent)


def read(file: Path) -> Bundle:
    """A bundle's manifest. Every member's name, kind and size is checked. Raises ``InputError``."""
    with tar_reader.opened(file) as archive:
        members = tar_reader.members(archive, file)
        first = next(members, None)
        if first is None or first.name != MANIFEST or not first.isreg() or first.size > MANIFEST_LIMIT:
            raise InputError(
                f"{file} isn't a bundle or a package: it doesn't begin with its manifest", tar_reader.OTHER
            )
        with tar_reader.content(archive, first) as source:
            manifest = _manifest(file, source.read())
        sizes = {MANIFEST: first.size}
        for member in members:
            _require_safe(file, member, sizes)
            sizes[member.name] = member.size
    _require_no_clash(file, sizes)
    _require_complete(file, manifest, sizes)
    return Bundle(file, manifest)


def unpack(bundle: Bundle, folder: Path) -> None:
    """Write all files below an empty folder. Raises ``InputError`` for one that isn't as the manifest says, and
    ``OSError`` where it can't be written."""
    missing = set(bundle.manifest["files"])
    with tar_reader.opened(bundle.file) as archive:
        members = tar_reader.members(archive, bundle.file)
        next(members)
        for member in members:
            target = folder / PurePosixPath(member.name)
            target.parent.mkdir(parents=True, exist_ok=True)
            with tar_reader.content(archive, member) as source, _written(target) as file:
                digest = _copy(source, file)
            _require_digest(bundle, member.name, digest)
            missing.discard(member.name)
    if missing:  # where tarfile can't read a header, it stops as at the end
        raise InputError(f"{bundle.file} changed while it was being read: {min(missing)} is missing", tar_reader.AGAIN)


def verify(bundle: Bundle) -> None:
    """Read all files, and write nothing. Raises ``InputError`` for one that isn't as the manifest says."""
    with tar_reader.opened(bundle.file) as archive:
        members = tar_reader.members(archive, bundle.file)
        next(members)
        for member in members:
            with tar_reader.content(archive, member) as source:
                _require_digest(bundle, member.name, _copy(source, None))


def _require_digest(bundle: Bundle, name: str, digest: str) -> None:
    if digest != bundle.manifest["files"].get(name, {}).get("sha256"):
        raise InputError(
            f"{bundle.file}: {_shown(name)} is damaged: it isn't what was packed",
            tar_reader.AGAIN,
        )


def _described(content: Content) -> dict[str, Any]:
    if isinstance(content, bytes):
        return {"size": len(content), "sha256": sha256_of_bytes(content)}
    return {"size": content.stat().st_size, "sha256": sha256_of_file(content)}


def _add(archive: tarfile.TarFile, name: str, content: Content, described: Mapping[str, Any]) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = int(described["size"]), 0o644
    with io.BytesIO(content) if isinstance(content, bytes) else content.open("rb") as file:
        hashing = _HashingReader(file)
        try:
            archive.addfile(entry, hashing)
        except OSError as error:
            if error.errno is None:  # tarfile raises such a one for a file that became shorter
                raise InputError(f"{content!s} changed while it was bundled", "run it again") from error
            raise
    if hashing.digest() != described["sha256"]:
        raise InputError(f"{name} changed while it was bundled", "run it again")


class _HashingReader:
    """A file that is hashed while it is read."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self._hash = file, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        self._hash.update(data)
        return data

    def digest(self) -> str:
        return f"sha256:{self._hash.hexdigest()}"


@contextlib.contextmanager
def _written(target: Path) -> Iterator[IO[bytes]]:
    """A new file. The ``OSError`` of a full disk names it, so that nobody takes it for one of the bundle's own."""
    try:
        with target.open("xb") as file:
            yield file
    except OSError as error:
        if error.filename is None and error.errno in DISK_ERRORS:
            error.filename = str(target)
        raise


def _copy(source: IO[bytes], target: IO[bytes] | None) -> str:
    """The content's digest; without a target, it is only read."""
    hashing = hashlib.sha256()
    while chunk := source.read(CHUNK):
        hashing.update(chunk)
        if target is not None:
            target.write(chunk)
    return f"sha256:{hashing.hexdigest()}"


def _manifest(file: Path, data: bytes) -> Mapping[str, Any]:
    try:
        manifest = json.loads(data)
        if isinstance(manifest, dict) and all(_is_described(each) for each in manifest["files"].values()):
            return manifest
    except (ValueError, KeyError, AttributeError, RecursionError):
        pass
    raise InputError(f"{file} isn't a bundle or a package: its manifest can't be read", tar_reader.AGAIN)


def _is_described(entry: Any) -> bool:
    return isinstance(entry, dict) and isinstance(entry.get("size"), int) and isinstance(entry.get("sha256"), str)


def _require_safe(file: Path, member: tarfile.TarInfo, earlier: Mapping[str, int]) -> None:
    if reason := _unsafe(member):
        raise InputError(f"{file} is refused: {_shown(member.name)} {reason}", tar_reader.OTHER)
    if member.name in earlier:
        raise InputError(f"{file} is refused: {_shown(member.name)} is there twice", tar_reader.OTHER)


def _unsafe(member: tarfile.TarInfo) -> str | None:
    if member.issym() or member.islnk():
        return f"is a link to {_shown(member.linkname)}"
    if not member.isreg() or member.issparse():
        return "isn't a plain file"
    return unsafe_name(member.name)


def unsafe_name(name: str) -> str | None:
    """Why a name isn't that of a file below a folder on every system; None where it is."""
    parts = name.split("/")
    if name.startswith("/") or (len(name) > 1 and name[1] == ":"):
        return "has an absolute path"
    if any(part in ("", ".", "..") for part in parts):
        return "leads out of its folder"
    if any(not character.isprintable() or character in '\\:*?"<>|' for character in name):
        return "has a character in its name that not every system can have"
    if any(part.endswith((".", " ")) or part.partition(".")[0].lower() in DEVICE_NAMES for part in parts):
        return "has a name that not every system can have"
    return None


def _require_no_clash(file: Path, names: Mapping[str, int]) -> None:
    """Raises ``InputError`` for two names that are one on some file systems, or for a file that is a folder, too."""
    folded: dict[str, str] = {}
    for name in names:
        other = folded.setdefault(_folded(name), name)
        if other != name:
            raise InputError(
                f"{file} is refused: {_shown(other)} and {_shown(name)} are one name on some systems", tar_reader.OTHER
            )
    for name in names:
        for parent in PurePosixPath(name).parents:
            if taken := folded.get(_folded(str(parent))):
                raise InputError(
                    f"{file} is refused: {_shown(taken)} is a file and the folder of {_shown(name)}", tar_reader.OTHER
                )


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


def _require_complete(file: Path, manifest: Mapping[str, Any], sizes: Mapping[str, int]) -> None:
    promised = {MANIFEST: sizes[MANIFEST], **{name: each["size"] for name, each in manifest["files"].items()}}
    for name in sorted(promised.keys() ^ sizes.keys()):
        what = "isn't in its manifest" if name in sizes else "is missing"
        raise InputError(f"{file} is refused: {_shown(name)} {what}", tar_reader.AGAIN)
    for name, size in sizes.items():
        if size != promised[name]:
            raise InputError(f"{file}: {_shown(name)} has {size} bytes, not {promised[name]}", tar_reader.AGAIN)


def _shown(name: str) -> str:
    return printable(name)
