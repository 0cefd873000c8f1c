"""Removing folders and moving them out of the way, also where another process has a file of theirs open.

Windows refuses to remove or rename a file that a process has open, and names longer than 260 characters unless they
are in their extended form; a virus scanner opens each new file for a moment. So removing and moving wait, with growing
pauses, and then say which file it is and which process has it open. The system's calls are a value, ``System``, which
tests replace: this project's tests run on Linux.
"""

import errno
import os
import shutil
import stat
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath

from pipeline.envs.platform.layout import WINDOWS
from pipeline.errors import NotReady

PAUSES = (0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2)  # seconds; 6 in all
IN_USE = {32, 33}  # Windows: a sharing violation, a lock violation
DENIED = 5  # Windows: read-only, or in use as a program or a working folder
HELD = {errno.EBUSY, errno.ETXTBSY, errno.ENOTEMPTY}  # the last: another process still writes there
ASIDE = ".aside"  # ends the hidden names of folders that were moved out of the way
NAMED_PROCESSES = 5  # in a message


def extended(path: Path) -> str:
    r"""The form in which Windows takes names of any length: ``\\?\C:\…``, ``\\?\UNC\server\share\…``."""
    text = str(PureWindowsPath(path))
    if text.startswith("\\\\?\\"):
        return text
    return f"\\\\?\\UNC\\{text[2:]}" if text.startswith("\\\\") else f"\\\\?\\{text}"


def processes_that_hold(path: Path) -> list[str]:
    """Processes that have a file of this tree open, mapped, as program or as working folder, as far as we may look."""
    import psutil

    return [
        f"{process.info['name']} (process {process.info['pid']})"
        for process in psutil.process_iter(["pid", "name"])
        if any(Path(each).is_relative_to(path) for each in _held_by(process))
    ]


@dataclass(frozen=True)
class System:
    """The system's calls for removing and moving."""

    windows: bool = WINDOWS
    remove: Callable[[str], None] = shutil.rmtree
    rename: Callable[[str, str], None] = os.rename
    copy: Callable[[str, str], object] = lambda source, target: shutil.copytree(source, target, symlinks=True)
    make_writable: Callable[[str], None] = lambda path: Path(path).chmod(os.lstat(path).st_mode | stat.S_IRWXU)
    holders: Callable[[Path], list[str]] = processes_that_hold
    sleep: Callable[[float], None] = time.sleep

    def name(self, path: Path) -> str:
        return extended(path.absolute()) if self.windows else str(path)


HERE = System()


def remove_tree(path: Path, system: System = HERE) -> None:
    """Remove a folder and all in it; nothing happens where there is none.

    Raises ``NotReady`` after some seconds where another process has a file open, and ``OSError`` for other reasons.
    """
    unlocked: set[str] = set()
    pauses = iter(PAUSES)
    while True:
        try:
            system.remove(system.name(path))
            return
        except FileNotFoundError as error:
            if not os.path.lexists(path):
                return
            _pause_or_give_up(error, path, pauses, system, "removed")
        except OSError as error:
            if _is_denied(error, system) and _make_writable(error, unlocked, system):
                continue
            if not _is_held(error, system):
                raise
            _pause_or_give_up(error, path, pauses, system, "removed")


def move_aside(path: Path, system: System = HERE) -> Path:
    """Give a folder a hidden name in the same place, so that it isn't found any more. Returns its new path.

    A folder that can't be renamed because a file in it is open is copied, and then removed. Raises as ``remove_tree``.
    """
    aside = path.with_name(f".{path.name}.{os.urandom(4).hex()}{ASIDE}")
    for pause in (*PAUSES[:4], None):
        try:
            system.rename(system.name(path), system.name(aside))
            return aside
        except OSError as error:
            if not (_is_held(error, system) or error.errno == errno.EXDEV):
                raise
            if pause is None or error.errno == errno.EXDEV:
                break
            system.sleep(pause)
    try:
        system.copy(system.name(path), system.name(aside))
        remove_tree(path, system)
    except BaseException:
        system.remove(system.name(aside))
        raise
    return aside


def _pause_or_give_up(error: OSError, path: Path, pauses: Iterator[float], system: System, what: str) -> None:
    pause = next(pauses, None)
    if pause is None:
        raise _in_use(error, path, system, what) from error
    system.sleep(pause)


def _in_use(error: OSError, path: Path, system: System, what: str) -> NotReady:
    file = error.filename or path
    holders = system.holders(path)
    more = f" and {len(holders) - NAMED_PROCESSES} more" if len(holders) > NAMED_PROCESSES else ""
    named = f"{', '.join(holders[:NAMED_PROCESSES])}{more}"
    by = named if holders else "another process, which can't be found out"
    return NotReady(f"{file} can't be {what} ({error.strerror}): it is in use by {by}", "end it, then run this again")


def _is_held(error: OSError, system: System) -> bool:
    if system.windows:
        return getattr(error, "winerror", None) in {*IN_USE, DENIED} or error.errno in HELD
    return error.errno in HELD


def _is_denied(error: OSError, system: System) -> bool:
    return error.errno == errno.EACCES or (system.windows and getattr(error, "winerror", None) == DENIED)


def _make_writable(error: OSError, unlocked: set[str], system: System) -> bool:
    """Make the refused file and its folder writable; only once for each, since this isn't always the reason."""
    path = os.fspath(error.filename) if error.filename else ""
    if not path or path in unlocked:
        return False
    unlocked.add(path)
    done = False
    for each in (os.path.dirname(path), path):
        try:
            system.make_writable(each)
            done = True
        except OSError:
            continue
    return done


def _held_by(process: "object") -> Iterator[str]:
    import psutil

    assert isinstance(process, psutil.Process)
    questions: tuple[Callable[[], list[str]], ...] = (
        lambda: [file.path for file in process.open_files()],
        lambda: [file.path for file in process.memory_maps()],
        lambda: [process.exe()],
        lambda: [process.cwd()],
    )
    for question in questions:
        try:
            yield from (path for path in question() if path)
        except (psutil.Error, OSError):
            continue
