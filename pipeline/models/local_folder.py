"""A model in a folder that a person has, for one job: known by the digests of its files, as any other.

``read`` looks at the folder and writes nothing. ``place`` gives the store of models an entry of links to the files,
with their sizes and times: so a file that is changed or removed later is detected as for a model that was fetched, and
nothing is copied.
"""

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from pipeline.config.models import ModelSpec
from pipeline.digests import sha256_of_file, tagged_digest
from pipeline.errors import NotReady
from pipeline.files import dump_json, read_json, replace_folder, try_remove_tree, write_whole
from pipeline.models import admission, integrity
from pipeline.models.admission import Admission
from pipeline.models.store import LOCAL, MARKER, ModelStore, is_local, signature
from pipeline.permissions import share_tree
from pipeline.signatures import settled_signature_of
from pipeline.text import printable

REMEDY = (
    "take a copy with safetensors, ONNX or CTranslate2 files; or, where you trust its makers as you trust those of a"
    " program, add --allow-code to the command"
)
ANOTHER = "name a folder that holds a model's files"
POINTER = b"version https://git-lfs"  # how a file begins whose content was never fetched


@dataclass(frozen=True)
class ModelNeeds:
    """What a folder must be to serve as a model."""

    files: tuple[str, ...] = ()  # names of those that it must have, "a | b" where one of them will do
    task: str = ""  # what the model is for; empty: any
    allows_code: bool = False  # also files that run code when they are loaded


@dataclass(frozen=True)
class FolderModel:
    """A model in a folder, as it was when it was read."""

    spec: ModelSpec
    folder: Path  # absolute
    signatures: Mapping[str, list[int]]  # by file: its size in bytes, and its times in ns, from before it was read

    @property
    def name(self) -> str:
        return self.spec.name


def read(folder: Path, needs: ModelNeeds, defined: Iterable[ModelSpec], store: ModelStore) -> FolderModel:
    """The model in a folder; where its files are those of a defined one, it is that one.

    What lies deeper in the folder is part of the model only where it is needed. Raises ``NotReady`` where something is
    missing, can't be read, or may not become such a model.
    """
    folder = Path(os.path.abspath(folder))
    files = _files(folder, needs)
    _require(folder, files, needs.files)
    signatures = {name: _signature(path) for name, path in files.items()}
    digests = _recorded(folder, signatures, store) or _digests(files, signatures)
    same = next((each for each in defined if each.is_locked and each.files.items() <= digests.items()), None)
    spec = same or _spec(folder, digests)
    allows_code = needs.allows_code or bool(same and same.allows_code)
    admitted = Admission(printable(str(folder)), needs.task, allows_code, REMEDY)
    admitted.require_files(folder, list(spec.files))
    return FolderModel(spec, folder, {name: signatures[name] for name in spec.files})


def place(model: FolderModel, store: ModelStore) -> None:
    """Put the model into the store, unless it is there already and whole. Raises ``OSError``."""
    name, digest = model.name, model.spec.digest
    is_known = not is_local(name) or _recorded(model.folder, model.signatures, store) is not None
    if is_known and store.problem(name, digest) is None:
        return
    import tempfile

    store.make_root()
    part = Path(tempfile.mkdtemp(prefix=f".{name}+", suffix=".part", dir=store.root))
    try:
        _link(model, part)
        replace_folder(part, store.folder(name, digest))  # one of files that have changed, or of another folder
    except OSError:
        if store.problem(name, digest) is not None:  # no other process has put it there meanwhile
            raise
    finally:
        try_remove_tree(part)


def _link(model: FolderModel, part: Path) -> None:
    for name in model.spec.files:
        (part / name).parent.mkdir(exist_ok=True, parents=True)
        (part / name).symlink_to(model.folder / name)
    record = {
        "digest": model.spec.digest,
        "files": dict(model.signatures),
        "digests": dict(model.spec.files),
        "folder": str(model.folder),
    }
    write_whole(part / MARKER, dump_json(record))
    share_tree(part)  # whoever may read the store may read the model; mkdtemp makes it private


def _files(folder: Path, needs: ModelNeeds) -> dict[str, Path]:
    """By name. Pickled weights beside the same ones in a format without code are no part of the model."""
    shown = printable(str(folder))
    if not folder.is_dir():
        raise NotReady(f"the model {shown} is no folder", ANOTHER)
    try:
        names = sorted(name for name in os.listdir(folder) if not name.startswith("."))
    except OSError as error:
        raise NotReady(f"the model folder {shown} can't be read: {error.strerror}") from error
    names += [name for either in needs.files for name in either.split(" | ") if "/" in name]
    files = [name for name in names if (folder / name).is_file()]
    return {name: folder / name for name in (files if needs.allows_code else admission.without_twins(files))}


def _require(folder: Path, files: Mapping[str, Path], needed: Sequence[str]) -> None:
    shown = printable(str(folder))
    for names in needed:
        if not any(name in files for name in names.split(" | ")):
            raise NotReady(
                f"the model folder {shown} has no {names.replace(' | ', ' or ')}",
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
        raise NotReady(f"the model folder {shown} is empty", ANOTHER)


def _signature(path: Path) -> list[int]:
    """Empty where the file can't be read."""
    try:
        settled_signature_of(path)  # so that a change after this moment shows
    except OSError:
        return []
    return signature(path) or []


def _digests(files: Mapping[str, Path], signatures: Mapping[str, list[int]]) -> dict[str, str]:
    """Raises ``NotReady`` for a file that isn't whole."""
    for path in files.values():
        if reason := integrity.problem(path):
            raise NotReady(
                f"{printable(str(path))} {reason}", "download or copy the model again, or name another folder"
            )
    return {name: _digest(path, tuple(signatures[name])) for name, path in files.items()}


@cache
def _digest(path: Path, _signature: tuple[int, ...]) -> str:
    """Read once for all jobs that one command prepares, as long as size and time are the same."""
    return sha256_of_file(path).removeprefix("sha256:")


def _recorded(folder: Path, signatures: Mapping[str, list[int]], store: ModelStore) -> dict[str, str] | None:
    """The digests from when the model was placed, if no size or time has changed since: reading takes long."""
    for marker in store.root.glob(f"*/{MARKER}"):
        try:
            record = read_json(marker)
        except (OSError, ValueError):
            continue
        if _is_of(record, folder) and record["files"] == signatures:
            return dict(record["digests"])
    return None


def _is_of(record: Any, folder: Path) -> bool:
    return isinstance(record, dict) and record.get("folder") == str(folder) and "digests" in record


def _spec(folder: Path, files: Mapping[str, str]) -> ModelSpec:
    """The name has the folder's name and a part of the digest: one job may use two folders of the same name."""
    named = re.sub(r"[^A-Za-z0-9._-]+", "-", folder.name).strip("-._") or "model"
    content = tagged_digest("model", dict(files)).removeprefix("sha256:")
    return ModelSpec(f"{named[:60]}-{content[:8]}{LOCAL}", files, (), (), f"the folder {folder}")
