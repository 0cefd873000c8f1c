"""Which process uses which GPU of this machine, among all runs of all users: files that are locked while in use.

One file is one lease. The process that has it holds a lock on it, so that the lease ends with the process, however it
ends. The file of a process that ended doesn't count, and the next process that is allowed to removes it.
"""

import contextlib
import errno
import json
import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import NotReady
from pipeline.files import publish
from pipeline.host.gpus import VISIBLE, Gpu
from pipeline.locks import try_exclusive

FOLDER_VARIABLE = "PIPELINE_GPU_LEASES"  # for containers that share cards but no temporary folder
DECIDING_SECONDS = 0.5  # choosing cards takes a millisecond; a process that takes longer is stopped or hangs
LEASE_LIMIT = 64 * 1024  # bytes
# Another user may have put a link or a named pipe there.
_OPEN = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)


@dataclass(frozen=True)
class FileLease:
    cards: tuple[str, ...]  # UUIDs
    file: Path
    descriptor: int  # holds the lock; children don't inherit it, so that none keeps a card

    @property
    def variables(self) -> dict[str, str]:
        return {VISIBLE: ",".join(self.cards)}

    def release(self) -> None:
        with contextlib.suppress(OSError):  # Windows removes no open file; the next allocator does
            self.file.unlink()
        os.close(self.descriptor)

    def hand_over(self) -> None:
        """It lasts as long as another process has its descriptor; then the next allocator removes its file."""
        os.close(self.descriptor)


class LeaseFolder:
    """A folder of leases, which every user of the machine may write to."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def lease(self, gpus: Sequence[Gpu], count: int, memory: int | None) -> FileLease | None:
        """``count`` of the cards, whole or ``memory`` bytes of each; None where they aren't free now.

        Raises ``NotReady`` where the folder can't be used.
        """
        try:
            _make(self._folder)
            with self._deciding() as may_decide:
                cards = _choice(gpus, count, memory, self._taken()) if may_decide else None
                return self._write(cards, memory) if cards else None
        except OSError as error:
            raise NotReady(
                f"GPUs can't be leased in {self._folder}: {error.strerror}",
                f"make {self._folder} a folder that every user can write to, or set {FOLDER_VARIABLE} to one",
            ) from error

    @contextmanager
    def _deciding(self) -> Iterator[bool]:
        """Only one process chooses cards at a time. Yields False where another one doesn't finish."""
        descriptor = _open_shared(self._folder / "deciding.lock")
        try:
            yield try_exclusive(descriptor, DECIDING_SECONDS)
        finally:
            os.close(descriptor)

    def _taken(self) -> dict[str, int | None]:
        """Bytes in use by card, None where it is in use as a whole."""
        taken: dict[str, int | None] = {}
        for file in self._folder.glob("*.lease"):
            for card, size in _read_if_alive(file).items():
                before = taken.get(card, 0)
                taken[card] = None if size is None or before is None else before + size
        return taken

    def _write(self, cards: Sequence[Gpu], memory: int | None) -> FileLease:
        file = self._folder / f"{os.getpid()}-{os.urandom(6).hex()}.lease"
        content = {card.uuid: None if card.memory is None else memory for card in cards}
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_EXCL | _OPEN, 0o644)
        try:
            _lock(descriptor)
            _set_mode(descriptor, 0o644)  # whatever the umask: others must be able to look
            os.write(descriptor, json.dumps(content).encode())
        except BaseException:
            os.close(descriptor)
            file.unlink()
            raise
        return FileLease(tuple(content), file, descriptor)


def shared_folder(variables: Mapping[str, str]) -> Path:
    """The folder that all users of this machine share: not ``TMPDIR``, which each user may set."""
    if given := variables.get(FOLDER_VARIABLE):
        return Path(given)
    if os.name == "nt":
        import tempfile

        return Path(tempfile.gettempdir()) / "pipeline-gpus"
    # Some systems let only root write into /run/lock; then root must use /tmp as all others do.
    below = next((Path(name) for name in ("/run/lock", "/tmp") if _is_for_all(name)), Path("/tmp"))  # noqa: S108
    return below / "pipeline-gpus"


def _choice(
    gpus: Sequence[Gpu], count: int, memory: int | None, taken: Mapping[str, int | None]
) -> Sequence[Gpu] | None:
    """The cards with the least room that is still enough, so that whole ones stay whole; None if there are too few."""
    rooms = {card: _room(card, memory, taken.get(card.uuid, 0)) for card in gpus}
    fitting = sorted((card for card in gpus if rooms[card] is not None), key=lambda card: rooms[card] or 0)
    return fitting[:count] if len(fitting) >= count else None


def _room(card: Gpu, memory: int | None, taken: int | None) -> int | None:
    """What would be left free of a card; None where the request doesn't fit."""
    if memory is None or card.memory is None:
        return 0 if taken == 0 else None
    return None if taken is None or taken + memory > card.memory else card.memory - taken - memory


def _read_if_alive(file: Path) -> dict[str, int | None]:
    """Bytes by card, as a lease's file has them; empty where its process has ended, or where it isn't a lease."""
    try:
        descriptor = os.open(file, os.O_RDONLY | _OPEN)
    except OSError:  # released right now, or not a lease
        return {}
    try:
        if try_exclusive(descriptor):
            with contextlib.suppress(OSError):  # another user's: the folder is sticky, so only they or root may
                file.unlink()
            return {}
        return _content(os.read(descriptor, LEASE_LIMIT))
    except OSError:
        return {}
    finally:
        os.close(descriptor)


def _content(data: bytes) -> dict[str, int | None]:
    try:
        fields = json.loads(data)
    except ValueError:
        return {}
    if not isinstance(fields, dict):
        return {}
    return {str(card): size for card, size in fields.items() if size is None or (type(size) is int and size >= 0)}


def _make(folder: Path) -> None:
    """Make the folder, with the right to write for all users from its first moment on."""
    if folder.is_symlink():
        raise NotADirectoryError(20, "it is a link, which could lead anywhere", str(folder))
    if folder.is_dir():
        return
    beside = folder.with_name(f".{folder.name}.{os.urandom(6).hex()}.tmp")
    beside.mkdir()
    try:
        beside.chmod(0o1777)  # after the umask; sticky, so that nobody removes another user's lease
        if publish(beside, folder):
            return
    except OSError:
        beside.rmdir()
        raise
    beside.rmdir()  # another process was faster


def _open_shared(file: Path) -> int:
    """Open a file that any user may have made. It isn't created in the same call, since Linux refuses ``O_CREAT`` on
    another user's file in a sticky folder (fs.protected_regular)."""
    while True:
        try:
            return os.open(file, os.O_RDONLY | _OPEN)
        except FileNotFoundError:
            with contextlib.suppress(FileExistsError):
                descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_EXCL | _OPEN, 0o644)
                _set_mode(descriptor, 0o644)
                return descriptor


def _lock(descriptor: int) -> None:
    """Lock a lease that is new. Nobody else has its lock: only the process that chooses cards reads leases."""
    if not try_exclusive(descriptor):
        raise BlockingIOError(errno.EAGAIN, "another process locked it")


def _set_mode(descriptor: int, mode: int) -> None:
    if hasattr(os, "fchmod"):
        os.fchmod(descriptor, mode)


def _is_for_all(folder: str) -> bool:
    try:
        mode = os.stat(folder).st_mode
    except OSError:
        return False
    return bool(mode & stat.S_IWOTH and mode & stat.S_ISVTX)
