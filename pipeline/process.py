"""The one module that starts processes, waits for them and ends them, with everything they started.

Each process leads a session, and so a process group, of its own: a Ctrl-C on the terminal reaches only
the orchestrator, which decides, and a whole group can be ended at once.
"""

import contextlib
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

Child = subprocess.Popen[bytes]
TAIL_BYTES = 64 * 1024


@dataclass(frozen=True)
class Interpreter:
    """What it takes to start Python in an environment."""

    python: Path
    prefix: Path
    variables: Mapping[str, str]


@dataclass(frozen=True)
class Completed:
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
) -> Completed:
    """Run a tool to its end. With ``log``, both output streams go there and the result's are empty.

    Raises ``TimedOut`` after ``timeout`` seconds, and ``FileNotFoundError`` where there is no such program.
    """
    with subprocess.Popen(
        argv,
        env=variables,
        stdin=subprocess.DEVNULL,
        stdout=log or subprocess.PIPE,
        stderr=log or subprocess.PIPE,
        start_new_session=True,
    ) as child:
        try:
            stdout, stderr = child.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            stop([child], grace=0)
            raise TimedOut(f"{Path(argv[0]).name} took longer than {timeout:.0f} s") from None
        except BaseException:
            stop([child], grace=0)
            raise
    return Completed(child.returncode, stdout or b"", stderr or b"")


def spawn(
    argv: Sequence[str | Path], variables: Mapping[str, str], stdin: int, stdout: int, stderr: int
) -> "subprocess.Popen[bytes]":
    """Start a process on the given descriptors and leave it to the caller."""
    return subprocess.Popen(argv, env=variables, stdin=stdin, stdout=stdout, stderr=stderr, start_new_session=True)


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


def tail(path: Path, lines: int, start: int = 0) -> list[str]:
    """The last lines of a log after its first ``start`` bytes, whatever they are; none where there is no such file."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(start, size - TAIL_BYTES))
            text = file.read().decode("utf-8", "replace")
    except FileNotFoundError:
        return []
    return text.splitlines()[-lines:]


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
