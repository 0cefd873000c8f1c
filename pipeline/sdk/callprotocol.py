"""What a program and a worker that it calls say to each other: frames on a stream.

A frame is a head of 16 bytes (the length of its JSON as 4 bytes, how many descriptors come with it as 4, the length
of its binary parts as 8, little-endian), the JSON, and the parts one after another; ``parts`` in the JSON has the
length of each. docs/reference/call-protocol.md describes it for programs in other languages.

The caller imports it as ``pipeline.sdk.callprotocol``; the runner loads it by its path, as ``callprotocol``.

Standard library only, Python 3.8 and later.
"""

import _socket
import math
import os
import select
import struct
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple, Union

    Message = Dict[str, Any]

VERSION = 1  # of this protocol
OLDEST = 1  # that is understood, too
MEMORY = "memory"  # the capability to map memory files that come as descriptors
HEAD = struct.Struct("<IIQ")
HEAD_SIZE = HEAD.size
LONGEST_JSON = 1 << 30  # bytes
MOST_DESCRIPTORS = 250  # with one frame; Linux takes 253 (unix(7), SCM_RIGHTS)
DESCRIPTOR_SIZE = struct.calcsize("i")
ROOM_FOR_DESCRIPTORS = _socket.CMSG_SPACE(MOST_DESCRIPTORS * DESCRIPTOR_SIZE)
CLOSE_ON_EXEC = getattr(_socket, "MSG_CMSG_CLOEXEC", 0)
AT_ONCE = CLOSE_ON_EXEC | _socket.MSG_DONTWAIT
CHUNK = 1 << 16
LONGEST_WAIT = 1_000_000.0  # seconds; a system counts them in milliseconds, of which it takes 2**31
LOOKS = 40  # for a message before a side sleeps; each takes a microsecond or two
MOST_SKIPPED = 256  # messages that aren't looked for, since others had not come so soon

# The page of memory by which a caller asks for an end while the worker can't read: the number of the call, and
# whether to raise in it.
CANCELLED = struct.Struct("<QB")
PAGE = 4096


EXAMPLE = {"text": 'ä"', "list": [1, 0.5, None, True]}  # type: Dict[str, Any]
EXAMPLE_TEXT = '{"text":"\\u00e4\\"","list":[1,0.5,null,true]}'


class ScannerOptions:
    """What ``json`` tells Python's own code for it: it takes all that ``json.loads`` takes."""

    strict = True
    object_hook = None
    object_pairs_hook = None
    parse_float = float
    parse_int = int
    parse_constant = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}.__getitem__


def json_functions() -> "Tuple[Callable[[Any], str], Callable[[str, int], Tuple[Any, int]]]":
    """One that makes a text, and one that reads it from a place on: a value, and where it ends.

    Both are Python's own code for ``json``, and not that module: to import it takes as long as to import all else of a
    worker, and for each text it builds an encoder, which takes longer than a short message. Where that code isn't as it
    is known here, it is ``json`` after all.
    """
    try:
        from _json import encode_basestring_ascii, make_encoder, make_scanner

        encode = make_encoder(None, _refuse, encode_basestring_ascii, None, ":", ",", False, False, False)
        scan = make_scanner(ScannerOptions)  # type: ignore[arg-type]  # it asks for these names alone
        if "".join(encode(EXAMPLE, 0)) == EXAMPLE_TEXT and scan(EXAMPLE_TEXT, 0) == (EXAMPLE, len(EXAMPLE_TEXT)):
            return lambda message: "".join(encode(message, 0)), scan
    except (ImportError, AttributeError, TypeError, ValueError):  # it isn't there, or wants other arguments
        pass
    import json

    decoder = json.JSONDecoder()  # type: Any
    return json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode, decoder.scan_once


def _refuse(value: "Any") -> "Any":
    raise TypeError("a %s is no JSON" % type(value).__name__)


_encode, _scan = json_functions()


class Disconnected(Exception):
    """The other side has gone, or doesn't speak this protocol."""


class TimeIsOver(Exception):
    """Nothing has come in time. What has come in part is kept."""


class AdaptiveSpin:
    """How often a side looks for what comes next before it sleeps.

    To be woken on another core takes longer than a short call does. Where looking was in vain, as in longer calls or
    with one core, it is left out for a while: for twice as many messages each time.
    """

    def __init__(self) -> None:
        self._skipped = 0
        self._to_skip = 1

    def looks(self) -> int:
        if not self._skipped:
            return LOOKS
        self._skipped -= 1
        return 0

    def succeeded(self) -> None:
        self._to_skip = 1

    def failed(self) -> None:
        self._skipped = self._to_skip
        self._to_skip = min(2 * self._to_skip, MOST_SKIPPED)


class CallConnection:
    """Frames over a connected unix socket. One thread at a time sends, and one receives."""

    def __init__(self, stream: _socket.socket) -> None:
        self._stream = stream
        self._buffer = bytearray()
        self._room = memoryview(bytearray(CHUNK))
        self._spin = AdaptiveSpin()
        self._descriptors = []  # type: List[int]

    def fileno(self) -> int:
        return self._stream.fileno()

    def send(
        self,
        message: "Message",
        parts: "Sequence[Any]" = (),
        descriptors: "Sequence[int]" = (),
        deadline: "Optional[float]" = None,
    ) -> None:
        """Raises ``Disconnected``, and ``TimeIsOver`` after ``deadline`` (``time.monotonic``).

        ``parts``: bytes, or views of them. The other side gets copies of the descriptors.
        """
        data = encode_frame(message, parts, len(descriptors))
        room = [_rights(descriptors)] if descriptors else []
        try:
            sent = self._send_some(data, room, deadline)
            while sent < len(data):
                sent += self._send_some(memoryview(data)[sent:], [], deadline)
        except OSError as error:
            raise Disconnected(str(error)) from error

    def receive(self, deadline: "Optional[float]" = None) -> "Tuple[Message, List[memoryview], List[int]]":
        """The next message, its parts and its descriptors, which are the caller's to close.

        Raises ``Disconnected``, and ``TimeIsOver``.
        """
        buffer = self._buffer
        while len(buffer) < HEAD_SIZE:
            self._read(deadline)
        length, count, binary = HEAD.unpack_from(buffer)
        if length > LONGEST_JSON or count > MOST_DESCRIPTORS:
            raise Disconnected("what came is no frame of this protocol")
        middle = HEAD_SIZE + length
        end = middle + binary
        while len(buffer) < end:
            self._read(deadline)
        self._buffer = buffer[end:]
        descriptors = []  # type: List[int]
        if count:
            descriptors, self._descriptors = self._descriptors[:count], self._descriptors[count:]
        message = decode_message(buffer[HEAD_SIZE:middle])
        parts = _parts(message, memoryview(buffer)[middle:end]) if "parts" in message else []
        return message, parts, descriptors

    def shut(self) -> None:
        """Both sides see the end now, also one that waits in another thread."""
        try:  # noqa: SIM105  # a worker has no other need of contextlib
            self._stream.shutdown(_socket.SHUT_RDWR)
        except OSError:
            pass

    def close(self) -> None:
        self._stream.close()
        for descriptor in self._descriptors:
            os.close(descriptor)
        self._descriptors = []

    def _send_some(self, data: "Union[bytes, memoryview]", room: "List[Any]", deadline: "Optional[float]") -> int:
        while True:
            try:
                if not room:
                    return self._stream.send(data, 0 if deadline is None else _socket.MSG_DONTWAIT)
                return self._stream.sendmsg([data], room, 0 if deadline is None else _socket.MSG_DONTWAIT)
            except BlockingIOError:
                assert deadline is not None
                _wait(self._stream.fileno(), select.POLLOUT, deadline)

    def _read(self, deadline: "Optional[float]") -> None:
        try:
            count, ancillary, _, _ = self._soon() or self._later(deadline)
        except OSError as error:
            raise Disconnected(str(error)) from error
        for level, kind, content in ancillary:
            if (level, kind) == (_socket.SOL_SOCKET, _socket.SCM_RIGHTS):
                self._descriptors += struct.unpack_from("%di" % (len(content) // DESCRIPTOR_SIZE), content)
        if not count:
            raise Disconnected("the other side has gone")
        self._buffer += self._room[:count]

    def _soon(self) -> "Optional[Tuple[int, List[Any], int, Any]]":
        """What ``recvmsg_into`` gives, where something comes while it is looked for."""
        looks = self._spin.looks()
        for _ in range(looks):
            try:
                received = self._stream.recvmsg_into([self._room], ROOM_FOR_DESCRIPTORS, AT_ONCE)
            except BlockingIOError:
                continue
            self._spin.succeeded()
            return received
        if looks:
            self._spin.failed()
        return None

    def _later(self, deadline: "Optional[float]") -> "Tuple[int, List[Any], int, Any]":
        if deadline is not None:
            _wait(self._stream.fileno(), select.POLLIN, deadline)
        return self._stream.recvmsg_into([self._room], ROOM_FOR_DESCRIPTORS, CLOSE_ON_EXEC)


def _rights(descriptors: "Sequence[int]") -> "Tuple[int, int, bytes]":
    """By which the other side gets copies of them (unix(7))."""
    return _socket.SOL_SOCKET, _socket.SCM_RIGHTS, struct.pack("%di" % len(descriptors), *descriptors)


def encode_frame(message: "Message", parts: "Sequence[Any]" = (), descriptors: int = 0) -> bytes:
    """A frame as it is sent. Raises ``ValueError`` for a message that is longer than the protocol takes."""
    sizes = [memoryview(part).nbytes for part in parts] if parts else ()
    if sizes:
        message = dict(message, parts=sizes)
    text = _encode(message).encode("ascii")
    if len(text) > LONGEST_JSON:
        raise ValueError("a message has %d MiB without its binary parts, of which 1024 are taken" % (len(text) >> 20))
    head = HEAD.pack(len(text), descriptors, sum(sizes))
    return b"".join([head, text, *parts]) if parts else head + text


def decode_message(data: "Union[bytes, bytearray]") -> "Message":
    """Raises ``Disconnected`` for what is no message of this protocol."""
    try:
        text = data.decode("utf-8")
        message = _scanned(text)
    except (ValueError, RecursionError) as error:
        raise Disconnected("what came is no message: %s" % error) from error
    if not isinstance(message, dict):
        raise Disconnected("what came is no message")
    return message


def _scanned(text: str) -> "Any":
    """Raises ``ValueError``."""
    try:
        value, end = _scan(text, 0)
        if end == len(text):
            return value
    except (StopIteration, ValueError, SystemError):  # the last where it can't find ``json`` to raise its error
        pass
    import json

    return json.loads(text)  # which takes space around it, and tells what is wrong


def _parts(message: "Message", binary: memoryview) -> "List[memoryview]":
    parts, position = [], 0
    for size in message.pop("parts", ()):
        parts.append(binary[position : position + size])
        position += size
    return parts


def _wait(descriptor: int, event: int, deadline: float) -> None:
    poller = select.poll()
    poller.register(descriptor, event)
    left = min(deadline - time.monotonic(), LONGEST_WAIT)
    if not poller.poll(max(0.0, left) * 1000 + (1 if left > 0 else 0)):
        raise TimeIsOver
