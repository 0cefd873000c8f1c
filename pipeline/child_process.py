"""A process that was started: what ties it to us, when it ends, and how it is collected. ``process`` starts them."""

import contextlib
import os
import signal
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pipeline.process_tree import KILL, LONGEST_WAIT, signal_group
from pipeline.values import Struct

if sys.platform == "linux":
    import fcntl

if TYPE_CHECKING:
    from typing import Protocol

    class Collector(Protocol):
        """Who started a process in another way than by ``posix_spawn``, and is to collect it then: ``Popen``."""

        def poll(self) -> int | None: ...

        def wait(self) -> int: ...


UNKNOWN = 255  # the exit code of a child that others have collected: never a success


class ResourceUse(Struct, frozen=True):
    """What a process used, with all of its own children that it waited for."""

    cpu_seconds: float
    memory: int | None = None  # bytes that it had at most at a time; None where that isn't known


class Child:
    """A process that was started, until it is collected."""

    def __init__(self, pid: int, collector: "Collector | None" = None) -> None:
        self.pid = pid
        self.returncode: int | None = None  # negative where a signal ended it
        self.used: ResourceUse | None = None  # once it is collected, where the system tells
        self._collector = collector

    def poll(self) -> int | None:
        """Its exit code, once it has ended."""
        if self.returncode is None:
            self.returncode = self._collector.poll() if self._collector else self._collected(os.WNOHANG)
        return self.returncode

    def wait(self) -> int:
        if self.returncode is None:
            self.returncode = self._collector.wait() if self._collector else self._collected(0)
        assert self.returncode is not None
        return self.returncode

    def kill(self) -> None:
        if self.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, KILL)

    def _collected(self, flags: int) -> int | None:
        try:
            pid, status, used = os.wait4(self.pid, flags)
        except ChildProcessError:
            return UNKNOWN
        if not pid:
            return None
        self.used = ResourceUse(round(used.ru_utime + used.ru_stime, 3), _memory(used.ru_maxrss))
        return os.waitstatus_to_exitcode(status)


def _memory(peak: int) -> int | None:
    """The kernel counts what we had ourselves when we started a process as the process's own, so less than that isn't
    known: setmax_mm_hiwater_rss in its fs/exec.c.
    """
    import resource

    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak * (1024 if sys.platform == "linux" else 1) if peak > own else None


class Tie:
    """A pipe whose reading end a process inherits without knowing, and whose writing end only we hold.

    When that closes, since we died, the kernel kills the process and its group: what ``bind`` sets with fcntl(2)
    belongs to the open file, so it outlives us. Linux only; elsewhere this does nothing.

    Nothing is ever written to it. A write wakes the reader of a pipe first and sends the signal afterwards, so a
    process that is bound to the pipe by which it gets something may be killed by what it has just read.
    """

    def __init__(self) -> None:
        self._reading, self._writing = os.pipe()
        self.inherited = (self._reading,) if sys.platform == "linux" else ()

    def bind(self, group: int) -> None:
        """The kernel kills this process group from now on when we die."""
        if sys.platform == "linux":
            fcntl.fcntl(self._reading, fcntl.F_SETOWN, -group)
            fcntl.fcntl(self._reading, fcntl.F_SETSIG, signal.SIGKILL)
            fcntl.fcntl(self._reading, fcntl.F_SETFL, os.O_ASYNC)

    def release(self) -> None:
        """What the process left in its group lives on when the tie closes."""
        if sys.platform == "linux":
            fcntl.fcntl(self._reading, fcntl.F_SETFL, 0)

    def close(self) -> None:
        os.close(self._reading)
        os.close(self._writing)


def exit_descriptor(child: Child) -> int | None:
    """A descriptor that becomes readable when the process ends, so that waiting never polls; Linux only."""
    try:
        return os.pidfd_open(child.pid)
    except (AttributeError, OSError):
        return None


def ends_within(child: Child, seconds: float) -> bool:
    """Whether a process ends in time. It isn't collected where the system can tell so, and its group still is one."""
    import select
    import time

    descriptor = exit_descriptor(child)
    if descriptor is not None:
        try:
            return bool(select.select([descriptor], [], [], min(seconds, LONGEST_WAIT))[0])
        finally:
            os.close(descriptor)
    end = time.monotonic() + seconds
    while child.poll() is None and time.monotonic() < end:
        time.sleep(0.05)  # a system that tells of no process's end
    return child.returncode is not None


def reap(child: Child) -> int:
    """Collect a process that has ended, and end what it left behind in its group. Returns its exit code."""
    # Before the wait: until then its number, which names the group, can't be given to another process.
    signal_group(child.pid, KILL)
    return child.wait()


def join(children: Sequence[Child], seconds: float) -> None:
    """Collect processes that are ending by themselves; one that isn't is killed."""
    for child in children:
        if not ends_within(child, seconds):
            child.kill()
        child.wait()
