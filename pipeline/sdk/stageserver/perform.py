"""Running one order in this process, as a fresh one would."""

import contextlib
import os
import signal
import sys

from stagekit import Stage
from stageprotocol import EXIT_WRONG_ENVIRONMENT, RUN_VARIABLE
from stageserver.stage_modules import StageModules

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def perform(order: "Any", reports: int, modules: StageModules, runner: "Any") -> int:
    """The exit code that a fresh process would end with; negative where a signal would end it."""
    try:
        os.chdir(order.folder)
        if order.token:
            os.environ[RUN_VARIABLE] = order.token
        runner.show_sources(order.stage_file, order.modules)
        runner.redirect(order.log)
        _reseed()
        if not runner.is_right_environment(order.prefix, reports):
            return EXIT_WRONG_ENVIRONMENT  # type: ignore[no-any-return]
        source = order.stage_file, order.source_digest
        stage = Stage(order.invocation, reports, modules.memos(*source))
        code = int(runner.attempt(stage, lambda: modules.module(*source, order.modules)))
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


def _exit_code(argument: object) -> int:
    """As the interpreter makes it of the argument of ``sys.exit``."""
    if argument is None:
        return 0
    if isinstance(argument, int):
        return argument & 0xFF
    print(argument, file=sys.stderr)
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
