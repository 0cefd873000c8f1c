"""One caller's session: the file is loaded, its functions are told, and calls are answered until the caller closes."""

import _signal
import _socket
import mmap
import os
import sys

from callmemory import OtherMemory, OwnMemory, can_share
from callpacking import Packer, Unsendable, plain
from callprotocol import CANCELLED, MEMORY, OLDEST, PAGE, VERSION, CallConnection, Disconnected
from callserver import target as targets
from callserver.current import Cancelled, CurrentCall
from callserver.exception_text import described
from callunpacking import UnknownValue, Unpacker

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Message = dict[str, Any]

RAISE = _signal.SIGURG  # does nothing where nobody waits for it, as before a session has begun


def serve(order: "Any", stream: int, modules: "Any") -> int:
    """Answer the calls that come over the socket ``stream``, and return the session's exit code."""
    connection = CallConnection(_socket.socket(fileno=os.dup(stream)))
    session = _Session(connection)
    before = _signal.signal(RAISE, session.raise_if_asked)
    try:
        return session.run(order, modules)
    except Disconnected:
        return 0  # the caller has let go of the worker
    finally:
        _signal.signal(RAISE, before)
        session.close()


class _Session:
    def __init__(self, connection: CallConnection) -> None:
        self._connection = connection
        self._own = OwnMemory()
        self._others = OtherMemory()
        self._shares_memory = False
        self._page = None  # type: mmap.mmap | None
        self._number = 0  # of the call that is at work
        self._pid = os.getpid()
        self._target = None  # type: Any

    def run(self, order: "Any", modules: "Any") -> int:
        hello = {"versions": [OLDEST, VERSION], "python": sys.version.split()[0], "pid": self._pid}
        self._connection.send({"hello": dict(hello, capabilities=[MEMORY] if can_share() else [])})
        message, parts, descriptors = self._connection.receive()
        self._shares_memory = MEMORY in message.get("capabilities", ())
        if message.get("page"):
            self._page = mmap.mmap(descriptors[0], PAGE)
            os.close(descriptors.pop(0))
        self._others.take(message.get("memory", {}), descriptors)
        if not self._open(order, modules, message, parts):
            return 1
        del message, parts
        while True:
            message, parts, descriptors = self._connection.receive()
            if descriptors or "memory" in message:
                self._others.take(message.get("memory", {}), descriptors)
            if "freed" in message:
                self._own.release(message["freed"])
            if "close" in message:
                return 0
            self._call(message, parts)
            del message, parts

    def close(self) -> None:
        self._connection.close()
        self._own.close()
        self._others.close()

    def raise_if_asked(self, *_: object) -> None:
        """The signal's handler: interrupts the function between two of its steps, or in a wait."""
        if self._page is not None and self._number:
            number, is_to_raise = CANCELLED.unpack_from(self._page)
            if is_to_raise and number == self._number:
                raise Cancelled

    def _open(self, order: "Any", modules: "Any", message: "Message", parts: "Any") -> bool:
        self._number = 0
        try:
            is_reloaded = _forget_if_changed(order, modules)
            sys.path.append(os.path.dirname(order.stage_file))  # last, so that no file beside it hides a library
            module = modules.module(order.stage_file, order.source_digest, order.modules)
            name = message.get("object")
            self._target = targets.of_module(module)
            if name:
                made = self._made(module, name, message, parts)
                self._target = targets.of_object(made)
            _remember_files(order, modules)
        except BaseException as error:
            self._require_same_process()
            _flush()
            self._connection.send({"failed": described(error)})
            return False
        _flush()
        self._connection.send({"ready": {"functions": self._target.described(), "reloaded": is_reloaded}})
        return True

    def _made(self, module: "Any", name: str, message: "Message", parts: "Any") -> "Any":
        kind = getattr(module, name, None)
        if not callable(kind):
            raise AttributeError("the file has no class %r" % name)  # noqa: TRY004  # as for a name that isn't there
        target = targets.Target(module, {name: kind})
        unpacker = Unpacker(parts, self._others.view, target.classes(name))
        positional, named = unpacker.unpack(message.get("args", [])), unpacker.unpack(message.get("kwargs", {}))
        target.give(name, CurrentCall(self._connection.send, lambda: False, message.get("seconds")), positional, named)
        return kind(*positional, **named)

    def _call(self, message: "Message", parts: "Any") -> None:
        answer = {"answer": message.get("call")}  # type: Message
        packer = Packer(self._place, self._own.fill)
        self._number = message.get("call", 0)
        try:
            answer["value"] = self._value(message, parts, packer)
            self._number = 0
        except Cancelled:
            self._number = 0
            answer["cancelled"] = True
        except BaseException as error:
            self._number = 0
            is_callers = isinstance(error, (UnknownValue, Unsendable)) and error.__traceback__ is not None
            answer["error"] = described(error, is_lean=is_callers)
        self._require_same_process()
        _flush()
        if "value" not in answer:
            packer.parts = []
            self._own.release(packer.placed)
        self._answer(answer, packer.parts)

    def _value(self, message: "Message", parts: "Any", packer: Packer) -> "Any":
        name = message["function"]
        function = self._target.function(name)
        positional, named = message.get("args") or [], message.get("kwargs") or {}
        if positional or named:
            unpacker = Unpacker(parts, self._others.view, self._target.classes(name))
            positional, named = unpacker.unpack(positional), unpacker.unpack(named)
        if self._target.wants_call(name):
            current = CurrentCall(self._connection.send, self._is_cancelled, message.get("seconds"))
            self._target.give(name, current, positional, named)
        value = function(*positional, **named)
        if hasattr(value, "__await__"):
            import asyncio

            value = asyncio.run(_awaited(value))
        try:
            return packer.pack(plain(value) if message.get("plain") else value)
        except Unsendable as error:
            raise error.within("what %s() returns" % name) from None

    def _answer(self, answer: "Message", parts: "Any") -> None:
        field, descriptors = self._own.news()
        if field:
            answer["memory"] = field
        freed = self._others.unused()
        if freed:
            answer["freed"] = freed
        try:
            self._connection.send(answer, parts, descriptors)
        finally:
            for descriptor in descriptors:
                os.close(descriptor)

    def _place(self, size: int) -> "Any":
        return self._own.place(size) if self._shares_memory else None

    def _is_cancelled(self) -> bool:
        return self._page is not None and CANCELLED.unpack_from(self._page)[0] == self._number

    def _require_same_process(self) -> None:
        """A function that forks returns twice, and one of the two isn't the worker."""
        if os.getpid() != self._pid:
            os._exit(0)


async def _awaited(value: "Any") -> "Any":
    return await value


def _flush() -> None:
    """So that the log is whole when the answer comes."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError, AttributeError):  # the log's disk is full, or the function closed it
            continue


def _remember_files(order: "Any", modules: "Any") -> None:
    """The files beside the caller's that it has imported: where one of them changes, all is loaded again."""
    folder = os.path.dirname(order.stage_file) + os.sep
    files = [getattr(each, "__file__", None) for each in list(sys.modules.values())]
    known = {path: _digest(path) for path in files if path and path.startswith(folder) and path != order.stage_file}
    modules.memos(order.stage_file, order.source_digest)["call files"] = known


def _forget_if_changed(order: "Any", modules: "Any") -> bool:
    """Whether the file was loaded from another source before."""
    is_known = modules.is_loaded(order.stage_file)
    if not is_known:
        return False
    known = modules.memos(order.stage_file, order.source_digest).get("call files")
    if known is None:
        return True
    if all(_digest(path) == digest for path, digest in known.items()):
        return False
    modules.forget(order.stage_file)
    return True


def _digest(path: str) -> str:
    import hashlib

    try:
        with open(path, "rb") as file:
            return hashlib.sha256(file.read()).hexdigest()
    except OSError:
        return ""
