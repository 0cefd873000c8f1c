"""Which workers an invocation may use, and how one of them is had: idle, free, or started.

A kind of workers is named by a digest of all that makes them exchangeable: the environment's build, the variables,
the umask, the runner's own files, and the limits.
"""

import contextlib
import os
import time
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from pipeline import child_process, process
from pipeline.digests import tagged_digest
from pipeline.executors import servers
from pipeline.executors.base import Invocation, WorkerLimits
from pipeline.executors.runner import RUNNER, command
from pipeline.executors.runtime_folder import Unavailable
from pipeline.executors.worker_lease import LeasePipes, WorkerKind, WorkerLease
from pipeline.executors.worker_run import WorkerRun
from pipeline.process import Interpreter
from pipeline.sdk.protocol import RUN_VARIABLE, SERVE
from pipeline.sdk.server_protocol import ServerArguments
from pipeline.signatures import signature_in
from pipeline.values import plain

# They belong to the shell that a run was started from. A worker outlives it and has none of them.
OF_THE_SHELL = {RUN_VARIABLE, "_", "SHLVL", "PWD", "OLDPWD", "COLUMNS", "LINES"}


class WorkerPool:
    """The workers that one executor has, or could have."""

    def __init__(self, folder: Path, limits: WorkerLimits, pipes: type[LeasePipes] = LeasePipes) -> None:
        self.folder = folder
        self._pipes = pipes
        self._limits = limits
        self._kinds: dict[tuple[object, ...], WorkerKind] = {}
        self._idle: dict[str, list[WorkerLease]] = {}
        self._starters: list[child_process.Child] = []

    def kind_of(self, invocation: Invocation) -> WorkerKind:
        interpreter = invocation.interpreter
        key = (interpreter.prefix, *_when_built(interpreter.prefix), frozenset(invocation.variables.items()))
        kind = self._kinds.get(key)
        if kind is None or not _are_alike(kind.interpreter, interpreter):
            kind = self._kinds[key] = _kind(invocation, self._limits)
        return kind

    def start(self, kind: WorkerKind, invocation: Invocation, fresh: bool) -> WorkerRun:
        """Order it from a worker that ``lease`` gives. Raises ``Unavailable``, ``OSError``."""
        lease = self.lease(kind, fresh)
        try:
            lease.order(invocation)
        except BrokenPipeError:  # it ended since we looked
            lease.close()
            lease = self.lease(kind, fresh=True)
            with contextlib.suppress(BrokenPipeError):  # it shows as an end without an answer
                lease.order(invocation)
        return WorkerRun(invocation, lease)

    def lease(self, kind: WorkerKind, fresh: bool = False) -> WorkerLease:
        """One that is idle, else on a worker that is free (unless a ``fresh`` one is wanted), else on a new one.

        Raises ``Unavailable``, ``OSError``.
        """
        while leases := self._idle.get(kind.name):
            lease = leases.pop()
            if not lease.is_dead:
                return lease
            lease.close()
        with self._pipes() as pipes:
            fresh = fresh or not self._connect_free_worker(kind, pipes)
            if fresh:
                self._start_worker(kind, pipes)
            return WorkerLease(kind, *pipes.take(), fresh)

    def give_back(self, lease: WorkerLease) -> None:
        """It waits for the next order, for a while."""
        lease.idle_since = time.monotonic()
        self._idle.setdefault(lease.kind.name, []).append(lease)

    def release(self, older_than: float) -> float | None:
        """End leases that were idle for so many seconds: others may want them. Returns when the next is due."""
        now = time.monotonic()
        for leases in self._idle.values():
            for lease in [lease for lease in leases if now - lease.idle_since >= older_than]:
                leases.remove(lease)
                lease.close()
        self._starters = [child for child in self._starters if child.poll() is None]
        return min((lease.idle_since + older_than for leases in self._idle.values() for lease in leases), default=None)

    def close(self) -> None:
        self.release(older_than=0)
        child_process.join(self._starters, seconds=10)

    def _connect_free_worker(self, kind: WorkerKind, pipes: LeasePipes) -> bool:
        for name in servers.names(self.folder, kind.name):
            with contextlib.suppress(OSError), servers.locked(self.folder, name) as lock:
                servers.hand_over(self.folder, name, [*pipes.theirs, lock])
                return True
        return False

    def _start_worker(self, kind: WorkerKind, pipes: LeasePipes) -> None:
        with servers.prepared(self.folder) as log:
            for _ in range(servers.TRIES):
                name = f"{kind.name}-{os.urandom(4).hex()}"
                # Somebody who sweeps may have taken the new lock for one that was left, and removed it.
                with contextlib.suppress(BlockingIOError), servers.locked(self.folder, name) as lock:
                    return self._start_server(kind, name, [*pipes.theirs, lock], log)
        raise Unavailable(f"no lock can be had in {self.folder}")

    def _start_server(self, kind: WorkerKind, name: str, lease: list[int], log: int) -> None:
        """A server that finds the lease at its door."""
        limits, held = kind.limits, kind.interpreter.lease
        descriptor = -1 if held is None else held
        arguments = ServerArguments(
            self.folder, name, limits.idle_seconds, limits.tasks, limits.memory, descriptor
        ).encode()
        with contextlib.closing(servers.listen(self.folder, name)) as listener:
            servers.hand_over(self.folder, name, lease)
            argv = command(kind.interpreter.python, SERVE, *arguments)
            keeping = [] if held is None else [held]
            try:
                self._starters.append(process.spawn(argv, kind.variables, listener.fileno(), log, log, keeping))
            except OSError:
                servers.remove(self.folder, name)
                raise


def _are_alike(one: Interpreter, other: Interpreter) -> bool:
    """Whether a worker of the one will do for the other: to compare is less work than to name a kind, and on a node,
    each invocation has a token of its own."""
    if one == other:
        return True
    same = (one.python, one.prefix, one.key, one.lease) == (other.python, other.prefix, other.key, other.lease)
    return same and _lasting(one.variables) == _lasting(other.variables)


def _lasting(variables: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in variables.items() if name not in OF_THE_SHELL}


def _kind(invocation: Invocation, limits: WorkerLimits) -> WorkerKind:
    interpreter = invocation.interpreter
    variables = _lasting({**interpreter.variables, **invocation.variables})
    identity = {
        "build": [str(interpreter.python), str(interpreter.prefix), interpreter.key, *_when_built(interpreter.prefix)],
        "variables": variables,
        "runner": _runner(),
        "limits": [limits.idle_seconds, limits.tasks, limits.memory],
        "umask": _umask(),  # which decides who may read what stages write
        "niceness": _niceness(),  # a worker keeps that of the run that started it
    }
    digest = tagged_digest("worker", identity).rpartition(":")[2]
    return WorkerKind(f"worker-{digest[:16]}", interpreter, variables, limits)


def _umask() -> int:
    current = os.umask(0o077)
    os.umask(current)
    return current


def _niceness() -> int:
    return os.getpriority(os.PRIO_PROCESS, 0) if hasattr(os, "getpriority") else 0


def _when_built(prefix: Path) -> list[int]:
    """So that a build that took another's place gets processes of its own."""
    try:
        status = os.stat(os.path.join(prefix, "pyvenv.cfg"))
    except OSError:
        return []
    return [status.st_ino, status.st_mtime_ns]


@cache
def _runner() -> str:
    """A digest of what the file system says of the runner's files: to read them takes six times as long."""
    return tagged_digest("runner", _runner_files(str(RUNNER.parent)))


def _runner_files(folder: str) -> list[list[object]]:
    files = list[list[object]]()
    for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
        if entry.is_dir():
            files += _runner_files(entry.path)
        elif entry.name.endswith(".py"):
            files.append([entry.path, plain(signature_in(entry.stat()))])
    return files
