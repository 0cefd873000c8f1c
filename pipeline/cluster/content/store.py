"""A node's store of contents, by their digests.

An entry gets its name in one step, when its bytes were
compared with the digest and are on the disk. What has come of a content is in ``parts/``, and the rest can follow
after a crash. One process has the store, by a lock; its threads share it.
"""

import contextlib
import os
import shutil
import threading
import time
from collections import Counter
from collections.abc import Collection, Iterator
from pathlib import Path

from pipeline.cluster.content import content_eviction
from pipeline.cluster.content.content_eviction import StoredContent
from pipeline.cluster.content.content_name import digest_by, hasher
from pipeline.cluster.content.content_turns import ContentTurns
from pipeline.cluster.content.entry_folders import PARTS, entries, folder_of, part_of, size_of, state_of
from pipeline.cluster.content.errors import ContentDamaged, ContentUnknown, NoRoom
from pipeline.cluster.content.links import bring, digest_of
from pipeline.cluster.content.partial import FILE, PartialContent
from pipeline.errors import NotReady
from pipeline.files import publish, replace_folder, sync_file, sync_folder, try_remove_tree
from pipeline.locks import Held, exclusive
from pipeline.values import replace

NOTED_SECONDS = 1.0  # by which the time of a content's last use may be wrong on the disk
HEADROOM = 64 << 20  # bytes of the disk that the store leaves to others


@contextlib.contextmanager
def opened(root: Path, limit: int, headroom: int = HEADROOM) -> Iterator["ContentStore"]:
    """The store in ``root``, for this process alone; ``limit``: bytes that it may hold.

    Raises ``NotReady`` where another process has it.
    """
    root.mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(exclusive(root / "lock"))
        except Held as error:
            raise NotReady(f"{root} is in use by {error.holder}", "name another folder for this node") from error
        yield ContentStore(root, limit, headroom)


class ContentStore:
    """Made by ``opened``."""

    def __init__(self, root: Path, limit: int, headroom: int = HEADROOM) -> None:
        self._root = root
        self._limit = limit
        self._headroom = headroom
        self._turns = ContentTurns()
        self._lock = threading.RLock()  # over the three below
        self._contents = {each.digest: each for each in entries(root)}
        self._coming: dict[str, int] = {}  # bytes of the whole, by the name of the folder in ``parts``
        self._held: Counter[str] = Counter()

    def find(self, digest: str) -> StoredContent | None:
        """The content, which counts as used now; ``None`` where it isn't there. Raises ``ValueError``."""
        folder = folder_of(self._root, digest)
        with self._lock:
            content = self._contents.get(digest)
            if content is None:
                return None
            now = time.time()
            try:
                is_unchanged = state_of(folder) == (content.size, content.mtime_ns)
                if abs(now - content.noted) > NOTED_SECONDS:
                    os.utime(folder, (now, now))
                    content = replace(content, noted=now)
            except OSError:  # a person has removed it
                is_unchanged = False
            if not is_unchanged:
                self._remove(digest)
                return None
            self._contents[digest] = replace(content, used=now)
            return self._contents[digest]

    def file(self, digest: str) -> Path:
        """The content's file, which nobody may write to. Raises ``ValueError``."""
        return folder_of(self._root, digest) / FILE

    def received(self, digest: str) -> int:
        """How many bytes have come of a content that isn't there as a whole."""
        return size_of(part_of(self._root, digest))

    @contextlib.contextmanager
    def receive(self, digest: str, size: int) -> Iterator[PartialContent | None]:
        """A content that comes: by one thread at a time, while others wait for it. ``None`` where it is there.

        What has come before is in it. After the block it is in the store, if all of its ``size`` bytes have come;
        otherwise they stay for the next time. Raises ``NoRoom``, and ``ContentDamaged`` where the bytes are others.
        """
        part = part_of(self._root, digest)
        with self._turns.of(digest):
            if self.find(digest) is not None:
                yield None
                return
            with self._room_for(part.name, size, size - self.received(digest)):
                try:
                    with PartialContent(part, digest, size) as partial:
                        yield partial
                        if not partial.is_whole:
                            return
                        partial.finish()
                    self._publish(part, digest, size)
                except (ContentDamaged, NoRoom):
                    try_remove_tree(part)
                    raise

    def put(self, source: Path, digest: str = "") -> StoredContent:
        """Take a file in: by a link, where that is possible, so that nobody may write to it any more.

        ``digest``: what it must be, where that is known; otherwise its BLAKE3. Raises ``ContentDamaged`` where it is
        another one, ``NoRoom`` and ``OSError``.
        """
        size = source.stat().st_size
        part = self._root / PARTS / f"put-{os.urandom(8).hex()}"
        with self._room_for(part.name, size, 0):
            try:
                part.mkdir(parents=True)
                bring(source, part / FILE)
                found = digest_of(part / FILE, digest)
                if digest and found != digest:
                    raise ContentDamaged(f"{source} isn't what it was: its digest is {found}, and was {digest}")
                sync_file(part / FILE)
                sync_folder(part)
                return self._publish(part, found, size)
            finally:
                try_remove_tree(part)

    def put_bytes(self, data: bytes, digest: str) -> None:
        """Take in a content that is in memory. Raises as ``receive`` does."""
        with self.receive(digest, len(data)) as partial:
            if partial is not None:
                partial.write(data[partial.offset :])

    def read(self, digest: str) -> bytes | None:
        """All bytes of a small content, compared with its digest; ``None`` where it can't be had."""
        with contextlib.suppress(OSError):
            data = self.file(digest).read_bytes()
            own = hasher(digest)
            own.update(data)
            return data if digest_by(own, digest) == digest else None
        return None

    def place(self, digest: str, target: Path) -> None:
        """Put a content where a stage reads it: as a link that can't be written to, or a copy.

        Raises as ``require`` does, ``NoRoom`` and ``OSError``.
        """
        bring(self.require(digest), target)

    def require(self, digest: str) -> Path:
        """The content's file. Its bytes were compared with the digest by this process, and not long ago: a disk may
        damage them, and their time stays as it was.

        Raises ``ContentUnknown`` where it isn't there, and ``ContentDamaged``.
        """
        content = self.find(digest)
        if content is None:
            raise ContentUnknown(f"{digest} isn't in {self._root}")
        if not content.is_compared(time.monotonic()):
            self._read_again(digest)
        return self.file(digest)

    @contextlib.contextmanager
    def hold(self, digests: Collection[str]) -> Iterator[None]:
        """Meanwhile none of these is removed to make room."""
        held = list(digests)  # a counter takes the values of a mapping for numbers
        with self._lock:
            self._held.update(held)
        try:
            yield
        finally:
            with self._lock:
                self._held.subtract(held)
                self._held = +self._held

    def drop_damaged(self, digest: str) -> bool:
        """Read a content, and remove it where its bytes aren't those of the digest. Returns whether that was so."""
        if self.find(digest) is None:
            return False
        with contextlib.suppress(OSError):
            if digest_of(self.file(digest), digest) == digest:
                return False
        self._remove(digest)
        return True

    @property
    def size(self) -> int:
        """Bytes of all contents."""
        with self._lock:
            return sum(each.size for each in self._contents.values())

    def _read_again(self, digest: str) -> None:
        """Raises ``ContentDamaged``, and ``ContentUnknown`` where it has gone meanwhile."""
        with self._turns.of(digest):
            content = self.find(digest)
            if content is not None and content.is_compared(time.monotonic()):
                return  # another thread was faster
            if self.drop_damaged(digest):
                raise ContentDamaged(f"{digest} was damaged on the disk of {self._root}, and is removed there")
            with self._lock:
                if digest not in self._contents:
                    raise ContentUnknown(f"{digest} isn't in {self._root}")
                self._contents[digest] = replace(self._contents[digest], compared=time.monotonic())

    @contextlib.contextmanager
    def _room_for(self, name: str, size: int, of_disk: int) -> Iterator[None]:
        """``of_disk``: how many of the bytes aren't on the disk yet."""
        with self._lock:
            self._make_room(size, of_disk)
            self._coming[name] = size
        try:
            yield
        finally:
            with self._lock:
                self._coming.pop(name, None)

    def _make_room(self, size: int, of_disk: int) -> None:
        """Raises ``NoRoom``. The caller has the lock."""
        over = self.size + sum(self._coming.values()) + size - self._limit
        if over <= 0 and of_disk <= self._free():
            return
        self._drop_parts()
        chosen = content_eviction.choose(self._contents.values(), max(over, of_disk - self._free()), self._held)
        if chosen is None:
            raise NoRoom(
                f"{self._root} has no room for {size} bytes: it may hold {self._limit}, the disk has"
                f" {max(0, self._free())} left, and what is in use stays",
                "make room on that disk, or let the node's folder be on a larger one",
            )
        for each in chosen:
            self._remove(each.digest)

    def _free(self) -> int:
        """Bytes of the disk that nobody waits for."""
        awaited = sum(max(0, size - size_of(self._root / PARTS / name)) for name, size in self._coming.items())
        return shutil.disk_usage(self._root).free - self._headroom - awaited

    def _drop_parts(self) -> None:
        """Parts that nobody works at: they may never be asked for again."""
        with contextlib.suppress(OSError):
            for part in list((self._root / PARTS).iterdir()):
                if part.name not in self._coming:
                    try_remove_tree(part)

    def _publish(self, part: Path, digest: str, size: int) -> StoredContent:
        folder = folder_of(self._root, digest)
        folder.parent.mkdir(parents=True, exist_ok=True)
        (part / FILE).chmod(0o444)
        with self._lock:
            known = self._contents.get(digest)
            if known and known.is_compared(time.monotonic()):
                try_remove_tree(part)
            else:  # one that is there may be damaged
                replace_folder(part, folder)
            self._coming.pop(part.name, None)
            mtime_ns, compared = state_of(folder)[1], time.monotonic()
            self._contents[digest] = StoredContent(digest, size, time.time(), mtime_ns, compared=compared)
        sync_folder(folder.parent)
        return self._contents[digest]

    def _remove(self, digest: str) -> None:
        with self._lock:
            self._contents.pop(digest, None)
            gone = self._root / PARTS / f"gone-{os.urandom(8).hex()}"
            gone.parent.mkdir(exist_ok=True)
            with contextlib.suppress(OSError):
                publish(folder_of(self._root, digest), gone)
            try_remove_tree(gone)
