"""Children, and what they leave: adopted, ended, collected."""

import _signal
import os
import sys

from stageserver.suppress import suppress

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Signals:
    """The signals that a server waits for, as bytes that can be polled."""

    def __init__(self) -> None:
        self.descriptor, write = os.pipe()
        os.set_blocking(self.descriptor, False)
        os.set_blocking(write, False)
        _signal.set_wakeup_fd(write, warn_on_full_buffer=False)
        for number in (_signal.SIGCHLD, _signal.SIGTERM):
            _signal.signal(number, lambda _number, _frame: None)

    def received(self) -> "set[int]":
        numbers = set()  # type: set[int]
        with suppress(BlockingIOError):
            while True:
                numbers.update(os.read(self.descriptor, 512))
        return numbers


def ordinary_signals() -> None:
    """In a child that is about to run a stage: as in any fresh interpreter."""
    _signal.set_wakeup_fd(-1)
    for number in (_signal.SIGCHLD, _signal.SIGTERM):
        _signal.signal(number, _signal.SIG_DFL)


def adopt_orphans() -> None:
    """From now on a process whose parent dies becomes our child if an ancestor of it was one (Linux, prctl(2))."""
    if sys.platform != "linux":
        return
    try:
        import ctypes
    except ImportError:  # an interpreter built without it: what leaves its group is out of reach then
        return
    set_child_subreaper = 36
    ctypes.CDLL(None).prctl(set_child_subreaper, 1, 0, 0, 0)


def die_with(tie: int, runner: "Any") -> None:
    """Kill this whole process group when the other end of the pipe closes, however it closes.

    On Linux the kernel does it (a signal-driven pipe, fcntl(2) F_SETSIG), so neither a stage that never
    releases the interpreter lock nor a grandchild such as ffmpeg stays behind. Elsewhere a thread waits.

    Nothing may ever be written to the pipe. A write wakes the reader first and sends the signal afterwards, so
    a process that reads quickly, and calls this then, is killed by what it has just read.
    """
    if sys.platform != "linux":
        runner.die_at_end_of(tie)
        return
    import fcntl

    set_signal = getattr(fcntl, "F_SETSIG", 10)  # Python before 3.11 lacks the name
    fcntl.fcntl(tie, fcntl.F_SETOWN, -os.getpgrp())
    fcntl.fcntl(tie, set_signal, _signal.SIGKILL)
    fcntl.fcntl(tie, fcntl.F_SETFL, fcntl.fcntl(tie, fcntl.F_GETFL) | os.O_ASYNC)
    if _is_closed(tie):  # it closed before the kernel was told to watch it
        os._exit(0)


def _is_closed(pipe: int) -> bool:
    os.set_blocking(pipe, False)
    try:
        return os.read(pipe, 1) == b""
    except BlockingIOError:
        return False


def collect(pid: int) -> "int | None":
    """A child's exit code if it has ended, negative where a signal ended it; its group is gone then."""
    if hasattr(os, "waitid"):
        if os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
            return None
        kill_group(pid)  # before it is collected: until then its number can't be given to another group
    ended, status = os.waitpid(pid, os.WNOHANG)
    if not ended:
        return None
    kill_group(pid)
    return -os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)


def kill_group(pid: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, _signal.SIGKILL)


def end_all() -> bool:
    """End every child, and those that thereby become ours. Whether any was alive."""
    found = False
    while True:
        try:
            ended, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return found
        if ended:
            continue
        found = True
        pids = _children()
        if not pids:
            return True  # this system doesn't tell their numbers
        for pid in pids:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, _signal.SIGKILL)
        os.waitpid(-1, 0)


def _children() -> "list[int]":
    pids = []
    with suppress(OSError):
        for thread in os.listdir("/proc/self/task"):
            with suppress(OSError), open("/proc/self/task/%s/children" % thread) as file:
                pids += [int(word) for word in file.read().split()]
    return pids or _children_by_scan()


def _children_by_scan() -> "list[int]":
    """For kernels without CONFIG_PROC_CHILDREN."""
    own, pids = str(os.getpid()), []
    with suppress(OSError):
        for entry in filter(str.isdigit, os.listdir("/proc")):
            with suppress(OSError), open("/proc/%s/stat" % entry, "rb") as file:
                if file.read().rpartition(b")")[2].split()[1].decode() == own:
                    pids.append(int(entry))
    return pids


def describe(code: int) -> str:
    if code >= 0:
        return "ended with exit code %d" % code
    try:
        import signal

        return "was killed by " + signal.Signals(-code).name
    except ValueError:
        return "was killed by signal %d" % -code
