"""Running one order in this process, as a fresh one would."""

import contextlib
import os
import signal
import sys

from stagekit import sharing

from stageserver.lease import Lease, Order

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType
    from typing import Any

RUN_VARIABLE = "PIPELINE_RUN"


class _Source:
    """One stage file, and the modules that it shares, as they were when their digest was taken.

    Each has its own: what is loaded, and what its stages keep (``stage.memo``).
    """

    def __init__(self, digest: str) -> None:
        self.digest = digest
        self.module = None  # type: Any
        self.shared = {}  # type: dict[str, Any]
        self.kept = {}  # type: dict[Any, Any]


class Loaded:
    """Stage modules, each loaded once per source."""

    def __init__(self, runner: "Any") -> None:
        self._runner = runner
        self._sources = {}  # type: dict[str, _Source]
        self._current = None  # type: _Source | None
        self.variables = {}  # type: dict[str, str]  # that were set while stages were loaded

    def module(self, path: str, digest: str, modules: "list[str]") -> "Any":
        source = self._source(path, digest)
        self._set_aside()
        if source.module is None:
            source.module = self._load(path, modules)
        elif modules:
            sharing.restore(modules, source.shared)
        self._current = source
        sys.modules["stage"] = source.module  # for pickle, which looks a class up by its module's name
        return source.module

    def _load(self, path: str, modules: "list[str]") -> "Any":
        """Libraries set variables when they are imported and read them later; nothing is imported a second time."""
        before = dict(os.environ)
        try:
            return self._runner.load_stage(path, modules)
        finally:
            self.variables.update((name, value) for name, value in os.environ.items() if before.get(name) != value)

    def _set_aside(self) -> None:
        """The shared modules of the stage before, with those that it imported only while it ran."""
        if self._current is not None:
            self._current.shared = sharing.loaded()
            self._current = None
        sharing.withdraw()

    def has_thread(self) -> bool:
        """Whether a stage's own code still runs in a thread. Those of libraries (progress bars, pools) may stay."""
        threading = sys.modules.get("threading")
        if threading is None:
            return False
        frames = sys._current_frames()  # noqa: SLF001  # documented; there is no other way to see what a thread does
        others = [thread for thread in threading.enumerate() if thread is not threading.main_thread()]
        own = {*self._sources, *(str(module.__file__) for module in sharing.loaded().values())}
        return any(self._is_at_work(frames.get(thread.ident), own) for thread in others)

    def _is_at_work(self, frame: "FrameType | None", own: "set[str]") -> bool:
        while frame is not None:
            if frame.f_code.co_filename in own:
                return True
            frame = frame.f_back
        return False

    def kept(self, path: str, digest: str) -> "dict[Any, Any]":
        return self._source(path, digest).kept

    def _source(self, path: str, digest: str) -> _Source:
        known = self._sources.get(path)
        if known is None or known.digest != digest:
            known = self._sources[path] = _Source(digest)
        return known


def perform(order: Order, lease: Lease, loaded: Loaded, runner: "Any") -> int:
    """The exit code that a fresh process would end with; negative where a signal would end it."""
    try:
        os.chdir(order.cwd)
        if order.token:
            os.environ[RUN_VARIABLE] = order.token
        runner.redirect(order.log)
        _reseed()
        if not runner.is_right_environment(order.prefix, lease.reports):
            return int(runner.EXIT_WRONG_ENVIRONMENT)
        kept = loaded.kept(order.stage_file, order.digest)
        stage = sys.modules["stagekit"].Stage(order.invocation, lease.reports, kept)
        code = int(runner.attempt(stage, lambda: loaded.module(order.stage_file, order.digest, order.modules)))
    except SystemExit as end:
        code = _exit_code(end.code)
    except KeyboardInterrupt:
        sys.excepthook(*sys.exc_info())
        code = -signal.SIGINT
    except BaseException:
        sys.excepthook(*sys.exc_info())
        code = 1
    _finish_threads()
    flush()
    return code


def _exit_code(given: object) -> int:
    """As the interpreter makes it of what ``sys.exit`` was given."""
    if given is None:
        return 0
    if isinstance(given, int):
        return given & 0xFF
    print(given, file=sys.stderr)
    return 1


def _reseed() -> None:
    """A fresh process draws other numbers than the one before it, so this one does, too."""
    random = sys.modules.get("random")
    if random is not None:
        random.seed()
    numbers = sys.modules.get("numpy.random")
    if numbers is not None:
        numbers.seed()


def _finish_threads() -> None:
    """An interpreter waits for the threads that aren't daemons before it ends."""
    threading = sys.modules.get("threading")
    if threading is not None:
        for thread in threading.enumerate():
            if not thread.daemon and thread is not threading.main_thread():
                thread.join()


def flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError, AttributeError):  # the log's disk is full, or the stage closed it
            stream.flush()


def end_interpreter(code: int) -> None:
    """End this process with what an interpreter does at its end, except to take all modules apart, which takes long."""
    import atexit

    _finish_threads()
    atexit._run_exitfuncs()  # noqa: SLF001  # as multiprocessing does in its own forks
    flush()
    os._exit(code)
