"""Contents of a node's store as the files and folders that a stage sees."""

import os
from pathlib import Path

from pipeline.cluster.content.store import ContentStore
from pipeline.cluster.wire.ordered_items import OrderedFile, OrderedFolder, OrderedItem, is_file
from pipeline.directories.links import leads_inside
from pipeline.files import copy, try_remove_tree


def lay_out(item: OrderedItem, folder: Path, store: ContentStore) -> Path:
    """Put it into a folder, which is made. The item's names were checked.

    Raises ``ContentUnknown``, ``NoRoom``, ``OSError``, and ``ValueError`` for links that lead out of their folder.
    """
    target = folder / item.name
    target.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(item, OrderedFile):
        store.place(item.digest, target)
    else:
        _lay_out_folder(item, target, store)
    return target


def _lay_out_folder(item: OrderedFolder, target: Path, store: ContentStore) -> None:
    """Links come last, so that nothing is written through one."""
    target.mkdir()
    for each in item.entries:
        if each.kind == "folder":
            (target / each.path).mkdir(parents=True, exist_ok=True)
    for each in item.entries:
        if is_file(each):
            _lay_out_entry(f"blake3:{each.content}", target / each.path, each.kind == "program", store)
    links = [each for each in item.entries if each.kind == "link"]
    for each in links:
        (target / each.path).symlink_to(each.content)
    if outside := [each.path for each in links if not leads_inside(target, each.path, each.content)]:
        try_remove_tree(target)
        raise ValueError(f"{item.name} has {outside[0]}, a link that leads out of it")


def _lay_out_entry(digest: str, target: Path, is_program: bool, store: ContentStore) -> None:
    if not is_program:
        store.place(digest, target)
        return
    copy(store.require(digest), target)  # a link would make each name of the content a program
    target.chmod(0o555)


def signatures(paths: list[Path]) -> dict[str, tuple[int, int]]:
    """Size and time of each file, at any depth: who writes to one changes them."""
    found: dict[str, tuple[int, int]] = {}
    for path in paths:
        inner = (
            [os.path.join(at, name) for at, _, names in os.walk(path) for name in names] if path.is_dir() else [path]
        )
        for each in inner:
            status = os.stat(each, follow_symlinks=False)
            found[os.fspath(each)] = status.st_size, status.st_mtime_ns
    return found
