"""Signals to processes, their groups and all their descendants, and their end.

psutil, which finds descendants, is imported only where something has to be ended.
"""

import contextlib
import os
import signal
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import psutil

LONGEST_WAIT = 1_000_000.0  # seconds; a system counts them in milliseconds, of which it takes 2**31
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
