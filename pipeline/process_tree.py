"""Signals to processes, their groups and all their descendants, and their end.

psutil, which finds descendants, is imported only where something has to be ended.
"""

import contextlib
import os
import signal
import sys
import time
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import psutil

LONGEST_WAIT = 1_000_000.0  # seconds; a system counts them in milliseconds, of which it takes 2**31
SEARCHES = 10  # for processes that a mark tells: one may be born while they are looked for
KILL = getattr(signal, "SIGKILL", signal.SIGTERM)


class Collectable(Protocol):
    """A child of ours, not collected yet."""

    pid: int

    def wait(self) -> int: ...


def signal_group(group: int, number: int) -> None:
    if hasattr(os, "killpg"):
        with contextlib.suppress(ProcessLookupError, PermissionError):  # it has ended already
            os.killpg(group, number)


def stop(children: Sequence[Collectable], grace: float) -> None:
    """End processes and all their descendants: ask, wait up to ``grace`` seconds, then kill, and collect them."""
    if not children:
        return
    import psutil

    tree = [process for child in children for process in _tree(child.pid)]
    if grace > 0:
        for child in children:
            signal_group(child.pid, signal.SIGTERM)
        _signal(tree, signal.SIGTERM)
        _, tree = psutil.wait_procs(tree, timeout=min(grace, LONGEST_WAIT))
    for child in children:
        signal_group(child.pid, KILL)
    _signal(tree, KILL)
    for child in children:
        child.wait()


def signal_tree(pid: int, number: int, itself: bool = True) -> None:
    """Send a signal to a process and all its descendants, or to those alone. Doesn't wait."""
    _signal(_tree(pid)[0 if itself else 1 :], number)


def kill_tree(pid: int) -> None:
    """Kill a child that isn't collected yet, its group and all its descendants. Doesn't wait."""
    signal_tree(pid, KILL)
    signal_group(pid, KILL)


def kill_children() -> None:
    """Kill all that this process has started, as ``kill_tree`` does. An interruption reaches only us, since each child
    leads a session of its own, and it may come before whoever started a child has got hold of it."""
    import psutil

    for child in psutil.Process().children():
        kill_tree(child.pid)


def adopt_orphans() -> None:
    """From now on, a process whose parent dies becomes our child where we are an ancestor of it (Linux, prctl(2))."""
    if sys.platform == "linux":
        import ctypes

        set_child_subreaper = 36
        ctypes.CDLL(None).prctl(set_child_subreaper, 1, 0, 0, 0)


def collect_orphans(ours: Collection[int]) -> None:
    """Collect adopted processes that have ended. Those of ``ours`` are left to who started them."""
    if not hasattr(os, "waitid"):
        return
    with contextlib.suppress(ChildProcessError):
        while (ended := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)) is not None:
            if ended.si_pid in ours:
                return  # told first, as long as it isn't collected
            os.waitpid(ended.si_pid, os.WNOHANG)


def descendants() -> "list[psutil.Process]":
    """All that this process has started or adopted and that hasn't ended."""
    import psutil

    return [each for each in psutil.Process().children(recursive=True) if _is_alive(each)]


def signal_descendants(number: int) -> None:
    """Doesn't wait."""
    _signal(descendants(), number)


def kill_descendants(seconds: float) -> None:
    """Kill and collect all that this process has started or adopted, for so many seconds at most."""
    import psutil

    until = time.monotonic() + seconds
    while (alive := descendants()) and time.monotonic() < until:
        _signal(alive, KILL)
        psutil.wait_procs(alive, timeout=0.2)


def kill_marked(variable: str, value: str) -> None:
    """Kill all processes of this user in whose first environment a variable has this value. Doesn't wait."""
    import psutil

    for _ in range(SEARCHES):
        marked = [each for each in psutil.process_iter() if _variables(each).get(variable) == value]
        if not marked:
            return
        _signal(marked, KILL)
        psutil.wait_procs(marked, timeout=0.2)


def _variables(process: "psutil.Process") -> dict[str, str]:
    import psutil

    with contextlib.suppress(psutil.Error, OSError):  # another user's, or gone
        if process.pid != os.getpid():
            return dict(process.environ())
    return {}


def _is_alive(process: "psutil.Process") -> bool:
    import psutil

    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def _tree(pid: int) -> "list[psutil.Process]":
    import psutil

    try:
        root = psutil.Process(pid)
        return [root, *root.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def _signal(tree: "Sequence[psutil.Process]", number: int) -> None:
    """Passes over what has ended, and what doesn't take signals from us."""
    import psutil

    for process in tree:
        with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            process.send_signal(number)
