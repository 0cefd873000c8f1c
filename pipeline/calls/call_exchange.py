"""What a session says to its worker: one call at a time, which is answered, or ended, or lost with the worker."""

import contextlib
import time
import weakref
from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.calls.errors import CallCancelled, CallError, CallTimedOut, RemoteError
from pipeline.calls.logs import SessionLog
from pipeline.calls.options import CallOptions
from pipeline.calls.source import CallSource
from pipeline.calls.worker import CallWorker, Message
from pipeline.calls.worker_loss import worker_lost
from pipeline.sdk.callpacking import Packer
from pipeline.sdk.callprotocol import Disconnected, TimeIsOver
from pipeline.sdk.callunpacking import Unpacker

ASK, RAISE, KILL = "ask", "raise", "kill"
LOOK_SECONDS = 0.01  # between two looks at whether a call has ended


class CallExchange:
    """Has the worker until it is closed, the worker is lost, or nobody has this any more."""

    def __init__(self, source: CallSource, worker: CallWorker, log: SessionLog) -> None:
        self.worker = worker
        self.lost: str | None = None  # why the worker is gone, with what it had in memory
        self._source = source
        self._log = log
        self._count = 0
        self._at_work = 0  # the number of the call that is
        self._wish: str | None = None  # the level of a cancellation
        self._end = weakref.finalize(self, _let_go, worker, log)

    def close(self) -> None:
        """Let go of the worker."""
        self._end()

    def perform(
        self,
        name: str,
        positional: Sequence[Any],
        named: Mapping[str, Any],
        options: CallOptions,
        deadline: float | None,
    ) -> Any:
        """Carry out one call. Raises what ``RemoteFunction`` raises."""
        message: Message = {"call": self._count + 1, "function": name}
        parts = self._pack(message, positional, named) if positional or named else []
        if options.timeout is not None:
            message["seconds"] = options.timeout
        if options.plain:
            message["plain"] = True
        self._count += 1
        self._at_work, self._wish = self._count, None
        try:
            self.worker.send(message, parts, deadline)
            del message, parts
            return self._answered(name, options, deadline)
        except Disconnected:
            raise self._loss(name) from None
        except TimeIsOver:
            raise self._late(name, options) from None
        except CallError:
            raise
        except BaseException:  # Ctrl-C, or what a progress function raised
            if not self._stops(options):
                self._lose("a call was given up, and its worker was killed")
            raise
        finally:
            self._at_work = 0

    def cancel(self, level: str) -> bool:
        """From another thread. Whether there was a call at work."""
        number = self._at_work
        if self.lost or not number:
            return False
        self._wish = level
        if level == KILL:
            self.worker.shut()
        else:
            self.worker.ask_to_stop(number, raises=level == RAISE)
        return True

    def give_up(self, options: CallOptions) -> None:
        """As ``cancel``, in the ways that the options allow; in the end the worker is killed."""
        number = self._at_work
        if not self.cancel(RAISE if options.interrupts else ASK):
            return
        end = time.monotonic() + options.grace
        while self._at_work == number and time.monotonic() < end:
            time.sleep(LOOK_SECONDS)
        if self._at_work == number:
            self.cancel(KILL)

    def _pack(self, message: Message, positional: Sequence[Any], named: Mapping[str, Any]) -> list[Any]:
        """Into the message; what they need beside it. Raises ``Unsendable``, ``OSError``."""
        packer = Packer(self.worker.place, self.worker.own.fill)
        try:
            message["args"], message["kwargs"] = packer.pack(list(positional)), packer.pack(dict(named))
        except BaseException:
            self.worker.own.release(packer.placed)
            raise
        return packer.parts

    def _answered(self, name: str, options: CallOptions, deadline: float | None) -> Any:
        """Raises ``TimeIsOver``, ``Disconnected``, ``RemoteError``, ``CallCancelled``."""
        while True:
            message, parts = self.worker.receive(deadline)
            if "progress" in message:
                if options.progress is not None:
                    options.progress(message["progress"]["fraction"], message["progress"]["note"])
                continue
            if message.get("answer") != self._at_work:
                continue
            if "error" in message:
                raise RemoteError(f"{name}()", message["error"], self._log.last_lines())
            if "cancelled" in message:
                raise CallCancelled(f"{name}() was cancelled", is_state_lost=False)
            return Unpacker(parts, self.worker.others.view, self._source.classes).unpack(message["value"])

    def _late(self, name: str, options: CallOptions) -> CallError:
        told = f"{name}() took longer than {options.timeout:g} s"
        if self._stops(options):
            return CallTimedOut(f"{told}, and was ended", is_state_lost=False)
        self._lose(f"{told}, and its worker was killed")
        return CallTimedOut(f"{told}; its worker was killed, and what that had in memory is lost", is_state_lost=True)

    def _stops(self, options: CallOptions) -> bool:
        """Ask the call to end, and interrupt it where that is allowed. Whether its answer has come by then."""
        for raises in (False, True) if options.interrupts else (False,):
            self.worker.ask_to_stop(self._at_work, raises)
            with contextlib.suppress(TimeIsOver, Disconnected):
                deadline = time.monotonic() + options.grace
                while True:
                    message, parts = self.worker.receive(deadline)
                    if message.get("answer") == self._at_work:
                        # So that its memory is free.
                        Unpacker(parts, self.worker.others.view).unpack(message.get("value"))
                        return True
        return False

    def _lose(self, why: str) -> None:
        self.worker.kill()
        self._detach(why)

    def _detach(self, why: str) -> None:
        self.lost = why
        self._end.detach()

    def _loss(self, name: str) -> CallError:
        answer = self.worker.lost()
        if self._wish == KILL:
            self._detach(f"{name}() was cancelled, and its worker was killed")
            return CallCancelled(f"{name}() was cancelled; what its worker had in memory is lost", is_state_lost=True)
        error = worker_lost(self._source, f"{name}()", answer, self.worker, self._log.last_lines())
        self._detach(error.message)
        return error


def _let_go(worker: CallWorker, log: SessionLog) -> None:
    if worker.is_ours:
        worker.close()
        log.close()
