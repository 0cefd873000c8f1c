"""Which workers an invocation may use, and how one of them is had: idle, free, or started.

A pool's name is a digest of all that makes workers exchangeable: the environment's build, the variables, the runner's
own source, and the limits.
"""

import contextlib
import os
import time
from functools import cache
from pathlib import Path

from pipeline import process
from pipeline.digests import sha256_of_bytes, tagged_digest
from pipeline.executors import servers
from pipeline.executors.base import Invocation, WorkerLimits
from pipeline.executors.cold import RUNNER
from pipeline.executors.leases import RUN_VARIABLE, Lease, Pipes, Pool
from pipeline.executors.runtime_folder import Unavailable

# Of the shell that a run was started from, and not of what it does; a kept process has none of them.
OF_THE_SHELL = {RUN_VARIABLE, "_", "SHLVL", "PWD", "OLDPWD", "COLUMNS", "LINES"}


class Pools:
    """Leases of one executor."""

    def __init__(self, folder: Path, limits: WorkerLimits) -> None:
        self.folder = folder
        self._limits = limits
        self._known: dict[tuple[object, ...], Pool] = {}
        self._idle: dict[str, list[Lease]] = {}
        self._starters: list[process.Child] = []

    def pool_of(self, invocation: Invocation) -> Pool:
        key = (invocation.interpreter.prefix, frozenset(invocation.variables.items()))
        known = self._known.get(key)
        if known is None or known.interpreter != invocation.interpreter:
            known = self._known[key] = _pool(invocation, self._limits)
        return known

    def lease(self, pool: Pool, anew: bool = False) -> Lease:
        """One that is idle, else on a server that is free, else on a new one. Raises ``Unavailable``, ``OSError``."""
        while leases := self._idle.get(pool.name):
            lease = leases.pop()
            if not lease.is_dead:
                return lease
            lease.close()
        with Pipes() as pipes:
            fresh = self._connect(pool, pipes, anew)
            return Lease(pool, *pipes.kept(), fresh)

    def give_back(self, lease: Lease) -> None:
        """Kept for the next order, for a while."""
        lease.idle_since = time.monotonic()
        self._idle.setdefault(lease.pool.name, []).append(lease)

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
        process.join(self._starters, seconds=10)

    def _connect(self, pool: Pool, pipes: Pipes, anew: bool) -> bool:
        """Whether a server was started."""
        if not anew and self._connect_free_worker(pool, pipes):
            return False
        self._start_worker(pool, pipes)
        return True

    def _connect_free_worker(self, pool: Pool, pipes: Pipes) -> bool:
        for name in servers.names(self.folder, pool.name):
            with contextlib.suppress(OSError), servers.locked(self.folder, name) as lock:
                servers.hand_over(self.folder, name, [*pipes.theirs, lock])
                return True
        return False

    def _start_worker(self, pool: Pool, pipes: Pipes) -> None:
        with servers.prepared(self.folder) as log:
            for _ in range(servers.TRIES):
                name = f"{pool.name}-{os.urandom(4).hex()}"
                # Somebody who sweeps may have taken the new lock for one that was left, and removed it.
                with contextlib.suppress(BlockingIOError), servers.locked(self.folder, name) as lock:
                    return self._start(pool, name, [*pipes.theirs, lock], log)
        raise Unavailable(f"no lock can be had in {self.folder}")

    def _start(self, pool: Pool, name: str, lease: list[int], log: int) -> None:
        """A server that finds the lease at its door."""
        limits = (str(pool.limits.idle_seconds), str(pool.limits.tasks), str(pool.limits.memory))
        held = [] if pool.interpreter.lease is None else [pool.interpreter.lease]
        words = ["--serve", str(self.folder), name, *limits, str(held[0] if held else -1)]
        with servers.listen(self.folder, name) as listener:
            argv: list[str | Path] = [pool.interpreter.python, "-I", "-B", RUNNER, *words]
            servers.hand_over(self.folder, name, lease)
            try:
                self._starters.append(process.spawn(argv, pool.variables, listener.fileno(), log, log, held))
            except OSError:
                servers.remove(self.folder, name)
                raise


def _pool(invocation: Invocation, limits: WorkerLimits) -> Pool:
    interpreter = invocation.interpreter
    every = {**interpreter.variables, **invocation.variables}
    variables = {name: value for name, value in every.items() if name not in OF_THE_SHELL}
    identity = {
        "build": [str(interpreter.python), str(interpreter.prefix), interpreter.key, *_when_built(interpreter.prefix)],
        "variables": variables,
        "runner": _runner_digest(),
        "limits": [limits.idle_seconds, limits.tasks, limits.memory],
    }
    digest = tagged_digest("pool", identity).rpartition(":")[2]
    return Pool(f"worker-{digest[:16]}", interpreter, variables, limits)


def _when_built(prefix: Path) -> list[int]:
    """So that a build that took another's place gets processes of its own."""
    try:
        status = os.stat(prefix / "pyvenv.cfg")
    except OSError:
        return []
    return [status.st_ino, status.st_mtime_ns]


@cache
def _runner_digest() -> str:
    return sha256_of_bytes(b"".join(path.read_bytes() for path in sorted(RUNNER.parent.rglob("*.py"))))
