"""The protocol of calls on a program's standard streams, for programs in other languages."""

import contextlib
import threading
import time
from collections.abc import Callable
from typing import IO

from pipeline.calls.logs import SessionLog
from pipeline.calls.session_start import worker_for
from pipeline.calls.source import CallSource
from pipeline.calls.worker import CallWorker, Message
from pipeline.calls.worker_loss import worker_lost
from pipeline.errors import UsageError
from pipeline.sdk.callprotocol import HEAD, LONGEST_JSON, Disconnected, TimeIsOver, decode_message, encode_frame

RAISE, KILL = "raise", "kill"


def relay(source: CallSource, log: SessionLog, seconds: float, reading: IO[bytes], writing: IO[bytes]) -> None:
    """Pass frames on between the streams and a worker until one side closes. Raises what ``worker_for`` raises."""
    worker = worker_for(source, log, time.monotonic() + seconds)
    lock = threading.Lock()

    def tell(message: Message, parts: list[memoryview]) -> None:
        with lock, contextlib.suppress(OSError):  # who asked has gone
            writing.write(encode_frame(message, parts))
            writing.flush()

    try:
        tell({"hello": {**worker.hello, "capabilities": []}}, [])
        opening = read_frame(reading)
        if opening is None:
            return
        message, parts = opening
        message.pop("page", None)
        worker.open({**message, "capabilities": [], "object": source.object}, parts, time.monotonic() + seconds)
        answers = threading.Thread(target=_pass_answers, args=(source, log, worker, tell), daemon=True)
        answers.start()
        _pass_calls(worker, reading)
    except (Disconnected, TimeIsOver):
        return  # the other thread tells why
    finally:
        if worker.is_ours and worker.exit is None:
            worker.close()


def read_frame(stream: IO[bytes]) -> tuple[Message, list[memoryview]] | None:
    """The next message and its parts; ``None`` at the end. Raises ``UsageError`` for what is no frame."""
    head = stream.read(HEAD.size)
    if len(head) < HEAD.size:
        return None
    length, _, binary = HEAD.unpack(head)
    if length > LONGEST_JSON:
        raise UsageError("the standard input has no frame of the protocol of calls")
    text, data = stream.read(length), memoryview(stream.read(binary))
    if len(text) < length or len(data) < binary:
        return None
    try:
        message = decode_message(text)
    except Disconnected as error:
        raise UsageError(str(error)) from None
    parts = []
    for size in message.pop("parts", ()):
        parts.append(data[:size])
        data = data[size:]
    return message, parts


def _pass_calls(worker: CallWorker, reading: IO[bytes]) -> None:
    while (frame := read_frame(reading)) is not None:
        message, parts = frame
        if "close" in message:
            return
        if "cancel" not in message:
            worker.send(message, parts)
        elif message.get("level") == KILL:
            worker.shut()
        else:
            worker.ask_to_stop(int(message["cancel"]), message.get("level") == RAISE)


def _pass_answers(
    source: CallSource, log: SessionLog, worker: CallWorker, tell: Callable[[Message, list[memoryview]], None]
) -> None:
    try:
        while True:
            tell(*worker.receive())
    except Disconnected:
        if worker.exit is None:
            error = worker_lost(source, source.shown, worker.lost(), worker, log.last_lines())
            tell({"lost": {"message": error.message, "failure": error.failure}}, [])
