"""End every process of a run, wherever it went. The guardian runs it in an interpreter of its own.

What counts as the run's: a process that carries the run's token among its first environment variables, whatever
descends from one, and whatever shares a session with one. So a process is missed only if it has cleared its
environment *and* left its session *and* lost its parent, all three; or belongs to a user whom we may not signal.
(A library that writes its title over the process's arguments, such as setproctitle, clears what we see of it.)

Standard library and ``protocol`` only, so that it starts fast; where there is no /proc, psutil.
"""

import contextlib
import os
import signal
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from pipeline.sdk.protocol import RUN_VARIABLE

GUARDIAN_VARIABLE = "PIPELINE_GUARDIAN"  # the guardian of a run within a stage ends by itself, after its own sweep
SECONDS = 5.0  # what can't be killed by then (a disk that hangs) won't be

SURE = 10  # looks that must find nothing after something was found: another may be born in the middle of one
LOOKS = 50  # at a process in the middle of an exec, before it counts as one without an environment

Identity = tuple[int, int]  # pid, and when it started

_PROC = Path("/proc")
_STATE, _PARENT, _SESSION, _FLAGS, _THREADS, _STARTED, _ENVIRONMENT_END = 0, 1, 3, 6, 17, 19, 48
_KERNEL_THREAD = 0x00200000  # PF_KTHREAD


class ProcessEntry(NamedTuple):
    """A process as one look found it."""

    pid: int
    parent: int
    session: int
    started: int  # clock ticks after the machine's start: with the pid, it names a process for good
    entries: Sequence[bytes]  # its environment

    @property
    def identity(self) -> Identity:
        return self.pid, self.started


def sweep(
    token: str, spare: Collection[int] = (), since: int = 0, busy: Path | None = None, seconds: float = SECONDS
) -> set[int]:
    """Kill the run's processes, and look again until there is none; returns their pids.

    A token that ends with a dot stands for all that begin with it. ``since`` (from ``started_at``) skips the processes
    that are older than the run, which makes a sweep that finds nothing cost half a millisecond. ``busy`` is the folder
    of the workers that serve many runs: those at work for this one, as their busy records say, are killed, too.
    """
    return _Sweep([token], spare, since, busy).run(seconds, sure=1)


def sweep_all(tokens: Collection[str], since: int) -> set[int]:
    """As ``sweep``, of what carries one of these tokens, in one look for all of them."""
    return _Sweep(tokens, (), since, None).run(SECONDS, sure=1)


class _Sweep:
    def __init__(self, tokens: Collection[str], spare: Collection[int], since: int, busy: Path | None) -> None:
        self._marks = frozenset(f"{RUN_VARIABLE}={token}".encode() for token in tokens)
        self._families = tuple(f"{RUN_VARIABLE}={token}".encode() for token in tokens if _is_family(token))
        self._spared = {*spare, os.getpid()}
        self._roots = (
            {pid: started for token in tokens for pid, started in _busy_for(token, busy).items()} if busy else {}
        )
        self._since = 0 if self._roots else since  # a worker may be older than the run
        self._known: set[Identity] = set()  # once found, it is the run's until it is gone, whatever it has lost
        self._refused: set[Identity] = set()

    def run(self, seconds: float, sure: int) -> set[int]:
        """Until ``sure`` looks in a row find nothing, or the time is over."""
        end = time.monotonic() + seconds
        empty = 0
        while empty < sure:
            found = self._found()
            late = time.monotonic() > end
            if found:
                empty, sure = 0, SURE
                self._end(found, late)
            else:
                empty += 1
            if late:
                break
            if empty < sure:
                time.sleep(0.001)
        return {pid for pid, _ in self._known - self._refused}

    def _end(self, found: Sequence[ProcessEntry], late: bool) -> None:
        """Stop all before one is killed: a child that isn't known yet must not lose the parent that shows it."""
        fresh = [each for each in found if each.identity not in self._known]
        self._known |= {each.identity for each in fresh}
        if fresh and not late:
            self._refused |= _signal(fresh, signal.SIGSTOP)
        else:
            self._refused |= _signal(found, signal.SIGKILL)

    def _found(self) -> list[ProcessEntry]:
        seen: dict[int, ProcessEntry] = {}
        mine: set[int] = set()
        kept: set[int] = set()
        for each in _processes(self._since):
            seen[each.pid] = each
            if each.pid in self._spared or _is_guardian(each):
                kept.add(each.pid)
            elif self._is_marked(each):
                mine.add(each.pid)
                _signal([each], signal.SIGSTOP)  # at once: what forks in a loop is gone by the end of this look
        grown = -1
        while mine and grown != len(mine):
            grown = len(mine)
            sessions = {seen[pid].session for pid in mine if self._began_in_run(seen[pid].session, seen)}
            mine |= {pid for pid, each in seen.items() if each.parent in mine or each.session in sessions} - kept
        return [seen[pid] for pid in mine if seen[pid].identity not in self._refused]

    def _is_marked(self, each: ProcessEntry) -> bool:
        if not self._marks.isdisjoint(each.entries) or each.identity in self._known:
            return True
        if self._families and any(entry.startswith(self._families) for entry in each.entries):
            return True
        # A worker, and not a process that has got its number since.
        return each.pid in self._roots and self._roots[each.pid] in (0, each.started)

    def _began_in_run(self, session: int, seen: Mapping[int, ProcessEntry]) -> bool:
        """Whether all of a session is the run's: not one that is older, or of a process that is to live."""
        if session in self._spared or session <= 1:  # 0: a session of outside of this container
            return False
        return session in seen or not (_PROC / str(session)).exists()


def started_at(pid: int | None = None) -> int:
    """When a process began, for ``since``; 0 where that can't be told."""
    seen = _look(pid or os.getpid())
    return seen.started if seen else 0


def _is_family(token: str) -> bool:
    return token.endswith(".")


def _is_guardian(each: ProcessEntry) -> bool:
    return any(entry.startswith(GUARDIAN_VARIABLE.encode() + b"=") for entry in each.entries)


def _busy_for(token: str, folder: Path) -> dict[int, int]:
    """Workers at work for the run, and when each started, 0 where that isn't known."""
    from pipeline.sdk.server_protocol import BUSY, BusyRecord  # a run with fresh processes alone has no need of it

    roots: dict[int, int] = {}
    for file in folder.glob(f"*{BUSY}"):
        with contextlib.suppress(OSError):  # gone meanwhile, or another user's
            record = BusyRecord.decode(file.read_bytes())
            is_meant = record and (record.token == token or (_is_family(token) and record.token.startswith(token)))
            if record and is_meant and record.pid > 1:
                roots[record.pid] = record.started
    return roots


def _signal(processes: Collection[ProcessEntry], number: int) -> set[Identity]:
    """Returns those that don't take signals from us, such as set-user-ID programs."""
    refused: set[Identity] = set()
    for each in processes:
        try:
            _signal_one(each, number)
        except ProcessLookupError:  # gone meanwhile
            continue
        except PermissionError:
            refused.add(each.identity)
    return refused


def _signal_one(process: ProcessEntry, number: int) -> None:
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


def _processes(since: int) -> Iterator[ProcessEntry]:
    """Those that began with the run or after it, newest first: what forks in a loop is old when its turn comes."""
    if not (_PROC / "self" / "stat").exists():
        yield from _processes_by_psutil()
        return
    for pid in sorted((int(name) for name in os.listdir(_PROC) if name.isdigit()), reverse=True):
        seen = _look(pid, since)
        if seen is not None:
            yield seen


def _look(pid: int, since: int = 0) -> ProcessEntry | None:
    """None where there is no such process (any more), or it is older."""
    for _ in range(LOOKS):
        fields = _status(pid, since)
        if fields is None:
            return None
        seen = ProcessEntry(
            pid, int(fields[_PARENT]), int(fields[_SESSION]), int(fields[_STARTED]), _entries(pid, fields)
        )
        if seen.entries != [b""] or int(fields[_ENVIRONMENT_END]):
            break
        time.sleep(0.0002)  # in the middle of an exec it has no environment yet
    return seen


def _entries(pid: int, fields: Sequence[bytes]) -> Sequence[bytes]:
    if fields[_STATE] not in (b"Z", b"X"):
        return _environment(f"/proc/{pid}/environ")
    # Its first thread has ended before the others, and only those still show it.
    threads = (_environment(str(file)) for file in _PROC.glob(f"{pid}/task/*/environ"))
    return next((entries for entries in threads if len(entries) > 1), ())


def _status(pid: int, since: int) -> list[bytes] | None:
    """The fields of proc_pid_stat(5) after the name; None for what isn't alive, for the kernel's own threads, and for
    what is older. That is nearly everything, so that no more is made of it than that takes.
    """
    try:
        fields = _line(f"/proc/{pid}/stat").rpartition(b")")[2].split(None, _STARTED + 1)
    except OSError:
        return None
    if len(fields) <= _STARTED or int(fields[_STARTED]) < since or int(fields[_FLAGS]) & _KERNEL_THREAD:
        return None
    fields[-1:] = fields[-1].split()
    return None if fields[_STATE] in (b"Z", b"X") and int(fields[_THREADS]) <= 1 else fields


def _environment(path: str) -> Sequence[bytes]:
    try:
        return _read(path).split(b"\0")
    except OSError:  # another user's, or gone
        return ()


def _line(path: str) -> bytes:
    """A short one, which the kernel gives as a whole."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        return os.read(descriptor, 4096)
    finally:
        os.close(descriptor)


def _read(path: str) -> bytes:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        data = b""
        while chunk := os.read(descriptor, 1 << 17):
            data += chunk
        return data
    finally:
        os.close(descriptor)


def _processes_by_psutil() -> Iterator[ProcessEntry]:
    import psutil

    for each in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):  # gone meanwhile, or another user's
            if each.status() == psutil.STATUS_ZOMBIE:
                continue
            session = os.getsid(each.pid) if hasattr(os, "getsid") else 0
            yield ProcessEntry(
                each.pid, each.ppid() or 0, session, int(each.create_time() * 100), _environment_by_psutil(each)
            )


def _environment_by_psutil(process: Any) -> Sequence[bytes]:
    import psutil

    try:
        return [f"{name}={value}".encode("utf-8", "surrogateescape") for name, value in process.environ().items()]
    except (psutil.Error, OSError):  # one that the system protects
        return ()


def main(words: Sequence[str]) -> None:
    """As a program: the token, when the run began (``started_at``), and perhaps the folder of the workers."""
    token, since, *folder = words
    # A process may be about to begin that doesn't show its environment yet, hence so many looks.
    _Sweep([token], (), int(since), Path(folder[0]) if folder else None).run(SECONDS, SURE)
