"""Running one order in this process, as a fresh one would."""

import _signal
import os
import sys
import time

from stagekit import Stage
from stageprotocol import CALLS, EXIT_WRONG_ENVIRONMENT, RUN_VARIABLE
from stageserver.client import Client
from stageserver.stage_modules import StageModules
from stageserver.suppress import suppress

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

POOL_SECONDS = 0.2  # in which the threads of a pool that nobody holds any more end


def perform(order: "Any", client: Client, modules: StageModules, runner: "Any") -> "tuple[int, bool, float | None]":
    """The exit code that a fresh process would end with; negative where a signal would end it.

    And whether libraries were told that the interpreter ends, so that it must not run another stage; and when the
    stage's function was called (``time.monotonic``), ``None`` where it wasn't.
    """
    moments = []  # type: list[float]
    try:
        os.chdir(order.folder)
        if order.token:
            os.environ[RUN_VARIABLE] = order.token
        runner.show_sources(order.stage_file, order.modules)
        runner.redirect(order.log)
        _reseed()
        if not runner.is_right_environment(order.prefix, client.reports):
            return EXIT_WRONG_ENVIRONMENT, False, None
        if order.invocation == CALLS:
            code = _serve_calls(order, client, modules, runner)
        else:
            source = order.stage_file, order.source_digest
            stage = Stage(order.invocation, client.reports, modules.memos(*source))
            code = int(
                runner.attempt(
                    stage, lambda: modules.module(*source, order.modules), lambda: moments.append(time.monotonic())
                )
            )
    except SystemExit as end:
        code = _exit_code(end.code)
    except KeyboardInterrupt:
        sys.excepthook(*sys.exc_info())
        code = -_signal.SIGINT
    except BaseException:
        sys.excepthook(*sys.exc_info())
        code = 1
    is_over = _finish_threads()
    flush()
    return code, is_over, moments[0] if moments else None


def _serve_calls(order: "Any", client: Client, modules: StageModules, runner: "Any") -> int:
    for name in ("callprotocol", "callmemory", "callpacking", "callunpacking"):
        runner.import_beside(name, name + ".py")
    return int(runner.import_beside("callserver").serve(order, client.orders, modules))


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


def _finish_threads() -> bool:
    """Wait for the threads that aren't daemons, as an interpreter does before it ends.

    Those of a pool end only when its library is told that the interpreter ends. Whether that was necessary.
    """
    threading = sys.modules.get("threading")
    if threading is None or not _unfinished(threading):
        return False
    hooks = getattr(threading, "_threading_atexits", [])  # since Python 3.9
    patience = time.monotonic() + POOL_SECONDS if hooks else None
    for thread in _unfinished(threading):
        thread.join(max(0.0, patience - time.monotonic()) if patience else None)
    left = _unfinished(threading)
    if not left:
        return False
    while hooks:  # a hook is called once
        _call_hook(hooks.pop())
    for thread in left:
        thread.join()
    return True


def _unfinished(threading: "Any") -> "list[Any]":
    main = threading.main_thread()
    return [thread for thread in threading.enumerate() if not thread.daemon and thread is not main]


def _call_hook(hook: "Any") -> None:
    try:
        hook()
    except Exception:
        sys.excepthook(*sys.exc_info())


def flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError):  # the log's disk is full, or the stage closed it
            stream.flush()


def end_interpreter(code: int) -> None:
    """End this process with what an interpreter does at its end, except to take all modules apart, which takes long."""
    import atexit

    _finish_threads()
    atexit._run_exitfuncs()  # noqa: SLF001  # as multiprocessing does in its own forks
    flush()
    os._exit(code)
