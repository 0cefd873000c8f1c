"""A session: a file of functions, or an object of it, in a worker, and the calls to it, one at a time."""

import contextlib
import time
import weakref
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self

from pipeline.calls.errors import CallCancelled, CallError, CallTimedOut, RemoteError, SessionClosed, WorkerLost
from pipeline.calls.logs import SessionLog
from pipeline.calls.loss import worker_lost
from pipeline.calls.opening import begun
from pipeline.calls.options import CallOptions
from pipeline.calls.remote_function import RemoteFunction
from pipeline.calls.signatures import FunctionFacts, KnownFunction
from pipeline.calls.source import CallSource
from pipeline.calls.ticket import CallTicket
from pipeline.calls.turn import Turn
from pipeline.calls.worker import CallWorker, Message
from pipeline.errors import UsageError, did_you_mean
from pipeline.sdk.callpacking import Packer
from pipeline.sdk.callprotocol import Disconnected, TimeIsOver
from pipeline.sdk.callunpacking import Unpacker

if TYPE_CHECKING:
    from concurrent.futures import Executor

ASK, RAISE, KILL = "ask", "raise", "kill"
LOOK_SECONDS = 0.01  # between two looks at whether a call has ended
LEVELS = (ASK, RAISE, KILL)


class CallSession:
    """The functions of a file in another environment. They are attributes; what hides one is reached by ``call``.

    It is a context manager. ``start`` is called by the first call where nobody has called it before.
    """

    def __init__(self, source: CallSource, options: CallOptions, start_seconds: float) -> None:
        self._source = source
        self._options = options
        self._start_seconds = start_seconds
        self._worker: CallWorker | None = None
        self._starting: CallWorker | None = None  # that loads the file
        self._log: SessionLog | None = None
        self._functions: dict[str, KnownFunction] = {}
        self._threads: Executor | None = None  # for calls that an event loop waits for
        self._turn = Turn()
        self._count = 0
        self._at_work = 0  # the number of the call that is
        self._wish: str | None = None  # the level of a cancellation
        self._lost: str | None = None
        self._is_closed = False
        self.is_reloaded = False  # whether the file had changed since the worker loaded it
        self._end: Any = None

    def start(self, timeout: float | None = None) -> Self:
        """Begin, and wait until the file is loaded and, where that is asked for, the object made.

        Raises ``NotReady`` where the environment isn't there, ``RemoteError`` where loading raises, ``CallTimedOut``
        after ``timeout`` seconds, ``WorkerLost``.
        """
        with self._turn.taken():
            if self._worker is None:
                self._begin(timeout)
        return self

    def restart(self, timeout: float | None = None) -> Self:
        """Begin once more, after the worker was lost or the session was closed. What it had in memory is gone."""
        with self._turn.taken():
            self._finish()
            self._is_closed, self._lost = False, None
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
            return self._performed(name, positional, named, options, deadline)
        except WorkerLost as error:
            is_repaired = self._is_repaired(error)
            if not options.is_idempotent:
                if is_repaired:
                    error.add_note("Its environment was damaged, and has been repaired: call restart()")
                raise
            self._lost = None
            self._begin(None)
            return self._performed(name, positional, named, options, deadline)
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
        worker, number = self._worker, self._at_work
        if worker is None or not number:
            return False
        self._wish = level
        if level == KILL:
            worker.shut()
        else:
            worker.ask_to_stop(number, raises=level == RAISE)
        return True

    def give_up(self) -> None:
        """Cancel the call that is at work, in the ways that the options allow; in the end its worker is killed."""
        if self._give_up_start():
            return
        worker, number = self._worker, self._at_work
        if worker is None or not number:
            return
        end = time.monotonic() + self._options.grace
        self.cancel(RAISE if self._options.interrupts else ASK)
        while self._at_work == number and time.monotonic() < end:
            time.sleep(LOOK_SECONDS)
        if self._at_work == number:
            self.cancel(KILL)

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
            "closed" if self._is_closed else "lost" if self._lost else f"pid {self.pid}" if self.pid else "not begun"
        )
        return f"<{self._source.shown} in environment {self._source.environment}, {state}>"

    def _require_function(self, name: str) -> None:
        if not self._functions and not self._is_closed:
            self.start(self._start_seconds)
        if name not in self._functions:
            raise AttributeError(
                f"{self._source.shown} has no function '{name}'{did_you_mean(name, list(self._functions))}"
            )

    def _begin(self, timeout: float | None) -> None:
        seconds = self._start_seconds if timeout is None else timeout
        self._log = SessionLog(self._source.project, self._source.environment)
        try:
            self._worker, ready = begun(self._source, self._log, self._options.progress, seconds, self._starts)
        except (RemoteError, WorkerLost) as error:
            if not self._is_repaired(error):
                raise
            self._worker, ready = begun(self._source, self._log, self._options.progress, seconds, self._starts)
        finally:
            self._starting = None
        self._end = weakref.finalize(self, _let_go, self._worker, self._log)
        self.is_reloaded = ready["reloaded"]
        self._functions = {each["name"]: KnownFunction(FunctionFacts(**each)) for each in ready["functions"]}

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
        if self._end is not None:
            self._end()
        self._worker, self._end = None, None

    def _require_worker(self) -> CallWorker:
        if self._is_closed:
            raise SessionClosed("the session is closed; open another one, or call restart()")
        if self._lost:
            raise SessionClosed(f"{self._lost}; call restart() for a new worker, which has nothing of it in memory")
        if self._worker is None:
            self._begin(None)
        assert self._worker is not None
        if not self._worker.is_ours:
            raise SessionClosed("the session is of the process that this one was forked from; open another one here")
        return self._worker

    def _performed(
        self,
        name: str,
        positional: Sequence[Any],
        named: Mapping[str, Any],
        options: CallOptions,
        deadline: float | None,
    ) -> Any:
        worker = self._require_worker()
        message: Message = {"call": self._count + 1, "function": name}
        parts = _pack_arguments(worker, message, positional, named) if positional or named else []
        if options.timeout is not None:
            message["seconds"] = options.timeout
        if options.plain:
            message["plain"] = True
        self._count += 1
        self._at_work, self._wish = self._count, None
        try:
            worker.send(message, parts, deadline)
            del message, parts
            return self._answered(worker, name, options, deadline)
        except Disconnected:
            raise self._loss(worker, name) from None
        except TimeIsOver:
            raise self._late(worker, name, options) from None
        except CallError:
            raise
        except BaseException:  # Ctrl-C, or what a progress function raised
            self._give_up(worker, options)
            raise
        finally:
            self._at_work = 0

    def _answered(self, worker: CallWorker, name: str, options: CallOptions, deadline: float | None) -> Any:
        """Raises ``TimeIsOver``, ``Disconnected``, ``RemoteError``, ``CallCancelled``."""
        while True:
            message, parts = worker.receive(deadline)
            if "progress" in message:
                if options.progress is not None:
                    options.progress(message["progress"]["fraction"], message["progress"]["note"])
                continue
            if message.get("answer") != self._at_work:
                continue
            if "error" in message:
                raise RemoteError(f"{name}()", message["error"], self.log)
            if "cancelled" in message:
                raise CallCancelled(f"{name}() was cancelled", is_state_lost=False)
            return Unpacker(parts, worker.others.view, self._source.classes).unpack(message["value"])

    def _late(self, worker: CallWorker, name: str, options: CallOptions) -> CallError:
        told = f"{name}() took longer than {options.timeout:g} s"
        if self._stops(worker, options):
            return CallTimedOut(f"{told}, and was ended", is_state_lost=False)
        self._lose(f"{told}, and its worker was killed")
        return CallTimedOut(f"{told}; its worker was killed, and what that had in memory is lost", is_state_lost=True)

    def _give_up(self, worker: CallWorker, options: CallOptions) -> None:
        if not self._stops(worker, options):
            self._lose("a call was given up, and its worker was killed")

    def _stops(self, worker: CallWorker, options: CallOptions) -> bool:
        """Ask the call to end, and interrupt it where that is allowed. Whether its answer has come by then."""
        for raises in (False, True) if options.interrupts else (False,):
            worker.ask_to_stop(self._at_work, raises)
            with contextlib.suppress(TimeIsOver, Disconnected):
                deadline = time.monotonic() + options.grace
                while True:
                    message, parts = worker.receive(deadline)
                    if message.get("answer") == self._at_work:
                        Unpacker(parts, worker.others.view).unpack(message.get("value"))  # so that its memory is free
                        return True
        return False

    def _lose(self, why: str) -> None:
        if self._worker is not None:
            self._worker.kill()
        self._detach(why)

    def _detach(self, why: str) -> None:
        self._lost, self._worker = why, None
        if self._end is not None:
            self._end.detach()
            self._end = None

    def _loss(self, worker: CallWorker, name: str) -> CallError:
        answer = worker.lost()
        if self._wish == KILL:
            self._detach(f"{name}() was cancelled, and its worker was killed")
            return CallCancelled(f"{name}() was cancelled; what its worker had in memory is lost", is_state_lost=True)
        error = worker_lost(self._source, f"{name}()", answer, worker, self.log)
        self._detach(error.message)
        return error


def _pack_arguments(
    worker: CallWorker, message: Message, positional: Sequence[Any], named: Mapping[str, Any]
) -> list[Any]:
    """Into the message; what they need beside it. Raises ``Unsendable``, ``OSError``."""
    packer = Packer(worker.place)
    try:
        message["args"], message["kwargs"] = packer.pack(list(positional)), packer.pack(dict(named))
    except BaseException:
        worker.own.release(packer.placed)
        raise
    return packer.parts


def _let_go(worker: CallWorker, log: SessionLog) -> None:
    if worker.is_ours:
        worker.close()
        log.close()
