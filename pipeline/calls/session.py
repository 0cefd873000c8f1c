"""A session: a file of functions, or an object of it, in a worker, and the calls to it, one at a time."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self

from pipeline.calls.call_exchange import ASK, KILL, RAISE, CallExchange
from pipeline.calls.call_lock import CallLock
from pipeline.calls.errors import RemoteError, SessionClosed, WorkerLost
from pipeline.calls.logs import SessionLog
from pipeline.calls.options import CallOptions
from pipeline.calls.remote_function import RemoteFunction
from pipeline.calls.session_start import begun
from pipeline.calls.signatures import FunctionFacts, KnownFunction
from pipeline.calls.source import CallSource
from pipeline.calls.ticket import CallTicket
from pipeline.calls.worker import CallWorker
from pipeline.errors import UsageError, did_you_mean

if TYPE_CHECKING:
    from concurrent.futures import Executor

LEVELS = (ASK, RAISE, KILL)


class CallSession:
    """The functions of a file in another environment. They are attributes; what hides one is reached by ``call``.

    It is a context manager. ``start`` is called by the first call where nobody has called it before.
    """

    def __init__(self, source: CallSource, options: CallOptions, start_seconds: float) -> None:
        self._source = source
        self._options = options
        self._start_seconds = start_seconds
        self._exchange: CallExchange | None = None
        self._starting: CallWorker | None = None  # that loads the file
        self._log: SessionLog | None = None
        self._functions: dict[str, KnownFunction] = {}
        self._threads: Executor | None = None  # for calls that an event loop waits for
        self._turn = CallLock()
        self._is_closed = False
        self.is_reloaded = False  # whether the file had changed since the worker loaded it

    def start(self, timeout: float | None = None) -> Self:
        """Begin, and wait until the file is loaded and, where that is asked for, the object made.

        Raises ``NotReady`` where the environment isn't there, ``RemoteError`` where loading raises, ``CallTimedOut``
        after ``timeout`` seconds, ``WorkerLost``.
        """
        with self._turn.taken():
            if self._exchange is None:
                self._begin(timeout)
        return self

    def restart(self, timeout: float | None = None) -> Self:
        """Begin once more, after the worker was lost or the session was closed. What it had in memory is gone."""
        with self._turn.taken():
            self._finish()
            self._is_closed = False
            self._begin(timeout)
        return self

    def close(self) -> None:
        """Let go of the worker, which others can use from now on."""
        with self._turn.taken():
            self._finish()
            self._is_closed = True
            if self._threads is not None:
                self._threads.shutdown(wait=False)
                self._threads = None

    def call(self, name: str, /, *positional: Any, **named: Any) -> Any:
        """Call a function by its name."""
        return self.function(name)(*positional, **named)

    def function(self, name: str) -> RemoteFunction:
        """Raises ``AttributeError`` where the file has none of this name."""
        if name not in self._functions:
            self._require_function(name)
        # A new one each time: one that is kept here would keep the session, and with it the environment's lease.
        return RemoteFunction(self, self._functions[name], self._options)

    def perform(
        self,
        name: str,
        positional: Sequence[Any],
        named: Mapping[str, Any],
        options: CallOptions,
        ticket: CallTicket | None = None,
    ) -> Any:
        """Carry out one call. See ``RemoteFunction``."""
        deadline = self._turn.take(options.timeout)
        try:
            if ticket is not None:
                ticket.begin(self)
            return self._required().perform(name, positional, named, options, deadline)
        except WorkerLost as error:
            is_repaired = self._is_repaired(error)
            if not options.is_idempotent:
                if is_repaired:
                    error.add_note("Its environment was damaged, and has been repaired: call restart()")
                raise
            return self._begin(None).perform(name, positional, named, options, deadline)
        finally:
            if ticket is not None:
                ticket.end()
            self._turn.end()

    def cancel(self, level: str = ASK) -> bool:
        """Give up the call that is at work, from another thread. Whether there was one.

        ``ask``: the function sees it by ``call.is_cancelled`` and ``call.progress``. ``raise``: it is interrupted
        between two of its steps, too. ``kill``: the worker is ended, and what it had in memory is lost.
        """
        if level not in LEVELS:
            raise UsageError(f"no level '{level}'{did_you_mean(level, list(LEVELS))}")
        return self._exchange is not None and self._exchange.cancel(level)

    def give_up(self) -> None:
        """Cancel the call that is at work, in the ways that the options allow; in the end its worker is killed."""
        if not self._give_up_start() and self._exchange is not None:
            self._exchange.give_up(self._options)

    @property
    def threads(self) -> "Executor":
        """One thread, in which calls wait for an event loop: more than one couldn't be at work."""
        if self._threads is None:
            from concurrent.futures import ThreadPoolExecutor

            self._threads = ThreadPoolExecutor(1, "pipeline-call")
        return self._threads

    @property
    def log(self) -> str:
        """The last lines that the worker has printed."""
        return self._log.last_lines() if self._log else ""

    @property
    def pid(self) -> int | None:
        """Of the worker, once there is one."""
        return self._worker.hello["pid"] if self._worker else None

    @property
    def is_warm(self) -> bool:
        """Whether the worker was there before the session."""
        return self._worker is not None and self._worker.is_warm

    def __getattr__(self, name: str) -> RemoteFunction:
        if name.startswith("_"):
            raise AttributeError(f"no attribute '{name}'")
        return self.function(name)

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self._functions})

    def __enter__(self) -> Self:
        return self.start(self._start_seconds)

    def __exit__(self, *_: object) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        from pipeline.calls.asynchronous import awaited, beside

        try:
            return await awaited(self.threads, self.__enter__, self._give_up_start)
        except BaseException:
            await beside(self.close)
            raise

    async def __aexit__(self, *_: object) -> None:
        from pipeline.calls.asynchronous import beside

        await beside(self.close)

    def __repr__(self) -> str:
        state = (
            "closed" if self._is_closed else "lost" if self._is_lost else f"pid {self.pid}" if self.pid else "not begun"
        )
        return f"<{self._source.shown} in environment {self._source.environment}, {state}>"

    def _require_function(self, name: str) -> None:
        if not self._functions and not self._is_closed:
            self.start(self._start_seconds)
        if name not in self._functions:
            raise AttributeError(
                f"{self._source.shown} has no function '{name}'{did_you_mean(name, list(self._functions))}"
            )

    @property
    def _worker(self) -> CallWorker | None:
        return self._exchange.worker if self._exchange is not None and not self._exchange.lost else None

    @property
    def _is_lost(self) -> bool:
        return self._exchange is not None and self._exchange.lost is not None

    def _begin(self, timeout: float | None) -> CallExchange:
        seconds = self._start_seconds if timeout is None else timeout
        self._log = SessionLog(self._source.project, self._source.environment)
        try:
            worker, ready = begun(self._source, self._log, self._options.progress, seconds, self._starts)
        except (RemoteError, WorkerLost) as error:
            if not self._is_repaired(error):
                raise
            worker, ready = begun(self._source, self._log, self._options.progress, seconds, self._starts)
        finally:
            self._starting = None
        self._exchange = CallExchange(self._source, worker, self._log)
        self.is_reloaded = ready["reloaded"]
        self._functions = {each["name"]: KnownFunction(FunctionFacts(**each)) for each in ready["functions"]}
        return self._exchange

    def _starts(self, worker: CallWorker) -> None:
        self._starting = worker

    def _give_up_start(self) -> bool:
        """From another thread. Whether there was one to give up: its worker is killed."""
        worker = self._starting
        if worker is not None:
            worker.shut()
        return worker is not None

    def _is_repaired(self, error: RemoteError | WorkerLost) -> bool:
        """Whether the environment was damaged, and is whole now."""
        from pipeline.calls.damage import is_repaired

        tell = self._options.progress
        return is_repaired(self._source, error, (lambda _: None) if tell is None else lambda text: tell(None, text))

    def _finish(self) -> None:
        if self._exchange is not None:
            self._exchange.close()
        self._exchange = None

    def _required(self) -> CallExchange:
        """With a worker that can be called. Raises ``SessionClosed``, and what ``start`` raises."""
        exchange = self._exchange
        if self._is_closed:
            raise SessionClosed("the session is closed; open another one, or call restart()")
        if exchange is None:
            exchange = self._begin(None)
        if exchange.lost:
            raise SessionClosed(f"{exchange.lost}; call restart() for a new worker, which has nothing of it in memory")
        if not exchange.worker.is_ours:
            raise SessionClosed("the session is of the process that this one was forked from; open another one here")
        return exchange
