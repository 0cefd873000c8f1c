"""Locks between processes that vanish with their holder.

``filelock`` would do the same, but imports asyncio (35 ms, more than a small job's whole overhead), and
a lock here also says who holds it.
"""

import errno
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from pipeline.errors import NotReady
from pipeline.values import Struct

if sys.platform == "win32":
    import msvcrt

    def _lock(file: IO[str], wait: bool) -> None:
        file.seek(1 << 30)  # a byte beyond the text, so that others can read who holds it
        while True:
            try:
                msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
                break
            except OSError:
                if not wait:
                    raise
                time.sleep(0.1)  # LK_LOCK would give up after ten seconds
        file.seek(0)

    def _probe(file: IO[str]) -> None:
        _lock(file, wait=False)
else:
    import fcntl

    def _lock(file: IO[str], wait: bool) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))

    def _probe(file: IO[str]) -> None:
        # NFS gives an exclusive lock only on a file that is open for writing, which who asks may not be allowed to do.
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)


NO_LOCKS = (errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS)  # a network file system may have none


class Holder(Struct, frozen=True):
    """Who has a lock, as it is written into its file."""

    pid: int
    host: str

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host}"

    @property
    def is_here(self) -> bool:
        return self.host == _host()


class Held(Exception):
    """Another process has the lock; ``holder`` is what it wrote about itself."""

    def __init__(self, holder: str) -> None:
        super().__init__(holder)
        self.holder = holder


@contextmanager
def exclusive(path: Path, on_wait: Callable[[str], None] | None = None) -> Iterator[None]:
    """Hold a lock file. With ``on_wait``, call it with the holder and wait; without, raise ``Held``.

    Raises ``NotReady`` on a file system that has no locks: without one, two would write at once.
    """
    with open(path, "a+", encoding="utf-8", errors="replace", opener=_open_shared) as file:
        try:
            _acquire(file, on_wait)
        except OSError as error:
            if missing := without_locks(path, error):
                raise missing from error
            raise
        file.truncate(0)
        file.write(str(Holder(os.getpid(), _host())))
        file.flush()
        yield


def without_locks(path: Path, error: OSError) -> NotReady | None:
    """The error for a person where a file system has no locks; ``None`` for any other."""
    if error.errno not in NO_LOCKS:
        return None
    return NotReady(
        f"{path} can't be locked: {error.strerror}; the file system there has no locks",
        "let paths in config/pipeline.yaml put that folder on a disk that has them, or mount it with locks",
    )


def is_held(path: Path) -> bool:
    """Whether a process holds the lock right now. Needs no right to write."""
    try:
        with open(path, encoding="utf-8") as file:
            _probe(file)
    except FileNotFoundError:
        return False
    except OSError as error:
        return error.errno not in NO_LOCKS  # where there are none, nobody has one
    return False


def holder(path: Path) -> Holder | None:
    """Who holds the lock, as they wrote it; ``None`` where nobody does, or hasn't said so yet."""
    if not is_held(path):
        return None
    words = path.read_text(encoding="utf-8", errors="replace").split()
    return Holder(int(words[1]), words[3]) if len(words) == 4 and words[1].isdecimal() else None


def _open_shared(path: str, flags: int) -> int:
    """Whoever may write in the folder may use the lock: it would be no lock for a group if only one of them could."""
    try:
        descriptor = os.open(path, flags | os.O_EXCL, 0o666)
    except FileExistsError:
        return os.open(path, flags, 0o666)
    if os.name != "nt":
        os.fchmod(descriptor, 0o644 | os.stat(os.path.dirname(path) or ".").st_mode & 0o022)
    return descriptor


def _acquire(file: IO[str], on_wait: Callable[[str], None] | None) -> None:
    if _lock_soon(file):
        return
    file.seek(0)
    holder = file.read() or "another process"
    if on_wait is None:
        raise Held(holder)
    on_wait(holder)
    _lock(file, wait=True)


def _lock_soon(file: IO[str]) -> bool:
    """Try a few times, since ``is_held`` has the lock for an instant."""
    for _ in range(5):
        try:
            _lock(file, wait=False)
            return True
        except OSError as error:
            if error.errno in NO_LOCKS:
                raise
            time.sleep(0.01)
    return False


def _host() -> str:
    return os.uname().nodename if hasattr(os, "uname") else os.environ.get("COMPUTERNAME", "this machine")
