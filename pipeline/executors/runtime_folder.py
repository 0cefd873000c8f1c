"""The folder of one user where servers can be found. It lasts until the machine restarts."""

import contextlib
import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

LOG = "workers.log"
LOG_BYTES = 1 << 20
TRIES = 100
LONGEST_ADDRESS = 100  # bytes of a unix socket's path, of which systems take 104 or 108


class Unavailable(Exception):
    """No worker can be started here; the message says why."""


def locate(variables: Mapping[str, str]) -> Path:
    """Where the folder is or will be; nothing is looked at."""
    if folder := variables.get("XDG_RUNTIME_DIR"):
        return Path(folder, "pipeline")
    return Path(variables.get("TMPDIR") or "/tmp", f"pipeline-{os.getuid()}")  # noqa: S108  # `ensure` checks its owner


def ensure(folder: Path) -> None:
    """Make the folder. Raises ``Unavailable`` where it isn't a folder that only this user can enter."""
    try:
        status = _made(folder)
    except OSError as error:
        raise Unavailable(f"{folder}: {error.strerror}") from error
    if not stat.S_ISDIR(status.st_mode):
        raise Unavailable(f"{folder} isn't a folder")
    if status.st_uid != os.geteuid():
        raise Unavailable(f"{folder} belongs to another user")
    if status.st_mode & 0o077:
        raise Unavailable(f"others than you may enter {folder}")


def _made(folder: Path) -> os.stat_result:
    """Another process may remove the folder between the two steps, again and again."""
    for _ in range(TRIES):
        with contextlib.suppress(FileExistsError):
            folder.mkdir(mode=0o700)
        with contextlib.suppress(FileNotFoundError):
            return folder.lstat()
    return folder.lstat()


@contextlib.contextmanager
def address(path: Path) -> Iterator[str]:
    """A path for ``bind`` and ``connect``, which take no long ones."""
    if len(os.fsencode(path)) <= LONGEST_ADDRESS:
        yield str(path)
        return
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        if not Path(f"/proc/self/fd/{folder}").is_dir():
            raise Unavailable(f"{path} is too long for a socket; set XDG_RUNTIME_DIR")
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)


def open_log(folder: Path) -> int:
    """Where servers say why they end. Kept short: the folder is usually in memory."""
    log = folder / LOG
    with contextlib.suppress(OSError):
        if log.stat().st_size > LOG_BYTES:
            log.replace(log.with_suffix(".old"))
    return os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
