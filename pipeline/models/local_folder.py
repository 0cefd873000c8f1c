"""A model in a folder that somebody has, for one job: known by the digests of its files, as any other.

The shelf gets an entry of links to them, with their sizes and times; so a file that is changed or gone later is found
out as for a model that was fetched, and nothing is copied.
"""

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pipeline.config.models import ModelSpec
from pipeline.digests import sha256_of_file, tagged_digest
from pipeline.errors import NotReady
from pipeline.files import dump_json, read_json, replace_folder, try_remove_tree, write_whole
from pipeline.models import integrity
from pipeline.models.shelf import LOCAL, MARKER, Shelf, signature
from pipeline.text import printable

POINTER = b"version https://git-lfs"  # what stands in a file whose content was never fetched


def take(folder: Path, needed: Sequence[str], declared: Iterable[ModelSpec], shelf: Shelf) -> ModelSpec:
    """The model in a folder, put on the shelf; where its files are those of a declared one, it is that one.

    ``needed`` are the names of its files, ``a | b`` where one of them will do. What lies deeper in the folder is of the
    model only where it is named so. Raises ``NotReady``.
    """
    folder = Path(os.path.abspath(folder))
    files = _files(folder, needed)
    _require(folder, files, needed)
    digests = _recorded(folder, files, shelf) or _looked_through(files)
    spec = next((each for each in declared if each.files.items() <= digests.items()), None)
    spec = spec or _spec(folder, digests)
    _place(spec, folder, {name: files[name] for name in spec.files}, shelf)
    return spec


def _files(folder: Path, needed: Sequence[str]) -> dict[str, Path]:
    shown = printable(str(folder))
    if not folder.is_dir():
        raise NotReady(f"the model {shown} is no folder", "name a folder that holds a model's files")
    try:
        names = sorted(name for name in os.listdir(folder) if not name.startswith("."))
    except OSError as error:
        raise NotReady(f"the model folder {shown} can't be read: {error.strerror}") from error
    names += [name for wanted in needed for name in wanted.split(" | ") if "/" in name]
    return {name: folder / name for name in names if (folder / name).is_file()}


def _require(folder: Path, files: Mapping[str, Path], needed: Sequence[str]) -> None:
    shown = printable(str(folder))
    for wanted in needed:
        if not any(name in files for name in wanted.split(" | ")):
            raise NotReady(
                f"the model folder {shown} has no {wanted.replace(' | ', ' or ')}",
                "download or copy the model again, or name another folder",
            )
    for path in files.values():
        try:
            with path.open("rb") as opened:
                begin = opened.read(len(POINTER))
        except OSError as error:
            raise NotReady(f"{printable(str(path))} can't be read: {error.strerror}") from error
        if begin == POINTER:
            raise NotReady(
                f"{printable(str(path))} is only a pointer; its content was never fetched", f"git -C {shown} lfs pull"
            )
    if not files:
        raise NotReady(f"the model folder {shown} is empty")


def _looked_through(files: Mapping[str, Path]) -> dict[str, str]:
    """The digests of files that are whole."""
    for path in files.values():
        if reason := integrity.problem(path):
            raise NotReady(
                f"{printable(str(path))} {reason}", "download or copy the model again, or name another folder"
            )
    return {name: _digest(path) for name, path in files.items()}


def _digest(path: Path) -> str:
    return sha256_of_file(path).removeprefix("sha256:")


def _recorded(folder: Path, files: Mapping[str, Path], shelf: Shelf) -> dict[str, str] | None:
    """The digests from when the folder was taken the last time, if no size or time has changed: to read takes long."""
    for marker in shelf.root.glob(f"*/{MARKER}"):
        try:
            record = read_json(marker)
        except (OSError, ValueError):
            continue
        if _is_of(record, folder) and record["files"] == {name: signature(path) for name, path in files.items()}:
            return dict(record["digests"])
    return None


def _is_of(record: Any, folder: Path) -> bool:
    return isinstance(record, dict) and record.get("folder") == str(folder) and "digests" in record


def _place(spec: ModelSpec, folder: Path, files: Mapping[str, Path], shelf: Shelf) -> None:
    name, digest = spec.name, spec.digest
    if shelf.damage(name, digest) is None:
        return
    import tempfile

    shelf.root.mkdir(parents=True, exist_ok=True)
    part = Path(tempfile.mkdtemp(prefix=f".{name}+", suffix=".part", dir=shelf.root))
    try:
        for file, path in files.items():
            (part / file).parent.mkdir(exist_ok=True, parents=True)
            (part / file).symlink_to(path)
        signatures = {file: signature(path) for file, path in files.items()}
        record = {"digest": digest, "files": signatures, "digests": dict(spec.files), "folder": str(folder)}
        write_whole(part / MARKER, dump_json(record))
        part.chmod(0o755)
        target = shelf.folder(name, digest)
        replace_folder(part, target)  # one of files that have changed since, or of another folder
    except OSError:
        if shelf.damage(name, digest) is not None:  # nobody else has put it there meanwhile
            raise
    finally:
        try_remove_tree(part)


def _spec(folder: Path, files: Mapping[str, str]) -> ModelSpec:
    """Named after the folder, and after what is in it: two folders of one name may serve one job."""
    named = re.sub(r"[^A-Za-z0-9._-]+", "-", folder.name).strip("-._") or "model"
    content = tagged_digest("model", dict(files)).removeprefix("sha256:")
    return ModelSpec(f"{named[:60]}-{content[:8]}{LOCAL}", files, (), (), f"the folder {folder}")
