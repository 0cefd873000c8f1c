"""What a stage may change in its process, and how it is put back before the next one."""

import _locale
import _signal
import os
import sys
import time

from stageserver.interpreter_limits import InterpreterLimits
from stageserver.suppress import suppress
from stageserver.system_limits import SystemLimits

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import IO, Any

CHANGED_BY_STAGES = [
    getattr(_signal, name)
    for name in ("SIGTERM", "SIGINT", "SIGHUP", "SIGALRM", "SIGCHLD", "SIGPIPE", "SIGUSR1", "SIGUSR2")
    if hasattr(_signal, name)
]
HOOKS = ("excepthook", "displayhook", "unraisablehook", "breakpointhook", "dont_write_bytecode")


class ProcessState:
    """The process as it was before the first stage.

    What is imported from the environment stays (``EnvironmentModules``), and with it the variables that were set for
    that.
    """

    def __init__(self) -> None:
        self._variables = dict(os.environb)  # as bytes, since to decode them takes longer than all else here
        self._streams = sys.stdin, sys.stdout, sys.stderr
        self._path = list(sys.path)
        self._arguments = list(sys.argv)
        self._mask = os.umask(0o077)
        os.umask(self._mask)
        self._handlers = {number: _signal.getsignal(number) for number in CHANGED_BY_STAGES}
        self._hooks = {name: getattr(sys, name) for name in HOOKS}
        self._limits = InterpreterLimits()
        self._system = SystemLimits()
        self._locale = _locale.setlocale(_locale.LC_ALL, None)

    def restore(self, imported: "dict[str, str]") -> None:
        self._restore_variables(imported)
        self._restore_streams()
        sys.path[:] = self._path
        sys.argv[:] = self._arguments
        for name, hook in self._hooks.items():
            setattr(sys, name, hook)
        self._limits.restore()
        self._system.restore()
        if _locale.setlocale(_locale.LC_ALL, None) != self._locale:
            _locale.setlocale(_locale.LC_ALL, self._locale)
        _restore_libraries()
        os.umask(self._mask)
        os.chdir("/")
        _signal.setitimer(_signal.ITIMER_REAL, 0)
        for number, handler in self._handlers.items():
            if _signal.getsignal(number) is not handler and handler is not None:
                with suppress(OSError, ValueError):
                    _signal.signal(number, handler)

    def _restore_variables(self, imported: "dict[str, str]") -> None:
        wanted = self._variables
        if imported:
            wanted = {**wanted, **{os.fsencode(name): os.fsencode(value) for name, value in imported.items()}}
        if dict(os.environb) != wanted:
            zone = os.environ.get("TZ")
            os.environb.clear()
            os.environb.update(wanted)
            if zone != os.environ.get("TZ"):
                time.tzset()

    def _restore_streams(self) -> None:
        if any(stream.closed for stream in self._streams):  # by the stage, which the next one must not notice
            self._streams = _stream(0, "r"), _stream(1, "w"), _stream(2, "w")
        sys.stdin, sys.stdout, sys.stderr = self._streams


def _restore_libraries() -> None:
    """What the standard library keeps for a whole process and stages set, where it is loaded."""
    if "decimal" in sys.modules:
        decimal = sys.modules["decimal"]
        decimal.setcontext(decimal.DefaultContext.copy())
    if "socket" in sys.modules:
        sys.modules["socket"].setdefaulttimeout(None)
    if "tempfile" in sys.modules:
        setattr(sys.modules["tempfile"], "tempdir", None)  # noqa: B010  # found out again, from the variables
    if "multiprocessing" in sys.modules:
        sys.modules["multiprocessing"].set_start_method(None, force=True)
    if sys.gettrace() is not None:
        sys.settrace(None)
    if sys.getprofile() is not None:
        sys.setprofile(None)


def _stream(descriptor: int, mode: str) -> "IO[Any]":
    return open(descriptor, mode, buffering=1, errors="backslashreplace", closefd=False)
