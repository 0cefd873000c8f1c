"""Locks between processes that vanish with their holder.

``filelock`` would do the same, but imports asyncio (35 ms, more than a small job's whole overhead), and
a lock here also says who holds it.
"""

import errno
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from pipeline.errors import NotReady
from pipeline.values import Struct

NO_LOCKS = (errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS)  # a network file system may have none
PAUSE = 0.002  # seconds between two tries
INSTANT = 0.05  # seconds; ``is_held`` has the lock for less

if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int, wait: bool) -> None:
        os.lseek(descriptor, 1 << 30, os.SEEK_SET)  # a byte beyond the text, so that others can read who holds it
        try:
            while True:
                try:
                    msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
                    return
                except OSError:
                    if not wait:
                        raise
                    time.sleep(0.1)  # LK_LOCK would give up after ten seconds
        finally:
            os.lseek(descriptor, 0, os.SEEK_SET)

    def _share(descriptor: int) -> None:
        """Nothing to do: a folder in which a file is open can't be moved there."""

    def _probe(descriptor: int) -> None:
        _lock(descriptor, wait=False)

    def take_byte(_descriptor: int, _place: int) -> bool:
        """Granted without a lock there."""
        return True

    def byte_holder(_descriptor: int, _place: int) -> int | None:
        """Nobody."""
        return None

    def give_back_byte(_descriptor: int, _place: int) -> None:
        """Nothing to do."""
else:
    import fcntl

    def _lock(descriptor: int, wait: bool) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))

    def _share(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)

    # NFS gives an exclusive lock only on a file that is open for writing, and that may not be permitted.
    _probe = _share

    def take_byte(descriptor: int, place: int) -> bool:
        """Lock one byte of a file, beyond its end too, against other processes; False where one has it.

        The lock ends when this process closes the file, under any descriptor.
        """
        try:
            fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, place)
        except OSError as error:
            return error.errno not in {errno.EAGAIN, errno.EACCES}
        return True

    def byte_holder(descriptor: int, place: int) -> int | None:
        """The process that has locked this byte; ``None`` where none has, or the system doesn't say."""
        if not sys.platform.startswith("linux"):
            return None
        import struct  # few processes meet another one

        # struct flock: type, whence, start, length, process
        asked = struct.pack("hhqqi", fcntl.F_WRLCK, os.SEEK_SET, place, 1, 0)
        with suppress(OSError):
            found = struct.unpack("hhqqi", fcntl.fcntl(descriptor, fcntl.F_GETLK, asked))
            return found[4] if found[0] != fcntl.F_UNLCK and found[4] > 0 else None
        return None

    def give_back_byte(descriptor: int, place: int) -> None:
        with suppress(OSError):
            fcntl.lockf(descriptor, fcntl.LOCK_UN, 1, place)


class Holder(Struct, frozen=True):
    """Who has a lock, as it is written into its file."""

    pid: int
    host: str
    purpose: str = ""  # what it has the lock for, on a line of its own

    def __str__(self) -> str:
        who = f"process {self.pid} on {self.host}"
        return f"{who} (for {self.purpose})" if self.purpose else who

    @property
    def is_here(self) -> bool:
        return self.host == _host()


class Held(Exception):
    """Another process has the lock; ``holder`` is what it wrote about itself."""

    def __init__(self, holder: str) -> None:
        super().__init__(holder)
        self.holder = holder


@contextmanager
def exclusive(path: Path, on_wait: Callable[[str], None] | None = None, purpose: str = "") -> Iterator[None]:
    """Hold a lock file, which is made where there is none. Where another process has it: with ``on_wait``, call that
    with the holder's name and purpose, and wait; without, raise ``Held``. ``purpose``: what others are told.

    Raises ``NotReady`` on a file system that has no locks, where two processes could write at once.
    """
    with _locked(path, on_wait) as file:
        file.truncate(0)
        file.write("\n".join(filter(None, (str(Holder(os.getpid(), _host())), purpose))))
        file.flush()
        yield


def discard(path: Path) -> None:
    """Remove a lock file that this process holds; who waits for it makes another. Windows keeps it while it is open."""
    with suppress(OSError):
        path.unlink()


def try_exclusive(descriptor: int, seconds: float = 0.0) -> bool:
    """Lock an open file for its opener alone, trying for so many seconds; returns whether that is done.

    The lock ends when the descriptor is closed, here and in each process that has got it. Raises ``OSError`` where
    the file system has no locks; ``is_without_locks`` tells.
    """
    return _tried(_lock_at_once, descriptor, seconds)


def try_shared(descriptor: int, seconds: float = 0.0) -> bool:
    """As ``try_exclusive``, with a lock that any number of others may share; the file may be open for reading alone."""
    return _tried(_share, descriptor, seconds)


def is_without_locks(error: OSError) -> bool:
    """Whether a lock was refused since the file system has none."""
    return error.errno in NO_LOCKS


def is_held(path: Path) -> bool:
    """Whether a process holds the lock right now. Needs no right to write."""
    try:
        with open(path, encoding="utf-8") as file:
            _probe(file.fileno())
    except FileNotFoundError:
        return False
    except OSError as error:
        return not is_without_locks(error)  # where there are none, no process has one
    return False


def holder(path: Path) -> Holder | None:
    """Who holds the lock, as written in its file; ``None`` where no process does, or hasn't written it yet."""
    if not is_held(path):
        return None
    try:
        return _read(path.read_text(encoding="utf-8", errors="replace"))
    except FileNotFoundError:  # its holder has removed it
        return None


def _read(text: str) -> Holder | None:
    who, _, purpose = text.partition("\n")
    words = who.split()
    return Holder(int(words[1]), words[3], purpose) if len(words) == 4 and words[1].isdecimal() else None


@contextmanager
def _locked(path: Path, on_wait: Callable[[str], None] | None) -> Iterator[IO[str]]:
    while True:
        with open(path, "a+", encoding="utf-8", errors="replace", opener=_open_shared) as file:
            try:
                _acquire(file, on_wait)
            except OSError as error:
                if is_without_locks(error):
                    raise _without_locks(path, error) from error
                raise
            if _is_in_place(file, path):
                yield file
                return


def _is_in_place(file: IO[str], path: Path) -> bool:
    """Whether the file is still the one that others would lock: its last holder may have removed it."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), os.stat(path))
    except FileNotFoundError:
        return False


def _open_shared(path: str, flags: int) -> int:
    """Every user who may write in the folder may use the lock, and who may read it may see who has it."""
    try:
        descriptor = os.open(path, flags | os.O_EXCL, 0o666)
    except FileExistsError:
        return os.open(path, flags, 0o666)
    if os.name != "nt":
        os.fchmod(descriptor, 0o600 | os.stat(os.path.dirname(path) or ".").st_mode & 0o066)
    return descriptor


def _acquire(file: IO[str], on_wait: Callable[[str], None] | None) -> None:
    if try_exclusive(file.fileno(), INSTANT):
        return
    file.seek(0)
    text = file.read()
    holder = str(_read(text) or text or "another process")
    if on_wait is None:
        raise Held(holder)
    on_wait(holder)
    _lock(file.fileno(), wait=True)


def _lock_at_once(descriptor: int) -> None:
    _lock(descriptor, wait=False)


def _tried(take: Callable[[int], None], descriptor: int, seconds: float) -> bool:
    until = time.monotonic() + seconds
    while True:
        try:
            take(descriptor)
            return True
        except (BlockingIOError, PermissionError):  # Windows says it by the second
            if time.monotonic() >= until:
                return False
            time.sleep(PAUSE)


def _without_locks(path: Path, error: OSError) -> NotReady:
    return NotReady(
        f"{path} can't be locked: {error.strerror}; the file system there has no locks",
        "let paths in config/pipeline.yaml (for the user's store: XDG_DATA_HOME) put that folder on a disk that has"
        " them, or mount it with locks",
    )


def _host() -> str:
    return os.uname().nodename if hasattr(os, "uname") else os.environ.get("COMPUTERNAME", "this machine")
