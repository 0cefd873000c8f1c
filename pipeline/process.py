"""The one module that starts processes, waits for them and ends them, with everything they started.

Each process leads a session, and so a process group, of its own: a Ctrl-C on the terminal reaches only
the orchestrator, which decides, and a whole group can be ended at once.
"""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from threading import get_ident
from typing import IO

from pipeline.values import Struct

if sys.platform == "linux":
    import fcntl

Child = subprocess.Popen[bytes]
_AWAITED: dict[int, Child] = {}  # by the thread whose ``run`` waits for it
NO_WINDOW = getattr(subprocess, "CREATE_NO_WINDOW", 0)  # Windows: no console that flashes up for each tool


class Interpreter(Struct, frozen=True):
    """What it takes to start Python in an environment."""

    python: Path
    prefix: Path
    variables: Mapping[str, str]
    key: str = ""  # of the environment's content: one that others change in place isn't what it was
    lease: int | None = None  # a descriptor that keeps the build in its place, for processes that outlive the run


class Completed(Struct, frozen=True):
    """What a tool that has ended left."""

    returncode: int
    stdout: bytes
    stderr: bytes

    @property
    def error_text(self) -> str:
        return self.stderr.decode("utf-8", "replace").strip()


class TimedOut(Exception):
    """The process ran longer than it was allowed to; it and what it started are gone."""


def run(
    argv: Sequence[str | Path],
    variables: Mapping[str, str],
    timeout: float,
    log: IO[bytes] | None = None,
    umask: int = -1,
) -> Completed:
    """Run a tool to its end. With ``log``, both output streams go there and the result's are empty.

    On Linux the kernel kills the tool and its group when we die, however we do.
    Raises ``TimedOut`` after ``timeout`` seconds, and ``FileNotFoundError`` where there is no such program.
    """
    with (
        _tie() as tie,
        subprocess.Popen(
            argv,
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=log or subprocess.PIPE,
            stderr=log or subprocess.PIPE,
            start_new_session=True,
            pass_fds=tie.inherited,
            umask=umask,
            creationflags=NO_WINDOW,
        ) as child,
    ):
        tie.bind(child.pid)
        _AWAITED[get_ident()] = child
        try:
            stdout, stderr = child.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            stop([child], grace=0)
            raise TimedOut(f"{Path(argv[0]).name} took longer than {timeout:.0f} s") from None
        except BaseException:
            stop([child], grace=0)
            raise
        finally:
            del _AWAITED[get_ident()]
    return Completed(child.returncode, stdout or b"", stderr or b"")


def end_awaited(thread: int | None) -> None:
    """End what ``run`` waits for in another thread, with everything that it started; its caller gets the exit code."""
    child = _AWAITED.get(thread or 0)
    if child is not None:
        kill_tree(child.pid)


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


@contextlib.contextmanager
def _tie() -> Iterator[Tie]:
    """For a tool, which doesn't know of it."""
    tie = Tie()
    try:
        yield tie
    finally:
        tie.release()
        tie.close()


def spawn(  # noqa: PLR0913, PLR0917  # the three streams are one thing
    argv: Sequence[str | Path],
    variables: Mapping[str, str],
    stdin: int,
    stdout: int,
    stderr: int,
    keeping: Sequence[int] = (),
) -> "subprocess.Popen[bytes]":
    """Start a process on the given descriptors and leave it to the caller; those in ``keeping`` keep their numbers.

    ``keeping`` may be ``Tie.inherited``; the tie is then bound by the caller.
    """
    return subprocess.Popen(
        argv,
        env=variables,
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        pass_fds=keeping,
        start_new_session=True,
        creationflags=NO_WINDOW,
    )


def exit_descriptor(child: "subprocess.Popen[bytes]") -> int | None:
    """A descriptor that becomes readable when the process ends, so that waiting never polls; Linux only."""
    try:
        return os.pidfd_open(child.pid)
    except (AttributeError, OSError):
        return None


def ends_within(child: "subprocess.Popen[bytes]", seconds: float) -> bool:
    """Whether a process ends in time. It isn't collected where the system can tell so, and its group still is one."""
    import select

    descriptor = exit_descriptor(child)
    try:
        if descriptor is None:
            child.wait(seconds)
        return descriptor is None or bool(select.select([descriptor], [], [], seconds)[0])
    except subprocess.TimeoutExpired:
        return False
    finally:
        if descriptor is not None:
            os.close(descriptor)


def reap(child: "subprocess.Popen[bytes]") -> int:
    """Collect a process that has ended, and end what it left behind in its group. Returns its exit code."""
    # Before the wait: until then its number, which names the group, can't be given to another process.
    _signal_group(child.pid, _KILL)
    return child.wait()


def stop(children: "Sequence[subprocess.Popen[bytes]]", grace: float) -> None:
    """End processes and all their descendants: ask, wait up to ``grace`` seconds, then kill."""
    if not children:
        return
    import psutil

    tree = [process for child in children for process in _tree(child.pid)]
    if grace > 0:
        for child in children:
            _signal_group(child.pid, signal.SIGTERM)
        _each(tree, psutil.Process.terminate)
        _, tree = psutil.wait_procs(tree, timeout=grace)
    for child in children:
        _signal_group(child.pid, _KILL)
    _each(tree, psutil.Process.kill)
    for child in children:
        child.wait()


def join(children: "Sequence[subprocess.Popen[bytes]]", seconds: float) -> None:
    """Collect processes that are ending by themselves; one that isn't is killed."""
    for child in children:
        try:
            child.wait(seconds)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def signal_tree(pid: int, number: int, itself: bool = True) -> None:
    """Send a signal to a process and all its descendants, or to those alone. Doesn't wait."""
    import psutil

    for member in _tree(pid)[0 if itself else 1 :]:
        with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            member.send_signal(number)


def kill_tree(pid: int) -> None:
    """Kill a child that isn't collected yet, its group and all its descendants. Doesn't wait."""
    signal_tree(pid, _KILL)
    _signal_group(pid, _KILL)


def kill_children() -> None:
    """Kill all that this process has started, as ``kill_tree`` does. An interruption reaches only us, since each child
    leads a session of its own, and it may come before whoever started a child has got hold of it."""
    import psutil

    for child in psutil.Process().children():
        kill_tree(child.pid)


_KILL = getattr(signal, "SIGKILL", signal.SIGTERM)


def _signal_group(group: int, number: int) -> None:
    if hasattr(os, "killpg"):
        with contextlib.suppress(ProcessLookupError, PermissionError):  # it has ended already
            os.killpg(group, number)


def _tree(pid: int) -> list:  # type: ignore[type-arg]  # psutil is imported only where something must be stopped
    import psutil

    try:
        root = psutil.Process(pid)
        return [root, *root.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def _each(tree: list, action) -> None:  # type: ignore[no-untyped-def,type-arg]
    import psutil

    for process in tree:
        with contextlib.suppress(psutil.NoSuchProcess):
            action(process)
