"""End every process of a run, wherever it went. Run by path by the guardian, and imported by the orchestrator.

What counts as the run's: a process that carries the run's token among its first environment variables, whatever
descends from one, and whatever shares a session with one. So a process is missed only if it has cleared its
environment *and* left its session *and* lost its parent, all three; or belongs to a user whom we may not signal.
(A library that writes its title over the process's arguments, such as setproctitle, clears what we see of it.)

Standard library only, so that it starts fast and works without our own environment; where there is no /proc, psutil.
"""

import contextlib
import os
import signal
import sys
import time
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TOKEN_VARIABLE = "PIPELINE_RUN"  # noqa: S105  # no secret: it tells runs apart
GUARDIAN_VARIABLE = "PIPELINE_GUARDIAN"  # the guardian of a run within a stage ends by itself, after its own sweep
SECONDS = 5.0  # what can't be killed by then (a disk that hangs) won't be

_PROC = Path("/proc")


@dataclass(frozen=True)
class Seen:
    pid: int
    parent: int
    session: int
    started: int  # clock ticks after the machine's start: with the pid, it names a process for good
    entries: Collection[bytes]  # its environment

    @property
    def identity(self) -> tuple[int, int]:
        return self.pid, self.started


def sweep(
    token: str, spare: Collection[int] = (), since: int = 0, busy: Path | None = None, seconds: float = SECONDS
) -> set[int]:
    """Kill the run's processes, again until there is none; returns their pids.

    ``since`` (from ``started_at``) skips the processes that are older than the run, which makes a sweep that finds
    nothing cost half a millisecond. ``busy`` is the folder of the workers that serve many runs: what its ``*.busy``
    files say is at work for this one is killed, too.
    """
    spared = {*spare, os.getpid()}
    roots = _busy_for(token, busy) if busy else {}
    stopped: set[tuple[int, int]] = set()
    refused: set[tuple[int, int]] = set()
    end = time.monotonic() + seconds
    while found := [
        each for each in _of_run(token, spared, 0 if roots else since, roots) if each.identity not in refused
    ]:
        # All are stopped before one is killed: a child that isn't known yet must not lose the parent that shows it.
        fresh = [each for each in found if each.identity not in stopped]
        late = time.monotonic() > end
        killing = late or not fresh
        refused |= _signal(found, signal.SIGKILL) if killing else _signal(fresh, signal.SIGSTOP)
        stopped |= {each.identity for each in fresh}
        if late:
            break
        if killing:
            time.sleep(0.001)  # dying takes a moment
    return {pid for pid, _ in stopped - refused}


def started_at(pid: int | None = None) -> int:
    """When a process began, for ``since``; 0 where that can't be told."""
    seen = _look(pid or os.getpid())
    return seen.started if seen else 0


def _of_run(token: str, spared: Collection[int], since: int, roots: Mapping[int, int | None]) -> list[Seen]:
    seen = {each.pid: each for each in _processes(since)}
    entry = f"{TOKEN_VARIABLE}={token}".encode()
    mine = {pid for pid, each in seen.items() if entry in each.entries or _is_root(each, roots)}
    mine -= {pid for pid, each in seen.items() if pid in spared or _is_guardian(each)}
    grown = -1
    while mine and grown != len(mine):
        grown = len(mine)
        sessions = {seen[pid].session for pid in mine if _began_in_run(seen[pid].session, seen, spared)}
        mine |= {
            pid
            for pid, each in seen.items()
            if (each.parent in mine or each.session in sessions) and pid not in spared and not _is_guardian(each)
        }
    return [seen[pid] for pid in mine]


def _began_in_run(session: int, seen: Mapping[int, Seen], spared: Collection[int]) -> bool:
    """Whether all of a session is the run's: not one that is older, or of a process that is to live."""
    if session in spared or session <= 1:  # 0: a session of outside of this container
        return False
    return session in seen or not (_PROC / str(session)).exists()


def _is_root(each: Seen, roots: Mapping[int, int | None]) -> bool:
    """Whether it is the process that a busy file means, and not one that has got its number since."""
    return each.pid in roots and roots[each.pid] in (None, each.started)


def _is_guardian(each: Seen) -> bool:
    return any(entry.startswith(GUARDIAN_VARIABLE.encode() + b"=") for entry in each.entries)


def _busy_for(token: str, folder: Path) -> dict[int, int | None]:
    """Workers at work for the run, and when each started if the file says so: "TOKEN PID [STARTED]"."""
    roots: dict[int, int | None] = {}
    for file in folder.glob("*.busy"):
        with contextlib.suppress(OSError, ValueError):  # gone meanwhile, or not ours
            first, *numbers = file.read_text(encoding="ascii").split()
            if first == token and numbers and int(numbers[0]) > 1:
                roots[int(numbers[0])] = int(numbers[1]) if len(numbers) > 1 else None
    return roots


def _signal(processes: Collection[Seen], number: int) -> set[tuple[int, int]]:
    """Returns those that don't take signals from us, such as set-user-ID programs."""
    refused: set[tuple[int, int]] = set()
    for each in processes:
        try:
            _signal_one(each, number)
        except ProcessLookupError:  # gone meanwhile
            continue
        except PermissionError:
            refused.add(each.identity)
    return refused


def _signal_one(process: Seen, number: int) -> None:
    """To this process, and not to another one that has its number by now."""
    try:
        descriptor = os.pidfd_open(process.pid)
    except (AttributeError, OSError):  # no such call here, or no such process
        os.kill(process.pid, number)
        return
    try:
        if started_at(process.pid) == process.started:
            signal.pidfd_send_signal(descriptor, number)
    finally:
        os.close(descriptor)


def _processes(since: int) -> Iterator[Seen]:
    """Those that began with the run or after it, newest first: what forks in a loop is old when its turn comes."""
    if not (_PROC / "self" / "stat").exists():
        yield from _processes_by_psutil()
        return
    for pid in sorted((int(name) for name in os.listdir(_PROC) if name.isdigit()), reverse=True):
        seen = _look(pid, since)
        if seen is not None:
            yield seen


def _look(pid: int, since: int = 0) -> Seen | None:
    """See proc_pid_stat(5). None where there is no such process (any more), or it is older."""
    try:
        fields = _read(f"/proc/{pid}/stat").rpartition(b")")[2].split()
    except OSError:
        return None
    if not fields or int(fields[19]) < since:
        return None
    dead = fields[0] in (b"Z", b"X")
    if dead and int(fields[17]) <= 1:
        return None
    entries = _any_thread_environment(pid) if dead else _environment(f"/proc/{pid}/environ")
    return Seen(pid, int(fields[1]), int(fields[3]), int(fields[19]), entries)


def _any_thread_environment(pid: int) -> Collection[bytes]:
    """Of a process whose first thread has ended before the others: only those still show it."""
    for file in _PROC.glob(f"{pid}/task/*/environ"):
        if len(entries := _environment(str(file))) > 1:
            return entries
    return ()


def _environment(path: str) -> Collection[bytes]:
    try:
        return _read(path).split(b"\0")
    except OSError:  # another user's, or gone
        return ()


def _read(path: str) -> bytes:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        data = b""
        while chunk := os.read(descriptor, 1 << 17):
            data += chunk
        return data
    finally:
        os.close(descriptor)


def _processes_by_psutil() -> Iterator[Seen]:
    import psutil

    for each in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):  # gone meanwhile, or another user's
            if each.status() == psutil.STATUS_ZOMBIE:
                continue
            session = os.getsid(each.pid) if hasattr(os, "getsid") else 0
            yield Seen(each.pid, each.ppid() or 0, session, int(each.create_time() * 100), _environment_by_psutil(each))


def _environment_by_psutil(process: Any) -> Collection[bytes]:
    import psutil

    try:
        return [f"{name}={value}".encode("utf-8", "surrogateescape") for name, value in process.environ().items()]
    except (psutil.Error, OSError):  # one that the system protects
        return ()


if __name__ == "__main__":
    sweep(sys.argv[1], since=int(sys.argv[2]), busy=Path(sys.argv[3]) if len(sys.argv) > 3 else None)
