"""The one module that starts processes. ``child_process`` ties them to us, waits for them and collects them, and
``process_tree`` ends them with all that they started.

Each process leads a session, and so a process group, of its own: a Ctrl-C on the terminal reaches only
the orchestrator, which decides, and a whole group can be ended at once.
"""

import contextlib
import os
import signal
import sys
from _thread import get_ident
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING

from pipeline.child_process import Child, Tie
from pipeline.process_tree import LONGEST_WAIT, kill_tree, stop
from pipeline.values import Struct

if TYPE_CHECKING:
    import subprocess

_AWAITED: dict[int, "subprocess.Popen[bytes]"] = {}  # by the thread whose ``run`` waits for it
NO_WINDOW = 0x08000000 if os.name == "nt" else 0  # CREATE_NO_WINDOW: no console that flashes up for each tool
# Python ignores the first two, and who starts us may ignore the third; a program expects them as the system has them.
_RESTORED = [getattr(signal, name) for name in ("SIGPIPE", "SIGXFSZ", "SIGCHLD") if hasattr(signal, name)]


class Interpreter(Struct, frozen=True):
    """What it takes to start Python in an environment."""

    python: Path
    prefix: Path
    variables: Mapping[str, str]
    key: str = ""  # of the environment's content: one that others change in place isn't what it was
    lease: int | None = None  # a descriptor that keeps the build in its place, for processes that outlive the run


class CompletedProcess(Struct, frozen=True):
    """What a tool that has ended left."""

    returncode: int
    stdout: bytes
    stderr: bytes

    @property
    def error_text(self) -> str:
        return self.stderr.decode("utf-8", "replace").strip()


class TimedOut(Exception):
    """The process ran longer than it was allowed to; it and what it started are gone."""


def run(  # noqa: PLR0913, PLR0917  # the streams are the tool's
    argv: Sequence[str | Path],
    variables: Mapping[str, str],
    timeout: float,
    log: IO[bytes] | None = None,
    umask: int = -1,
    stdin: IO[bytes] | None = None,
) -> CompletedProcess:
    """Run a tool to its end; it reads ``stdin``, or nothing.

    With ``log``, both output streams go there and the result's are empty.

    On Linux the kernel kills the tool and its group when we die, however we do.
    Raises ``TimedOut`` after ``timeout`` seconds, and ``FileNotFoundError`` where there is no such program.
    """
    import subprocess

    with (
        _tie() as tie,
        subprocess.Popen(
            argv,
            env=variables,
            stdin=stdin or subprocess.DEVNULL,
            stdout=log or subprocess.PIPE,
            stderr=log or subprocess.PIPE,
            start_new_session=True,
            pass_fds=tie.inherited,
            umask=umask,
            creationflags=NO_WINDOW,
        ) as child,
    ):
        tie.bind(child.pid)
        _keep_niceness(child.pid)
        _AWAITED[get_ident()] = child
        try:
            stdout, stderr = child.communicate(timeout=min(timeout, LONGEST_WAIT))
        except subprocess.TimeoutExpired:
            stop([child], grace=0)
            raise TimedOut(f"{Path(argv[0]).name} took longer than {timeout:.0f} s") from None
        except BaseException:
            stop([child], grace=0)
            raise
        finally:
            del _AWAITED[get_ident()]
    return CompletedProcess(child.returncode, stdout or b"", stderr or b"")


def converse(argv: Sequence[str | Path], variables: Mapping[str, str], folder: Path) -> int:
    """Run a program that speaks with the person at the terminal, in its foreground, and return its exit code.

    It belongs to our own session. A Ctrl-C is its business alone. Raises ``OSError``.
    """
    import subprocess

    started = subprocess.Popen(argv, env=variables, cwd=folder)
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        return started.wait()
    finally:
        signal.signal(signal.SIGINT, before)


def end_awaited(thread: int | None) -> None:
    """End what ``run`` waits for in another thread, with everything that it started; its caller gets the exit code."""
    child = _AWAITED.get(thread or 0)
    if child is not None:
        kill_tree(child.pid)


@contextlib.contextmanager
def _tie() -> Iterator[Tie]:
    """For a tool, which doesn't know of it."""
    tie = Tie()
    try:
        yield tie
    finally:
        tie.release()
        tie.close()


def spawn_apart(
    argv: Sequence[str | Path], variables: Mapping[str, str], streams: tuple[int, int, int], tie: Tie | None = None
) -> Child:
    """As ``spawn``, from a program that isn't ours: none of its open files is changed. ``tie`` gets bound.

    Raises ``OSError``.
    """
    import subprocess

    stdin, stdout, stderr = streams
    started = subprocess.Popen(
        argv,
        env=variables,
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        pass_fds=tie.inherited if tie else (),
        start_new_session=True,
        creationflags=NO_WINDOW,
    )
    if tie:
        tie.bind(started.pid)
    _keep_niceness(started.pid)
    return Child(started.pid, started)


def spawn(  # noqa: PLR0913, PLR0917  # the three streams are one thing
    argv: Sequence[str | Path],
    variables: Mapping[str, str],
    stdin: int,
    stdout: int,
    stderr: int,
    keeping: Sequence[int] = (),
) -> Child:
    """Start a process on the given descriptors and leave it to the caller; those in ``keeping`` keep their numbers.

    ``keeping`` may be ``Tie.inherited``; the tie is then bound by the caller. Raises ``OSError``.
    """
    streams = (stdin, stdout, stderr)
    if sys.platform == "linux" and min(streams) > 2 and os.path.isabs(argv[0]):
        pid = _posix_spawn(argv, variables, streams, keeping)
        _keep_niceness(pid)
        return Child(pid)
    import subprocess

    started = subprocess.Popen(
        argv,
        env=variables,
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        pass_fds=keeping,
        start_new_session=True,
        creationflags=NO_WINDOW,
    )
    _keep_niceness(started.pid)
    return Child(started.pid, started)


def _posix_spawn(
    argv: Sequence[str | Path], variables: Mapping[str, str], streams: Sequence[int], keeping: Sequence[int]
) -> int:
    """The pid. Costs a third of what subprocess does, whose import alone takes as long as a small stage's start.

    All that Python opens is closed in the new process; ``_close_in_children`` sees to what we were started with. A
    descriptor that is duplicated to its own number stays open (posix_spawn_file_actions_adddup2(3)).
    """
    _close_in_children()
    kept = [(os.POSIX_SPAWN_DUP2, descriptor, descriptor) for descriptor in keeping]
    standard = [(os.POSIX_SPAWN_DUP2, descriptor, number) for number, descriptor in enumerate(streams)]
    program = os.fspath(argv[0])
    return os.posix_spawn(
        program,
        [os.fspath(word) for word in argv],
        variables,
        file_actions=[*kept, *standard],
        setsid=True,
        setsigdef=_RESTORED,
    )


def _keep_niceness(pid: int) -> None:
    """Let the session that a child leads give way as this thread does.

    Linux may share the processors between sessions first, and then the niceness of a process counts only in its own; a
    new session begins with none (sched(7), autogroups). The kernel refuses more than ten changes a second.
    """
    if sys.platform == "linux" and (niceness := os.getpriority(os.PRIO_PROCESS, 0)) > 0:
        with contextlib.suppress(OSError), open(f"/proc/{pid}/autogroup", "w", encoding="ascii") as file:
            file.write(str(niceness))


_inherited_closed = False


def _close_in_children() -> None:
    """What we were started with (a lock that a script holds, say) is ours alone. Once is enough."""
    global _inherited_closed  # noqa: PLW0603  # about this process, of which there is one
    if not _inherited_closed:
        _inherited_closed = True
        for name in os.listdir("/proc/self/fd"):
            if int(name) > 2:
                with contextlib.suppress(OSError):  # that of the list itself
                    os.set_inheritable(int(name), False)


def leave_parent() -> None:
    """Go on as a process that belongs to nobody, in a session of its own; who started us collects what ends here."""
    if os.fork():
        os._exit(0)
    os.setsid()
