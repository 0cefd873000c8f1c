"""The person's own file, where stages read it by a link: they are kept from writing to it, and it is put back.

On Linux, a stage's process gets a mount of its own at the file's place, by which it can only be read
(``sdk/confinement.py``). Not everywhere does the system allow that.
"""

import os
import stat
import sys
from functools import lru_cache
from pathlib import Path

from pipeline import process
from pipeline.envs.variables import without_python
from pipeline.values import Struct

PROGRAM = Path(__file__).parents[1] / "sdk" / "confinement.py"
SECONDS = 20.0


class FileAttributes(Struct, frozen=True):
    """What may be changed of a file without writing to it."""

    mode: int
    owner: int
    group: int
    mtime_ns: int


def attributes_of(file: Path) -> FileAttributes:
    """Raises ``OSError``."""
    status = os.stat(file)
    return FileAttributes(stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid, status.st_mtime_ns)


def put_back(file: Path, before: FileAttributes, with_time: bool) -> bool:
    """Give the file its attributes back; ``with_time``: its bytes are the same, too.

    Returns whether it had others. Raises ``OSError``.
    """
    now = attributes_of(file)
    if (now.owner, now.group) != (before.owner, before.group):
        os.chown(file, before.owner, before.group)
    if now.mode != before.mode:
        file.chmod(before.mode)
    if with_time and now.mtime_ns != before.mtime_ns:
        os.utime(file, ns=(os.stat(file).st_atime_ns, before.mtime_ns))
    return now != before


@lru_cache(maxsize=1000)
def can_protect(file: Path) -> bool:
    """Whether the system lets a process make a file read-only for itself. It is tried: it may be forbidden in many
    ways."""
    if sys.platform != "linux":
        return False
    try:
        tried = process.run([sys.executable, "-I", PROGRAM, "--protect", file], without_python(os.environ), SECONDS)
    except (OSError, process.TimedOut):
        return False
    return tried.returncode == 0
