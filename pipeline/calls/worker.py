"""One worker while it serves this process: the lease on it, the socket to it, and how it ends."""

import _socket  # Python's own code for ``socket``, which makes enumerations of all its constants
import contextlib
import os
import select
import signal
import time
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pipeline.executors.base import Invocation
from pipeline.executors.worker_lease import LeasePipes, WorkerLease
from pipeline.executors.worker_pool import WorkerPool
from pipeline.run.failures import oom
from pipeline.sdk.callmemory import OtherMemory, OwnMemory, mapping, nameless_file
from pipeline.sdk.callprotocol import (
    CANCELLED,
    MEMORY,
    OLDEST,
    PAGE,
    VERSION,
    CallConnection,
    Disconnected,
    TimeIsOver,
)
from pipeline.sdk.server_protocol import Answer

if TYPE_CHECKING:
    from pipeline.host.gpu_leases import FileLease

LAST_WORDS = 5.0  # seconds for a killed worker's tree to be gone
Message = dict[str, Any]
CLOSING = 5.0  # seconds for a worker to end a session
_LIVE: "weakref.WeakSet[CallWorker]" = weakref.WeakSet()


class CallPipes(LeasePipes):
    """Orders go over a socket, so that what is said after them can go both ways."""

    @staticmethod
    def order_channel() -> tuple[int, int]:
        theirs, ours = _socket.socketpair()
        return theirs.detach(), ours.detach()


class CallWorker:
    """Begins a session in a worker that is free, or a new one.

    Raises ``Disconnected`` where a new one ends before it answers, ``TimeIsOver``, ``Unavailable`` and ``OSError``.
    """

    def __init__(
        self, pool: WorkerPool, invocation: Invocation, deadline: float, cards: "FileLease | None" = None
    ) -> None:
        """``cards``: GPUs, which are let go of with the worker."""
        self._cards = cards
        self.own = OwnMemory()
        self.others = OtherMemory()
        self.exit: Answer | None = None  # how it has ended, where its keeper has told
        self.is_ours = True  # and not of the process that this one was forked from
        self._page: Any = None
        self._page_file = -1
        try:
            self._lease, self._connection, self.hello = _begun(pool, invocation, deadline, self._prepare)
        except BaseException:
            self._release_cards()
            self._let_go_of_page()
            raise
        pool.release(older_than=0)  # collects the process that has started it
        self.is_warm = not self._lease.fresh
        self._process = _process(self.hello["pid"])
        _LIVE.add(self)

    def _prepare(self) -> None:
        """While the worker gets its order: what takes time, and needs nothing of it."""
        if self._page_file < 0:
            self.oom_kills = oom.read()
            self._page_file = nameless_file(PAGE)
            self._page = mapping(self._page_file, PAGE)

    def _let_go_of_page(self) -> None:
        """The worker has its file, or never gets it."""
        if self._page_file >= 0:
            os.close(self._page_file)
            self._page_file = -1

    def place(self, size: int) -> tuple[int, memoryview] | None:
        """Room in shared memory, where the worker can see it. Raises ``OSError``."""
        return self.own.place(size) if MEMORY in self.hello["capabilities"] else None

    def open(self, message: Message, parts: list[Any], deadline: float) -> None:
        """Send the session's first message. Raises ``Disconnected``, ``TimeIsOver``."""
        try:
            opening = {"version": VERSION, "capabilities": [MEMORY], "page": True, **message}
            self.send(opening, parts, deadline, (self._page_file,))
        finally:
            self._let_go_of_page()

    def send(
        self, message: Message, parts: list[Any], deadline: float | None = None, before: tuple[int, ...] = ()
    ) -> None:
        """With the news of both sides' memory. Raises ``Disconnected``, ``TimeIsOver``."""
        field, descriptors = self.own.news()
        if field:
            message["memory"] = field
        if freed := self.others.unused():
            message["freed"] = freed
        try:
            self._connection.send(message, parts, (*before, *descriptors), deadline)
        finally:
            for descriptor in descriptors:
                os.close(descriptor)

    def receive(self, deadline: float | None = None) -> tuple[Message, list[memoryview]]:
        """Raises ``Disconnected``, ``TimeIsOver``."""
        message, parts, descriptors = self._connection.receive(deadline)
        if descriptors or "memory" in message:
            self.others.take(message.get("memory", {}), descriptors)
        if "freed" in message:
            self.own.release(message["freed"])
        return message, parts

    def ask_to_stop(self, number: int, raises: bool) -> None:
        """Let the call of this number know that it is to end; ``raises``: interrupt it, too."""
        CANCELLED.pack_into(self._page, 0, number, raises)
        if raises:
            _signal(self._process, self.hello["pid"])

    def shut(self) -> None:
        """Its keeper ends it; who waits for an answer in another thread gets ``Disconnected``."""
        self._connection.shut()

    def kill(self) -> None:
        """Its keeper ends it with all that it started."""
        self._connection.shut()
        self._connection.close()
        self._lease.give_up()
        self._wait_for_end(LAST_WORDS)
        self._release()

    def close(self) -> bool:
        """End the session. Whether the worker can serve another one; one that takes too long is killed."""
        try:
            deadline = time.monotonic() + CLOSING
            self.send({"close": True}, [], deadline)
            self._wait_for_exit(deadline)
        except (Disconnected, TimeIsOver):
            self.kill()
            return False
        self._connection.close()
        is_free = self.exit is not None and self.exit.word == Answer.EXIT and not self.exit.reason
        self._lease.give_up()
        self._wait_for_end(LAST_WORDS)
        self._release()
        return is_free

    def lost(self) -> Answer | None:
        """After ``Disconnected``: how it has ended; ``None`` where its keeper was killed, too."""
        self._connection.shut()
        self._wait_for_end(LAST_WORDS)
        answer = self.exit
        self._connection.close()
        self._release()
        return answer

    def abandon(self) -> None:
        """In a forked child: let go of what is the parent's."""
        if self.is_ours:
            self.is_ours = False
            if self._cards is not None:
                os.close(self._cards.descriptor)  # the lease's file stays, and its lock, which the parent has
                self._cards = None
            self._connection.close()
            self._release()

    def _release(self) -> None:
        _LIVE.discard(self)
        self._release_cards()
        self._let_go_of_page()
        self.own.close()
        self.others.close()
        self._lease.close()
        if self._process is not None:
            os.close(self._process)
            self._process = None

    def _release_cards(self) -> None:
        if self._cards is not None:
            self._cards.release()
            self._cards = None

    def _wait_for_exit(self, deadline: float) -> None:
        """Raises ``TimeIsOver``."""
        while self.exit is None and not self._lease.channel.at_end:
            if not _is_readable(self._lease.channel.descriptor, deadline):
                raise TimeIsOver
            self._take_answers()

    def _wait_for_end(self, seconds: float) -> None:
        """Until the keeper has let go of the lease, so that the worker can be had again, or is gone."""
        deadline = time.monotonic() + seconds
        while not self._lease.channel.at_end and _is_readable(self._lease.channel.descriptor, deadline):
            self._take_answers()

    def _take_answers(self) -> None:
        for line in self._lease.channel.lines():
            answer = Answer.decode(line)
            if answer is not None and answer.word != Answer.OWNER:
                self.exit = self.exit or answer


def _begun(
    pool: WorkerPool, invocation: Invocation, deadline: float, prepare: Callable[[], None]
) -> tuple[WorkerLease, CallConnection, dict[str, Any]]:
    """A lease on a worker that has said hello. ``prepare`` is called while it gets its order, for each try."""
    kind = pool.kind_of(invocation)
    for fresh in (False, True):
        lease = pool.lease(kind, fresh)
        try:
            with contextlib.suppress(BrokenPipeError):
                lease.order(invocation)
            prepare()
            return lease, *_greeted(lease, deadline)
        except Disconnected:
            answer = _last_answer(lease)
            if lease.fresh:
                raise Disconnected(answer.reason if answer else "it ended before it answered") from None
        except BaseException:
            lease.close()
            raise
    raise AssertionError("a fresh worker either answers or not")


def _last_answer(lease: WorkerLease) -> Answer | None:
    """How a worker has ended that never said hello; the lease is over."""
    deadline, answers = time.monotonic() + LAST_WORDS, list[Answer | None]()
    while not lease.channel.at_end and _is_readable(lease.channel.descriptor, deadline):
        answers += [Answer.decode(line) for line in lease.channel.lines()]
    lease.close()
    return next((each for each in answers if each and each.word != Answer.OWNER), None)


def _greeted(lease: WorkerLease, deadline: float) -> tuple[CallConnection, dict[str, Any]]:
    connection = CallConnection(_socket.socket(fileno=os.dup(lease.orders)))
    try:
        return connection, _hello(connection, deadline)
    except BaseException:
        connection.close()
        raise


def _hello(connection: CallConnection, deadline: float) -> dict[str, Any]:
    message, _, _ = connection.receive(deadline)
    hello = message.get("hello")
    if not isinstance(hello, dict):
        raise Disconnected("it didn't say hello")
    oldest, newest = hello["versions"]
    if oldest > VERSION or newest < OLDEST:
        raise Disconnected(f"it speaks the versions {oldest} to {newest} of the protocol, and {VERSION} is spoken here")
    return hello


def _process(pid: int) -> int | None:
    """A descriptor that means this process, and not a later one of its number; ``None`` where there are none."""
    try:
        return os.pidfd_open(pid)
    except (AttributeError, OSError):
        return None


def _signal(process: int | None, pid: int) -> None:
    with contextlib.suppress(OSError):
        if process is not None:
            signal.pidfd_send_signal(process, signal.SIGURG)
        elif not hasattr(os, "pidfd_open"):
            os.kill(pid, signal.SIGURG)


def _is_readable(descriptor: int, deadline: float) -> bool:
    poller = select.poll()
    poller.register(descriptor, select.POLLIN)
    return bool(poller.poll(max(0.0, deadline - time.monotonic()) * 1000))


def _forget_the_parent_s() -> None:
    for worker in list(_LIVE):
        worker.abandon()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_the_parent_s)
