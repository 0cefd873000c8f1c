"""Fetching a model: from the first source that has it, each file verified, then put in its place by one rename.

What an interrupted fetch left is used by the next one. A model that is damaged keeps its whole files: only the others
are fetched.
"""

import os
import shutil
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from pipeline.config.models import HubSource, ModelSpec, UrlSource
from pipeline.envs.platform.removal import move_aside
from pipeline.errors import NotReady
from pipeline.files import dump_json, replace_folder, sync_disk, sync_file, sync_folder, try_remove_tree, write_whole
from pipeline.locks import exclusive
from pipeline.models import admission
from pipeline.models.sources import Fetcher, SourceUnavailable
from pipeline.models.store import MARKER, ModelStore, signature
from pipeline.permissions import share, share_folder, share_tree
from pipeline.progress import Progress
from pipeline.sizes import show_size

PART = ".part"  # ends the name of the folder of a fetch
PARTIAL = ".partial"  # ends the name of a file of which only a part has come
MANY = 200  # files, for which the whole disk is flushed sooner than each of them
AT_ONCE = 8  # files that are flushed
ROOM = 64 << 20  # bytes that stay free


def ensure(store: ModelStore, spec: ModelSpec, fetcher: Fetcher, progress: Progress) -> Path:
    """The model's folder. It is fetched now, unless it is there and whole.

    Waits while another process fetches it. Raises ``NotReady`` with the reason of each source.
    """
    if store.problem(spec.name, spec.digest) is not None:
        store.make_root()
        with exclusive(store.root / f"{spec.name}.lock", lambda who: progress(f"waiting for {who}")):
            if store.problem(spec.name, spec.digest) is not None:
                _fetch(store, spec, fetcher, progress)
    return store.folder(spec.name, spec.digest)


def _fetch(store: ModelStore, spec: ModelSpec, fetcher: Fetcher, progress: Progress) -> None:
    part = _begin(store, spec)
    _require_room(store, spec, part)
    digests = _reuse(store, spec, part)
    reasons = []
    for source in spec.sources:
        missing = [file for file in spec.files if file not in digests]
        try:
            if missing and fetcher.may_have(source):
                progress(f"fetching from {fetcher.describe(source)}")
            brought = fetcher.fetch(spec, source, missing, part, progress)
            _verify(spec, brought, part)
            admission.of(spec).require_files(part, list(spec.files))
            progress("flushing to the disk")
            _accept(store, spec, part)
            return
        except SourceUnavailable as error:
            reasons.append(f"  {fetcher.describe(source)}: {error}")
            _forget(part, missing, is_verified=isinstance(source, HubSource | UrlSource))
        except NotReady:
            try_remove_tree(part)  # what is refused doesn't stay
            raise
    if not any(part.rglob(f"*{PARTIAL}")):
        try_remove_tree(part)
    headline = f"model '{spec.name}' can't be had from any of its sources:"
    raise NotReady("\n".join([headline, *reasons]), f"pipeline model fetch {spec.name}   tries them again")


def _begin(store: ModelStore, spec: ModelSpec) -> Path:
    """The folder of the fetch; an interrupted one of the same files goes on. We hold the model's lock."""
    part = part_folder(store, spec)
    # No model's name has a "+", so this doesn't match the folders of whisper-tiny.en where whisper-tiny is fetched.
    for left in store.root.glob(f".{spec.name}+*.part*"):
        if left != part:
            try_remove_tree(left)
    if part.is_dir() and not _may_change(part):  # another user's, who keeps it to themself
        move_aside(part)
    part.mkdir(exist_ok=True)
    share_folder(part)
    for file in spec.files:
        _put_back(part / file)
        _drop_unwritable(Path(f"{part / file}{PARTIAL}"))
    return part


def _may_change(part: Path) -> bool:
    return all(os.access(folder, os.W_OK | os.X_OK) for folder, _, _ in os.walk(part))


def _drop_unwritable(file: Path) -> None:
    """What another user's fetch left can't be written on by us, but replaced."""
    if file.is_file() and not os.access(file, os.W_OK):
        file.unlink()


def part_folder(store: ModelStore, spec: ModelSpec) -> Path:
    """Where the files of a model are until all are there."""
    return store.root / f".{spec.name}+{spec.digest.removeprefix('sha256:')[:16]}{PART}"


def _put_back(file: Path) -> None:
    """What came whole before the fetch was interrupted is a part again: nobody noted its digest."""
    if file.is_symlink():
        file.unlink()
    elif file.is_file():
        file.rename(f"{file}{PARTIAL}")


def _require_room(store: ModelStore, spec: ModelSpec, part: Path) -> None:
    """Raises ``NotReady`` before a byte is fetched."""
    whole = set(store.whole_files(spec.name, spec.digest))
    needed = sum(size for file, size in spec.sizes.items() if file not in whole)
    there = sum(each.stat().st_size for each in part.rglob(f"*{PARTIAL}"))
    free = shutil.disk_usage(store.root).free
    if needed - there > free - ROOM:
        raise NotReady(
            f"model '{spec.name}' needs {show_size(needed - there)} more, and {store.root} has {show_size(free)} free",
            "make room, for example with\npipeline model gc\npipeline env gc\npipeline cache gc",
        )


def _reuse(store: ModelStore, spec: ModelSpec, part: Path) -> dict[str, str]:
    """Link to the whole files of a model that is damaged elsewhere. Returns their SHA-256."""
    folder = store.folder(spec.name, spec.digest)
    digests = {}
    for file in store.whole_files(spec.name, spec.digest):
        (part / file).parent.mkdir(parents=True, exist_ok=True)
        if (folder / file).is_symlink():
            (part / file).symlink_to((folder / file).readlink())
        else:
            os.link(folder / file, part / file)
        digests[file] = spec.files[file]
    return digests


def _verify(spec: ModelSpec, brought: Mapping[str, str], part: Path) -> None:
    for file, digest in brought.items():
        if digest != spec.files[file]:
            raise SourceUnavailable(f"{file} has SHA-256 {digest}, not {spec.files[file]}; it was refused")
    for file in spec.files:
        if not (part / file).is_file():
            raise SourceUnavailable(f"it has no {file}")


def _forget(part: Path, files: list[str], is_verified: bool) -> None:
    """What a source brought that isn't right, so that the next one is asked for it.

    A file from a hub has its name only when it is whole and right; it counts as a part of the next fetch.
    """
    for file in files:
        if is_verified:
            _put_back(part / file)
        else:
            (part / file).unlink(missing_ok=True)


def _accept(store: ModelStore, spec: ModelSpec, part: Path) -> None:
    for left in part.rglob(f"*{PARTIAL}"):
        left.unlink()
    _flush(part, [part / file for file in spec.files if not (part / file).is_symlink()])
    share_tree(part)  # whoever may read the store may read the model
    record = {"digest": spec.digest, "files": {file: _signature(part / file) for file in spec.files}}
    write_whole(part / MARKER, dump_json(record))
    share(part / MARKER)
    _put(part, store.folder(spec.name, spec.digest))
    sync_folder(store.root)


def _flush(part: Path, files: list[Path]) -> None:
    """To the disk, which does several at once better than one after another."""
    if len(files) > MANY:
        sync_disk(part)
        return
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(sync_file, files))


def _put(part: Path, folder: Path) -> None:
    """In place of a damaged one, whose whole files a running job may be about to open: the name is there throughout but
    for the instant between two renamings."""
    aside = move_aside(folder) if folder.is_dir() else None
    replace_folder(part, folder)
    if aside:
        try_remove_tree(aside)


def _signature(file: Path) -> list[int]:
    """Of a file of our own without its change time, since a copy of the store has another one."""
    found = signature(file) or []
    return found if file.is_symlink() else found[:2]
