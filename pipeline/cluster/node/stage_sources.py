"""The sources of stages on a node, laid out once for all attempts that have the same ones.

A worker knows a stage by the path of its file: what it has loaded, and what the stage keeps in memory, is of use for
the next attempt only where that path is the same.
"""

import contextlib
import os
import threading
from collections.abc import Iterator
from pathlib import Path

from pipeline.cluster.content.store import ContentStore
from pipeline.cluster.node.layout import lay_out, signatures
from pipeline.cluster.wire.attempt_order import AttemptOrder
from pipeline.cluster.wire.ordered_items import contents
from pipeline.digests import sha256_of_bytes
from pipeline.files import try_remove_tree
from pipeline.run.command_files import RUNNER, WORDS
from pipeline.values import Struct, encode

KEPT = 256  # folders of sources that no attempt uses just now


class StageSource(Struct, eq=False):
    """Laid out in a folder of its own."""

    folder: Path
    stage_file: Path
    modules: tuple[Path, ...]
    command_files: dict[str, Path]  # by the names that the command's placeholders have
    written: dict[str, tuple[int, int]]  # the size and the time of each file, as it was laid out
    users: int = 0  # attempts

    @property
    def is_unchanged(self) -> bool:
        """Whether each file is there as it was; bytecode may have come beside them."""
        try:
            return all(_signature(path) == before for path, before in self.written.items())
        except OSError:
            return False


class StageSources:
    """Threads may share it."""

    def __init__(self, folder: Path, store: ContentStore) -> None:
        """``folder``: what an earlier agent has left in it is removed."""
        try_remove_tree(folder)
        self._folder = folder
        self._store = store
        self._lock = threading.Lock()  # over all below
        self._known: dict[str, StageSource] = {}  # the least recently used first
        self._stale: list[StageSource] = []  # that somebody has changed
        self._count = 0

    @contextlib.contextmanager
    def laid_out(self, order: AttemptOrder) -> Iterator[StageSource]:
        """An order's sources, which stay in their places meanwhile. The order's names were checked, and its contents
        are in the store.

        Raises as ``ContentStore.place`` does.
        """
        with self._lock:
            source = self._of(order)
            source.users += 1
        try:
            yield source
        finally:
            with self._lock:
                source.users -= 1
                left = self._dropped()
            for each in left:
                try_remove_tree(each)

    def forget(self) -> None:
        """Lay out all again: the disk has damaged a content of the store, and a link to it has the same bytes."""
        with self._lock:
            self._stale += self._known.values()
            self._known.clear()

    def _of(self, order: AttemptOrder) -> StageSource:
        key = sha256_of_bytes(encode((order.stage_file, order.modules, order.command is None, order.command_files)))
        for digest in _digests(order):
            self._store.require(digest)
        source = self._known.pop(key, None)
        if source is not None and not source.is_unchanged:
            self._stale.append(source)
            source = None
        source = self._known[key] = source or self._made(order)
        return source

    def _made(self, order: AttemptOrder) -> StageSource:
        self._count += 1
        folder = self._folder / str(self._count)
        try:
            stage_file, modules = self._stage(order, folder)
            files = {
                name: lay_out(each, folder / f"file{number}", self._store)
                for number, (name, each) in enumerate(order.command_files.items())
            }
            written = signatures([stage_file, *modules, *files.values()])
        except BaseException:
            try_remove_tree(folder)
            raise
        return StageSource(folder, stage_file, modules, files, written)

    def _stage(self, order: AttemptOrder, folder: Path) -> tuple[Path, tuple[Path, ...]]:
        """Our own runner carries out a command."""
        if order.command is not None:
            return RUNNER, (WORDS,)
        modules = tuple(lay_out(each, folder / "modules", self._store) for each in order.modules)
        return lay_out(order.stage_file, folder, self._store), modules

    def _dropped(self) -> list[Path]:
        """The folders of those that are known no longer, and that no attempt uses."""
        unused = [key for key, source in self._known.items() if not source.users]
        gone = [self._known.pop(key) for key in unused[: max(0, len(unused) - KEPT)]]
        gone += [each for each in self._stale if not each.users]
        self._stale = [each for each in self._stale if each.users]
        return [each.folder for each in gone]


def _digests(order: AttemptOrder) -> Iterator[str]:
    for item in (order.stage_file, *order.modules, *order.command_files.values()):
        yield from (digest for digest, _ in contents(item))


def _signature(path: str) -> tuple[int, int]:
    status = os.stat(path, follow_symlinks=False)
    return status.st_size, status.st_mtime_ns
